"""Retention. Acts, their events, recipes, notices about acts and everything that people said are never thinned."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Table, and_, delete, or_, select, tuple_

from guard.ledger import money_tables, tables
from guard.ledger.room import Room

BATCH = 2_000
"""Rows deleted in one transaction, so that a cycle never waits long for its turn."""

USAGE_KEPT = timedelta(days=400)
"""Hourly usage is kept for thirteen months whatever the setting: learning needs it, and the platform keeps six weeks."""

_EPOCH_DAY = timedelta(days=1)


class Upkeep(Room):
    """Retention."""

    def thin(self, now: datetime, keep_detail: timedelta) -> int:
        """See the port. Usage goes after USAGE_KEPT at the earliest; the latest cycle always stays."""
        before = now - keep_detail
        resource = tables.resources
        seen_lately = select(resource.c.name)
        newest = select(tables.cycles.c.id).order_by(tables.cycles.c.id.desc()).limit(1).scalar_subquery()
        oldest_day = (now - max(keep_detail, USAGE_KEPT) - datetime.fromtimestamp(0, tz=now.tzinfo)) // _EPOCH_DAY
        notice = tables.notices
        gone = 0
        for table, old in (
            (tables.cycles, and_(tables.cycles.c.taken_at < before, tables.cycles.c.id != newest)),
            (tables.verdict_changes, tables.verdict_changes.c.at < before),
            # What an IaC tool ever marked, and what was restored, is remembered for good.
            (
                resource,
                and_(
                    resource.c.last_seen_at < before,
                    resource.c.iac_marked.in_((False,)),
                    resource.c.restored_at.is_(None),
                ),
            ),
            (tables.verdicts, and_(tables.verdicts.c.at < before, tables.verdicts.c.subject.not_in(seen_lately))),
            (tables.creators, tables.creators.c.name.not_in(seen_lately)),
            (
                notice,
                and_(
                    notice.c.act_id.is_(None),
                    notice.c.made_at < before,
                    or_(notice.c.delivered_at.is_not(None), notice.c.closed_at.is_not(None)),
                ),
            ),
            (tables.usage_days, tables.usage_days.c.day < oldest_day),
            (money_tables.replica_days, money_tables.replica_days.c.day < oldest_day),
        ):
            gone += self._drop(table, old)
        self._database.checkpoint()
        return gone

    def _drop(self, table: Table, old: ColumnElement[bool]) -> int:
        key = tuple_(*table.primary_key.columns)
        gone = 0
        while True:
            with self._database.write() as writing:
                some = select(*table.primary_key.columns).where(old).limit(BATCH)
                dropped = writing.connection.execute(delete(table).where(key.in_(some))).rowcount
            gone += dropped
            if dropped < BATCH:
                return gone
