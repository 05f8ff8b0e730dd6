"""The API in process, on a copy of the page's ledger: what is said there is not heard by other tests."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from fastapi import FastAPI
from starlette.testclient import TestClient

from guard.core.access import DoorSettings, Role
from guard.ports.door import ApiToken, DoorBook
from guard.web import secret
from guard.web.app import create_app
from guard.web.house import House
from guard.wiring import open_existing_ledger
from guard.wiring.desk import desk_of
from tests.web.place import Place


@dataclass
class Api:
    """The application and its tokens."""

    app: FastAPI
    book: DoorBook
    ledger: Path

    def execute(self, statement: str) -> None:
        """Tamper with the ledger."""
        with closing(sqlite3.connect(self.ledger)) as connection, connection:
            connection.execute(statement)

    @property
    def url(self) -> str:
        return str(self.app.state.addresses.url)

    def token(self, name: str, role: Role, owns: frozenset[str] = frozenset()) -> str:
        value = secret.fresh()
        now = datetime.now(UTC)
        self.book.add_token(
            ApiToken(
                name=name,
                digest=secret.digest(value),
                role=role,
                owns=owns,
                made_by="test",
                made_at=now,
                expires_at=None,
            )
        )
        return value

    def client(self, name: str = "ops", role: Role = Role.OPERATOR, owns: frozenset[str] = frozenset()) -> TestClient:
        """A machine with a token of this role."""
        headers = {"authorization": f"Bearer {self.token(name, role, owns)}"}
        return TestClient(self.app, base_url=self.url, headers=headers, follow_redirects=False)


@contextmanager
def an_api(place: Place, folder: Path) -> Iterator[Api]:
    """The API on a copy of a place's ledger."""
    ledger = folder / "ledger.db"
    shutil.copy(place.harness.config, folder / "guard.yaml")
    source = place.harness.environment["TUNEGUARD_LEDGER"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(source)) as here, closing(sqlite3.connect(ledger)) as there:
        here.backup(there)
    environment = {**place.harness.environment, "TUNEGUARD_LEDGER": f"sqlite:///{ledger}"}
    desk = desk_of(folder / "guard.yaml", environment, writes=True)
    book = open_existing_ledger(folder / "guard.yaml", environment)
    settings = DoorSettings()
    house = House(
        desk=lambda: desk, book=book, now=lambda: datetime.now(UTC), settings=settings, monotonic=time.monotonic
    )
    try:
        yield Api(create_app(house), book, ledger)
    finally:
        desk.close()
        book.close()
