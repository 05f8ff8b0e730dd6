"""What `tuneguard db` does: upgrade, check, verify, export. Works on a ledger of any world, by URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import func, select, text

from guard.ledger import chain, columns, schema, tables
from guard.ledger import place as places
from guard.ledger.chain import Verified
from guard.ledger.engine import Database
from guard.ledger.place import Place
from guard.ledger.types import canonical
from guard.ports.errors import LedgerUnusable


@dataclass(frozen=True, slots=True)
class Upgraded:
    """From which schema version to which; the same where there was nothing to do."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A ledger that can be used. `problems` are what the database itself finds wrong (SQLite: integrity_check)."""

    shown: str
    world: str
    schema: str
    durable: bool
    adopted: bool
    last_write: int
    rows: dict[str, int]
    problems: tuple[str, ...]


def upgrade(url: str) -> Upgraded:
    """Bring an existing ledger's schema to this version; raises LedgerUnusable where there is none."""
    with _existing(url) as (database, place), database.schema_change() as connection:
        before = schema.version(connection)
        if before is None:
            raise schema.no_ledger(place)
        schema.upgrade(connection, place)
        return Upgraded(before, schema.HEAD)


def check(url: str) -> Checked:
    """Look whether a ledger can be used by this version; raises what is wrong."""
    with _existing(url) as (database, place), database.read() as connection:
        schema.require_current(connection, place)
        row = connection.execute(select(tables.ledger)).one()
        rows = {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in sorted(columns.metadata.tables.items())
        }
        problems: tuple[str, ...] = ()
        if place.is_sqlite:
            said = [str(line) for line in connection.execute(text("PRAGMA integrity_check")).scalars()]
            broken = connection.execute(text("PRAGMA foreign_key_check")).all()
            problems = tuple(line for line in said if line != "ok") + tuple(f"orphan in {line[0]}" for line in broken)
        return Checked(
            shown=place.shown,
            world=row.world,
            schema=schema.HEAD,
            durable=places.outlives_process(place),
            adopted=rows["adoptions"] > 0,
            last_write=row.last_write,
            rows=rows,
            problems=problems,
        )


def verify(url: str) -> Verified:
    """Recompute the hash chain over act events and compare it with acts and recipes."""
    with _existing(url) as (database, place), database.read() as connection:
        schema.require_current(connection, place)
        return chain.verify(connection)


def export(url: str) -> Iterator[str]:
    """Yield every row as one JSON line, `{"table": ..., "row": {...}}`, tables and rows in a fixed order."""
    with _existing(url) as (database, place), database.read() as connection:
        schema.require_current(connection, place)
        for name, table in sorted(columns.metadata.tables.items()):
            query = select(table).order_by(*table.primary_key.columns)
            for row in connection.execution_options(yield_per=1000).execute(query).mappings():
                yield canonical({"table": name, "row": dict(row)})


@contextmanager
def _existing(url: str) -> Iterator[tuple[Database, Place]]:
    place = places.parse(url)
    if place.in_memory:
        raise LedgerUnusable("A ledger in memory is gone when its process ends.", hint="Name a file or a database.")
    # SQLite takes an empty file for a database and would make it one by being asked.
    if place.file is not None and not (place.file.is_file() and place.file.stat().st_size):
        raise schema.no_ledger(place)
    database = Database(place)
    try:
        yield database, place
    finally:
        database.close()
