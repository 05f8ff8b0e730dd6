"""Bring a ledger's schema to this version, or say why it cannot be used. Alembic is loaded only when there is work to do."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from guard.ledger import tables
from guard.ledger.engine import Database, machine_ms
from guard.ledger.place import Place
from guard.ports.errors import LedgerUnusable

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0008"
"""The schema's version that this code works with (a test compares it with the migrations)."""

NO_EVENT = "0" * 64
"""What the hash chain starts from."""


def prepare(database: Database, *, world: str, create: bool) -> None:
    """Make or upgrade the schema and its first rows, in one transaction; does nothing where all is well.

    Raises LedgerUnusable for a newer version, a database of something else, another world, or none with `create` False.
    """
    with database.read() as connection:
        found = version(connection)
        if found == HEAD and _check_world(connection, database.place, world):
            return
    if found is None and not create:
        raise no_ledger(database.place)
    with database.schema_change() as connection:
        upgrade(connection, database.place)
        if not _check_world(connection, database.place, world):
            _first_rows(connection, world)


def upgrade(connection: Connection, place: Place) -> str | None:
    """Run the migrations that are missing, within the caller's transaction; returns the version found before."""
    found = version(connection)
    if found == HEAD:
        return found
    names = set(inspect(connection).get_table_names())
    if found is None and place.is_sqlite and names:
        raise LedgerUnusable(
            f"The ledger {place.shown} is a database of something else (it has a table {min(names)}).",
            hint="Name another file (ledger: in guard.yaml). Nothing was changed.",
        )
    from alembic import command

    config = alembic_config()
    if found is not None:
        _refuse_newer(found, place)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return found


def alembic_config() -> Config:
    """Return Alembic's settings for the migrations that are shipped with the package."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def require_current(connection: Connection, place: Place) -> None:
    """Raise LedgerUnusable unless the schema is exactly this version's."""
    found = version(connection)
    if found is None:
        raise no_ledger(place)
    if found != HEAD:
        _refuse_newer(found, place)
        raise LedgerUnusable(
            f"The ledger {place.shown} has schema {found}, this version of Tuneguard works with {HEAD}.",
            hint="Run `tuneguard db upgrade`.",
        )


def _refuse_newer(found: str, place: Place) -> None:
    from alembic.script import ScriptDirectory

    if found not in {script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()}:
        raise LedgerUnusable(
            f"The ledger {place.shown} is from a newer version of Tuneguard (schema {found}, this one knows up to {HEAD}).",
            hint="Update Tuneguard. Nothing was changed.",
        )


def version(connection: Connection) -> str | None:
    """Return the schema's version, None where there is no ledger."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _check_world(connection: Connection, place: Place, world: str) -> bool:
    """Return True if the first rows are there; raises LedgerUnusable if they are another world's."""
    there = connection.execute(tables.ledger.select()).first()
    if there is not None and there.world != world:
        raise LedgerUnusable(
            f"The ledger {place.shown} belongs to the world {there.world}, this run is in {world}.",
            hint="Name another ledger (ledger: in guard.yaml, or TUNEGUARD_LEDGER); a ledger never changes worlds.",
        )
    return there is not None


def _first_rows(connection: Connection, world: str) -> None:
    connection.execute(
        tables.ledger.insert().values(
            one=1,
            ledger_id=f"l-{secrets.token_hex(8)}",
            world=world,
            created_at=datetime.fromtimestamp(machine_ms(connection) / 1000, tz=UTC),
            incarnation=secrets.token_hex(8),
            last_write=0,
            events=0,
            head=NO_EVENT,
        )
    )
    connection.execute(tables.lease.insert().values(one=1, holder="", term=0, expires_ms=0))


def no_ledger(place: Place) -> LedgerUnusable:
    """Return the error for a place without a ledger."""
    return LedgerUnusable(
        f"There is no ledger at {place.shown} yet.",
        hint="`tuneguard run --once` makes it; or name another one (ledger: in guard.yaml, or TUNEGUARD_LEDGER).",
    )
