"""The latest look and the stamp of everything that a page shows, read in one statement each; no document is parsed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sqlalchemy import func, select

from guard.core.billed import Billed
from guard.core.plan import Approval
from guard.ledger import money_tables, tables
from guard.ledger.codec import approval_from
from guard.ledger.quotes import billed_from
from guard.ledger.room import Room
from guard.ports.glance import Glance


class Glances(Room):
    """What guard.ports.glance asks."""

    def glance(self) -> Glance:
        """See the port. Rows of these tables are only added, but for keeps and pauses, whose ends are counted."""
        cycle, keep, pause = tables.cycles.c, tables.keeps.c, tables.pauses.c
        newest = (
            func.max(column).label(name)
            for name, column in (
                ("keep", keep.id),
                ("approval", tables.approvals.c.id),
                ("acknowledgement", tables.acknowledgements.c.id),
                ("pause", pause.id),
                ("event", tables.act_events.c.seq),
            )
        )
        ends = (func.count(column) for column in (keep.ended_at, pause.resumed_at))
        latest = select(cycle.id, cycle.cycle_id, cycle.taken_at, cycle.mode).order_by(cycle.id.desc()).limit(1)
        with self._database.read() as connection:
            look = connection.execute(latest).first()
            marks = [connection.execute(select(what)).scalar() for what in (*newest, *ends)]
        text = repr((look.id if look else None, look.cycle_id if look else None, marks))
        return Glance(
            cycle_id=look.cycle_id if look else None,
            taken_at=look.taken_at if look else None,
            mode=look.mode if look else "",
            stamp=hashlib.sha256(text.encode()).hexdigest()[:16],
        )

    def approvals(self) -> Sequence[Approval]:
        """See the port."""
        table = tables.approvals
        with self._database.read() as connection:
            return [approval_from(row) for row in connection.execute(select(table).order_by(table.c.id))]

    def billed_thing(self, name: str) -> Billed | None:
        """See the port."""
        table = money_tables.billed_things
        with self._database.read() as connection:
            row = connection.execute(select(table).where(table.c.name == name)).first()
        return billed_from(row) if row else None
