"""Google's budget notices in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, select

from guard.core.google_budget import GoogleFigure, GoogleNotice, Unreadable
from guard.core.units import Money
from guard.ledger import google_tables as tables
from guard.ledger.room import Room


class GoogleNotices(Room):
    """guard.ports.google_budgets.GoogleNoticeBook."""

    def save_google_notices(
        self, notices: Sequence[GoogleNotice], unreadable: Sequence[Unreadable], now: datetime
    ) -> None:
        """See the port."""
        if not notices and not unreadable:
            return
        table = tables.google_figures
        with self._database.write() as writing:
            connection = writing.connection
            for notice in sorted(notices, key=lambda one: (one.published_at, one.message_id)):
                row = connection.execute(select(table).where(table.c.id == notice.id)).first()
                known = None if row is None else _figure(row)
                connection.execute(self._upsert(table), [_row(_folded(known, notice, now))])
            if unreadable:
                connection.execute(
                    self._upsert(tables.unreadable_messages, keep=("received_at",)),
                    [
                        {
                            "message_id": one.message_id,
                            "published_at": one.published_at,
                            "received_at": now,
                            "why": one.why,
                            "text": one.text,
                        }
                        for one in unreadable
                    ],
                )

    def google_figures(self) -> Sequence[GoogleFigure]:
        """See the port."""
        table = tables.google_figures
        with self._database.read() as connection:
            return [
                _figure(row)
                for row in connection.execute(select(table).order_by(table.c.first_published_at, table.c.id))
            ]

    def unreadable_messages(self) -> Sequence[Unreadable]:
        """See the port."""
        table = tables.unreadable_messages
        with self._database.read() as connection:
            return [
                Unreadable(message_id=row.message_id, published_at=row.published_at, why=row.why, text=row.text)
                for row in connection.execute(select(table).order_by(table.c.received_at, table.c.message_id))
            ]


def _folded(known: GoogleFigure | None, notice: GoogleNotice, now: datetime) -> GoogleFigure:
    """A further message of a fact: counted; its figure counts unless a newer one is there."""
    if known is None:
        return GoogleFigure(notice=notice, first_published_at=notice.published_at, received_at=now)
    newer = notice.published_at > known.notice.published_at
    return GoogleFigure(
        notice=notice if newer else known.notice,
        first_published_at=min(known.first_published_at, notice.published_at),
        received_at=now if newer else known.received_at,
        messages=known.messages + 1,
    )


def _row(figure: GoogleFigure) -> dict[str, Any]:
    notice = figure.notice
    return {
        "id": notice.id,
        "budget_id": notice.budget_id,
        "account": notice.account,
        "name": notice.name,
        "interval_start": notice.interval_start,
        "threshold": None if notice.threshold is None else f"{notice.threshold:f}",
        "forecast_threshold": None if notice.forecast_threshold is None else f"{notice.forecast_threshold:f}",
        "cost": f"{notice.cost.amount:f}",
        "amount": f"{notice.amount.amount:f}",
        "currency": notice.cost.currency,
        "message_id": notice.message_id,
        "first_published_at": figure.first_published_at,
        "published_at": notice.published_at,
        "received_at": figure.received_at,
        "messages": figure.messages,
    }


def _figure(row: Row[Any]) -> GoogleFigure:
    def share(text: str | None) -> Decimal | None:
        return None if text is None else Decimal(text)

    notice = GoogleNotice(
        message_id=row.message_id,
        published_at=row.published_at,
        budget_id=row.budget_id,
        account=row.account,
        name=row.name,
        cost=Money(Decimal(row.cost), row.currency),
        amount=Money(Decimal(row.amount), row.currency),
        interval_start=row.interval_start,
        threshold=share(row.threshold),
        forecast_threshold=share(row.forecast_threshold),
    )
    return GoogleFigure(
        notice=notice,
        first_published_at=row.first_published_at,
        received_at=row.received_at,
        messages=row.messages,
    )
