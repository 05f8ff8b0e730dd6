"""Savings and the prices that decisions used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from guard.core.budget import Crossing
from guard.core.units import Money
from guard.ledger import money_tables
from guard.ledger.codec import digest_of, saving_from, saving_row
from guard.ledger.room import Room
from guard.ports.ledger import Saving


class Accounts(Room):
    """Savings and prices used."""

    def save_savings(self, savings: Sequence[Saving]) -> None:
        if savings:
            with self._database.write() as writing:
                writing.connection.execute(
                    self._upsert(money_tables.savings), [saving_row(saving) for saving in savings]
                )

    def savings(self) -> Sequence[Saving]:
        """See the port: oldest first."""
        query = select(money_tables.savings).order_by(money_tables.savings.c.since, money_tables.savings.c.act_id)
        with self._database.read() as connection:
            return [saving_from(row) for row in connection.execute(query)]

    def save_crossings(self, crossings: Sequence[Crossing]) -> None:
        if crossings:
            with self._database.write() as writing:
                writing.connection.execute(
                    self._upsert(money_tables.budget_crossings),
                    [
                        {
                            "id": one.id,
                            "budget": one.budget,
                            "threshold": one.threshold,
                            "period": one.period,
                            "at": one.at,
                            "value": f"{one.value.amount:f}",
                            "threshold_amount": f"{one.limit.amount:f}",
                            "currency": one.value.currency,
                            "ended_at": one.ended_at,
                        }
                        for one in crossings
                    ],
                )

    def crossings(self, *, open_only: bool = False) -> Sequence[Crossing]:
        """See the port."""
        table = money_tables.budget_crossings
        query = select(table).order_by(table.c.at, table.c.id)
        with self._database.read() as connection:
            rows = connection.execute(query.where(table.c.ended_at.is_(None)) if open_only else query)
            return [
                Crossing(
                    budget=row.budget,
                    threshold=row.threshold,
                    period=row.period,
                    at=row.at,
                    value=Money(Decimal(row.value), row.currency),
                    limit=Money(Decimal(row.threshold_amount), row.currency),
                    ended_at=row.ended_at,
                )
                for row in rows
            ]

    def save_provider_look(self, provider: str, document: Mapping[str, Any]) -> None:
        with self._database.write() as writing:
            row = {"provider": provider, "document": dict(document)}
            writing.connection.execute(self._upsert(money_tables.provider_looks), [row])

    def provider_look(self, provider: str) -> Mapping[str, Any] | None:
        """See the port."""
        table = money_tables.provider_looks
        with self._database.read() as connection:
            found: Mapping[str, Any] | None = connection.execute(
                select(table.c.document).where(table.c.provider == provider)
            ).scalar()
            return found

    def provider_looks(self) -> Sequence[Mapping[str, Any]]:
        table = money_tables.provider_looks
        with self._database.read() as connection:
            return list(connection.execute(select(table.c.document).order_by(table.c.provider)).scalars())

    def save_prices_used(self, rows: Sequence[Mapping[str, str]], now: datetime) -> None:
        if rows:
            used = {digest_of(row): row for row in rows}
            table = money_tables.prices_used
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
        table = money_tables.prices_used
        with self._database.read() as connection:
            return list(
                connection.execute(select(table.c.row).order_by(table.c.first_used_at, table.c.digest)).scalars()
            )
