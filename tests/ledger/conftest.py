"""One suite on both engines: `url` is a fresh, empty place on each of them, `ledger` an open ledger ready to act."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from guard.ledger import SqlLedger, open_ledger
from guard.ledger.engine import Database
from guard.ledger.place import parse
from guard.ledger.schema import upgrade
from tests.ledger.build import WORLD, adopt
from tests.postgres import PostgresServer, postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: these tests are about transactions, and waiting for the disk is most of their time."""
    memory = Path("/dev/shm")
    if not memory.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory, prefix="tg-ledger-") as name:
        yield Path(name)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, folder: Path) -> str:
    """The URL of an empty place, once for each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{folder}/ledger.db"
    found: str = request.getfixturevalue("postgres_url")
    return found


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema and no rows; copying it is ten times faster than migrating."""
    file = tmp_path_factory.mktemp("ledger") / "migrated.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def migrated_database(postgres_server: PostgresServer) -> Iterator[str]:
    """The same on PostgreSQL."""
    url = postgres_server.new_database()
    migrate(url)
    yield url
    postgres_server.drop(url)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def fresh(request: pytest.FixtureRequest, folder: Path) -> Iterator[SqlLedger]:
    """A new ledger on each engine, as nobody has adopted it."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), folder / "fresh.db")
        url = f"sqlite:///{folder}/fresh.db"
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.new_database(like=request.getfixturevalue("migrated_database"))
    ledger = open_ledger(url, world=WORLD, durable_hint=True)
    yield ledger
    ledger.close()
    if request.param == "postgresql":
        server.drop(url)


@pytest.fixture
def ledger(fresh: SqlLedger) -> SqlLedger:
    """An adopted ledger with a claim on the project and a configuration in force."""
    adopt(fresh)
    return fresh


def migrate(url: str) -> None:
    """Make the schema and leave it without rows."""
    place = parse(url)
    database = Database(place)
    with database.schema_change() as connection:
        upgrade(connection, place)
    database.checkpoint()
    database.close()
