"""Savings and the prices that decisions used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select

from guard.ledger import tables
from guard.ledger.codec import digest_of, saving_from, saving_row
from guard.ledger.room import Room
from guard.ports.ledger import Saving


class Accounts(Room):
    """Savings and prices used."""

    def save_savings(self, savings: Sequence[Saving]) -> None:
        if savings:
            with self._database.write() as writing:
                writing.connection.execute(self._upsert(tables.savings), [saving_row(saving) for saving in savings])

    def savings(self) -> Sequence[Saving]:
        """See the port: oldest first."""
        query = select(tables.savings).order_by(tables.savings.c.since, tables.savings.c.act_id)
        with self._database.read() as connection:
            return [saving_from(row) for row in connection.execute(query)]

    def save_prices_used(self, rows: Sequence[Mapping[str, str]], now: datetime) -> None:
        if rows:
            used = {digest_of(row): row for row in rows}
            table = tables.prices_used
            with self._database.write() as writing:
                writing.connection.execute(
                    self._upsert(table, keep=("first_used_at",)),
                    [
                        {"digest": digest, "row": dict(row), "first_used_at": now, "last_used_at": now}
                        for digest, row in used.items()
                    ],
                )

    def prices_used(self) -> Sequence[Mapping[str, str]]:
        """Return every price row that a decision ever used, by first use."""
        table = tables.prices_used
        with self._database.read() as connection:
            return list(
                connection.execute(select(table.c.row).order_by(table.c.first_used_at, table.c.digest)).scalars()
            )
