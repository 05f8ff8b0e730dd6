"""What every part of the repository stands on: the database, and whether it outlives the process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

from guard.ledger.engine import Database

T = TypeVar("T")


class Room:
    """A part of the repository; SqlLedger is made of them."""

    def __init__(self, database: Database, *, durable: bool) -> None:
        self._database = database
        self._durable = durable

    def _insert(self, table: Table) -> Any:
        """Return an INSERT that knows ON CONFLICT, which both engines write alike but SQLAlchemy keeps apart."""
        return sqlite.insert(table) if self._database.place.is_sqlite else postgresql.insert(table)

    def _upsert(self, table: Table, *, keep: Sequence[str] = ()) -> Any:
        """Return an INSERT that replaces the row with the same primary key, but for the columns in `keep`."""
        statement = self._insert(table)
        key = [column.name for column in table.primary_key]
        changed = {
            column.name: statement.excluded[column.name]
            for column in table.columns
            if column.name not in key and column.name not in keep
        }
        return statement.on_conflict_do_update(index_elements=key, set_=changed)


def batches(items: Sequence[T], size: int = 500) -> Iterator[list[T]]:
    """Cut a list into parts that a statement can take as parameters."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part
