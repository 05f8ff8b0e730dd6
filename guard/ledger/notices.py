"""The outbox: notices go out at least once, each with an id so that doubles fold; what became of each is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update

from guard.core.plan import Notice
from guard.ledger import tables
from guard.ledger.codec import notice_row, outbox_item_from
from guard.ledger.room import Room
from guard.ports.ledger import OutboxItem


class Notices(Room):
    """The outbox and its history."""

    def enqueue(self, notices: Sequence[Notice], now: datetime) -> int:
        if not notices:
            return 0
        table = tables.notices
        statement = self._insert(table).on_conflict_do_nothing(index_elements=["id"])
        count = select(func.count()).select_from(table)
        with self._database.write() as writing:
            before = writing.connection.execute(count).scalar_one()
            writing.connection.execute(statement, [notice_row(notice, now) for notice in notices])
            return int(writing.connection.execute(count).scalar_one() - before)

    def outbox(self, now: datetime, limit: int = 200) -> Sequence[OutboxItem]:
        """See the port: what is to be tried now, oldest first; not what is delivered, given up or void."""
        table = tables.notices
        query = (
            select(table)
            .where(table.c.delivered_at.is_(None), table.c.closed_at.is_(None), table.c.next_at <= now)
            .order_by(table.c.made_at, table.c.id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [outbox_item_from(row) for row in connection.execute(query)]

    def notices(
        self, *, subject: str | None = None, act_id: str | None = None, limit: int = 50
    ) -> Sequence[OutboxItem]:
        """See the port: newest first."""
        table = tables.notices
        query = select(table).order_by(table.c.made_at.desc(), table.c.id).limit(limit)
        if subject is not None:
            query = query.where(table.c.subject == subject)
        if act_id is not None:
            query = query.where(table.c.act_id == act_id)
        with self._database.read() as connection:
            return [outbox_item_from(row) for row in connection.execute(query)]

    def notice_result(
        self,
        notice_id: str,
        now: datetime,
        *,
        delivered: bool,
        detail: str,
        retry_at: datetime | None,
        escalate_to: str | None,
    ) -> None:
        """See the port. Not delivered, no `retry_at` and nobody to escalate to: given up."""
        table = tables.notices
        changes: dict[str, object] = {"attempts": table.c.attempts + 1, "last_error": "" if delivered else detail}
        if delivered:
            changes["delivered_at"] = now
        else:
            if escalate_to is not None:
                changes |= {"recipient": escalate_to, "escalated": True}
            if retry_at is not None or escalate_to is not None:
                changes["next_at"] = retry_at or now
            else:
                changes["closed_at"] = now
        # A notice that is already delivered stays so: a late failure report of a second try changes nothing.
        with self._database.write() as writing:
            writing.connection.execute(
                update(table).where(table.c.id == notice_id, table.c.delivered_at.is_(None)).values(**changes)
            )
