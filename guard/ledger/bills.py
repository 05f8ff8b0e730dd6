"""The bill as the export had it, and every reading of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, delete, insert, select

from guard.core.bill import Bill, BillLine, Sold
from guard.core.billing_month import day_of
from guard.core.model import Provisioning
from guard.core.prices import Part
from guard.core.units import Money, Window
from guard.ledger import bill_tables as tables
from guard.ledger.room import Room, batches
from guard.ports.billing import BillRead


class Bills(Room):
    """What guard.ports.billing.BillBook asks."""

    def save_bill(self, bill: Bill, now: datetime) -> None:
        """See the port."""
        table, days = tables.bill_lines, [day.isoformat() for day in bill.days()]
        with self._database.write() as writing:
            writing.connection.execute(delete(table).where(table.c.day.in_(days)))
            for some in batches(bill.lines):
                writing.connection.execute(insert(table), [_row(line) for line in some])
            read = BillRead(at=now, succeeded=True, window=bill.window, exported_until=bill.exported_until)
            writing.connection.execute(insert(tables.bill_reads), _read_row(read))

    def save_bill_failure(self, detail: str, now: datetime) -> None:
        """See the port."""
        with self._database.write() as writing:
            writing.connection.execute(
                insert(tables.bill_reads), _read_row(BillRead(at=now, succeeded=False, detail=detail))
            )

    def bill_reads(self, limit: int) -> Sequence[BillRead]:
        """See the port: newest first."""
        table = tables.bill_reads
        with self._database.read() as connection:
            return [
                BillRead(
                    at=row.at,
                    succeeded=row.succeeded,
                    detail=row.detail,
                    window=Window(row.since, row.until) if row.since is not None else None,
                    exported_until=row.exported_until,
                )
                for row in connection.execute(select(table).order_by(table.c.id.desc()).limit(limit))
            ]

    def bill(self, window: Window) -> Bill | None:
        """See the port."""
        reads = tables.bill_reads
        latest = select(reads).where(reads.c.succeeded.in_((True,))).order_by(reads.c.id.desc()).limit(1)
        oldest = select(reads.c.since).where(reads.c.succeeded.in_((True,))).order_by(reads.c.since).limit(1)
        table = tables.bill_lines
        with self._database.read() as connection:
            read = connection.execute(latest).first()
            if read is None:
                return None
            known_from: Any = connection.execute(oldest).scalar()
            start, end = max(window.start, known_from), min(window.end, read.until)
            asked = Window(start, max(start, end))
            first, last = day_of(asked.start)[0].isoformat(), day_of(asked.end)[0].isoformat()
            query = select(table).where(table.c.day.between(first, last)).order_by(*table.primary_key.columns)
            lines = tuple(_line(row) for row in connection.execute(query))
        return Bill(window=asked, lines=lines, exported_until=read.exported_until)


def _row(line: BillLine) -> dict[str, Any]:
    return {
        "day": line.day.isoformat(),
        "project_id": line.project_id,
        "region": line.region,
        "sku_id": line.sku_id,
        "unit": line.unit,
        "currency": line.cost.currency,
        "service": line.service,
        "sku": line.sku,
        "quantity": f"{line.quantity.normalize():f}",
        "cost": f"{line.cost.amount.normalize():f}",
        "credits": f"{line.credits.amount.normalize():f}",
        "part": line.sold.part.value if line.sold else None,
        "item": line.sold.item if line.sold else None,
        "provisioning": line.sold.how.value if line.sold and line.sold.how else None,
    }


def _line(row: Row[Any]) -> BillLine:
    how = Provisioning(row.provisioning) if row.provisioning else None
    return BillLine(
        day=date.fromisoformat(row.day),
        project_id=row.project_id,
        region=row.region,
        service=row.service,
        sku_id=row.sku_id,
        sku=row.sku,
        unit=row.unit,
        quantity=Decimal(row.quantity),
        cost=Money(Decimal(row.cost), row.currency),
        credits=Money(Decimal(row.credits), row.currency),
        sold=Sold(Part(row.part), row.item, how) if row.part else None,
    )


def _read_row(read: BillRead) -> dict[str, Any]:
    return {
        "at": read.at,
        "succeeded": read.succeeded,
        "detail": read.detail,
        "since": read.window.start if read.window else None,
        "until": read.window.end if read.window else None,
        "exported_until": read.exported_until,
    }
