"""The same command line on another machine: the API of a page, served on a port of this one, in front of a copy of the ledger."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

import uvicorn

from guard.core.access import DoorSettings, Role
from guard.ledger import SqlLedger, open_ledger
from guard.ports.desk import Desk
from guard.ports.door import ApiToken
from guard.web import secret
from guard.web.app import create_app
from guard.web.house import House
from guard.web.serving import listen
from guard.wiring.desk import desk_of
from tests.cli.world import Place


@dataclass
class Api:
    """One server; the desk behind it is that of the test that runs."""

    url: str = ""
    desk: Desk | None = None
    book: SqlLedger = field(default_factory=lambda: open_ledger("sqlite://", world="sandbox:door"))
    numbers: Iterator[int] = field(default_factory=count)

    def current(self) -> Desk:
        assert self.desk is not None
        return self.desk

    def token(self, role: Role = Role.OPERATOR, owns: frozenset[str] = frozenset()) -> tuple[str, str]:
        """A new token's name and value."""
        name, value = f"cli-{next(self.numbers)}", secret.fresh()
        made = ApiToken(
            name=name,
            digest=secret.digest(value),
            role=role,
            owns=owns,
            made_by="test",
            made_at=datetime.now(UTC),
            expires_at=None,
        )
        assert self.book.add_token(made)
        return name, value


@contextmanager
def an_api() -> Iterator[Api]:
    """Serve the page on a free port."""
    api = Api()
    settings = DoorSettings(port=0)
    listener = listen(settings)
    house = House(
        desk=api.current, book=api.book, now=lambda: datetime.now(UTC), settings=settings, monotonic=time.monotonic
    )
    app = create_app(house, port=listener.getsockname()[1])
    api.url = app.state.addresses.url
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield api
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@dataclass(frozen=True)
class Elsewhere(Place):
    """A folder of a machine that holds nothing but an address and a token."""

    api: Api
    name: str
    token: str

    @property
    def environment(self) -> dict[str, str]:
        return {"TUNEGUARD_URL": self.api.url, "TUNEGUARD_TOKEN": self.token}

    def by(self, _name: str) -> tuple[str, ...]:
        """A token speaks for one person: nobody else is named."""
        return ()

    def named(self, _name: str) -> str:
        return f"token {self.name}"


@contextmanager
def elsewhere(place: Place, api: Api) -> Iterator[Elsewhere]:
    """Put a place behind the API."""
    name, token = api.token()
    api.desk = desk_of(place.config, place.environment, writes=True)
    try:
        yield Elsewhere(place.harness, place.folder, api, name, token)
    finally:
        api.desk.close()
        api.desk = None
