"""Transactions on either engine. A write begins by raising `ledger.last_write`, so that writers take turns on both.

SQLite: BEGIN IMMEDIATE (a read that turns into a write fails at once, whatever the busy time-out), WAL, foreign keys on.
A *firm* write is on the disk when it returns (intents, people's words, terms, claims); a soft one survives a killed
process but perhaps not a power cut, which costs one cycle's sightings and a repeated notice. PostgreSQL is always firm.
On SQLite a firm write waits for the disk after it has let the next writer in, and one wait serves all who came before it
(guard/ledger/disk.py).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Engine, ScalarResult, create_engine, event, select, text, update
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from guard.ledger import tables
from guard.ledger.disk import GroupSync
from guard.ledger.faults import translated
from guard.ledger.place import Place
from guard.ports.errors import LedgerUnusable

BUSY_TIMEOUT = timedelta(seconds=10)
"""How long a writer waits for its turn, machine time. Four writing processes never waited over 0.6 s (tried 2026-11-24)."""


@dataclass(slots=True)
class Writing:
    """An open writing transaction, with the ledger's row as it was found. `head` and `events` move with the hash chain."""

    connection: Connection
    ledger_id: str
    last_write: int
    events: int
    head: str
    config_digest: str | None
    chained: bool = field(default=False)


class Database:
    """One database, its connections and its transactions. Safe to share between threads."""

    def __init__(self, place: Place, *, busy_timeout: timedelta = BUSY_TIMEOUT) -> None:
        self.place = place
        self._busy_ms = int(busy_timeout.total_seconds() * 1000)
        with translated(place):
            self.engine = _engine(place, self._busy_ms)
        event.listen(self.engine, "begin", self._begin)
        options: dict[str, Any] = (
            {} if place.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        )
        self._reads = self.engine.execution_options(ledger_begin="read", **options)
        self._writes = self.engine.execution_options(ledger_begin="write")
        self._disk = GroupSync(place.file) if place.file is not None else None
        # Threads of one process queue here: SQLite's own waiting is a poll that grows to 100 ms and is not fair.
        self._turn = threading.RLock() if place.is_sqlite else nullcontext()
        self._read_turn = self._turn if place.in_memory else nullcontext()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that sees one state of the ledger throughout."""
        with self._read_turn, translated(self.place), self._reads.connect() as connection:
            yield connection

    @contextmanager
    def write(self, *, firm: bool = False) -> Iterator[Writing]:
        """Open a writing transaction: all of it or, if anything is raised, nothing."""
        with self._turn, translated(self.place), self._writes.begin() as connection:
            row = connection.execute(_TAKE_TURN).one()
            writing = Writing(connection, row.ledger_id, row.last_write, row.events, row.head, row.config_digest)
            yield writing
            if writing.chained:
                connection.execute(_STORE_HEAD, {"e": writing.events, "h": writing.head})
        if firm:
            self._wait_for_disk()

    @contextmanager
    def schema_change(self) -> Iterator[Connection]:
        """Open a writing transaction before the tables exist; one process at a time."""
        with self._turn, translated(self.place), self._writes.begin() as connection:
            if not self.place.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": SCHEMA_LOCK})
            yield connection
        self._wait_for_disk()

    def _wait_for_disk(self) -> None:
        if self._disk is None:
            return
        try:
            self._disk.wait()
        except OSError as error:
            raise LedgerUnusable(
                f"The ledger {self.place.shown} could not be brought to its disk ({error.strerror}).",
                hint="Look at the disk; what was written may be lost in a power cut, so nothing was done that rests on it.",
            ) from error

    def checkpoint(self) -> None:
        """Give the space of SQLite's write-ahead log back; does nothing elsewhere, or while a reader is in the way."""
        if self.place.file is not None:
            with self._turn, translated(self.place):
                raw = self.engine.raw_connection()
                try:
                    raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
                finally:
                    raw.close()

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _begin(self, connection: Connection) -> None:
        kind = connection.get_execution_options().get("ledger_begin", "read")
        if self.place.is_sqlite:
            if kind == "read":
                connection.exec_driver_sql("BEGIN")
            else:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
        elif kind != "read":
            # A process that hangs in the middle of a transaction would otherwise keep all writers out for good.
            connection.exec_driver_sql(
                f"SET LOCAL lock_timeout = {self._busy_ms}; SET LOCAL idle_in_transaction_session_timeout = {3 * self._busy_ms}"
            )


SCHEMA_LOCK = 0x54554E47
"""Key of PostgreSQL's transaction lock around migrations: "TUNG"."""

_TAKE_TURN = (
    update(tables.ledger)
    .values(last_write=tables.ledger.c.last_write + 1)
    .returning(
        tables.ledger.c.ledger_id,
        tables.ledger.c.last_write,
        tables.ledger.c.events,
        tables.ledger.c.head,
        tables.ledger.c.config_digest,
    )
)
_STORE_HEAD = text("UPDATE ledger SET events = :e, head = :h")


def machine_ms(connection: Connection) -> int:
    """Return the database's clock in milliseconds since 1970: the clock that all who share a ledger agree on."""
    return int(connection.execute(text(MACHINE_MS[connection.dialect.name])).scalar_one())


MACHINE_MS = {
    "sqlite": "SELECT CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)",
    "postgresql": "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
}


def column(connection: Connection, selectable: Any) -> ScalarResult[Any]:
    """Run a SELECT of one column."""
    return connection.execute(select(selectable)).scalars()


def _engine(place: Place, busy_ms: int) -> Engine:
    if not place.is_sqlite:
        try:
            # PgBouncer in transaction mode loses prepared statements; parameters are hidden, since they are people's data.
            return create_engine(
                place.url,
                pool_pre_ping=True,
                hide_parameters=True,
                connect_args={"prepare_threshold": None, "connect_timeout": 10},
            )
        except (ImportError, NoSuchModuleError) as error:
            raise LedgerUnusable(
                "PostgreSQL needs a driver that is not installed.",
                hint="Install it: pip install 'tuneguard[postgres]'.",
            ) from error
    arguments: dict[str, Any] = {"timeout": busy_ms / 1000, "isolation_level": None, "check_same_thread": False}
    if place.in_memory:
        engine = create_engine(place.url, hide_parameters=True, poolclass=StaticPool, connect_args=arguments)
    else:
        engine = create_engine(place.url, hide_parameters=True, connect_args=arguments)
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(raw: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = raw.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    # NORMAL does not wait for the disk at each commit (4 ms, with every other writer waiting too); see Database.write.
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()
