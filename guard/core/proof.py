"""What the bill proves of each removal: the machines that it no longer holds. Pure.

On a settled day the bill of a SKU in a region holds so many hours; the guard knows what still ran there. What was removed is
missing from the bill as far as `ran + removed - billed` goes, and no further. That quantity, at the price that the bill itself
shows, is the billed saving. A day whose lines are late, or may still come, proves nothing and is named; it is never taken as 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from guard.core.bill import NONE, Bill, BillLine, Means, Place, Sold, late_days, needs, ran_by_day
from guard.core.billed import Billed
from guard.core.model import Provisioning
from guard.core.units import Money, Window, hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A verified removal: what ran (the pool, where models shared one), with how many replicas, and its saving's time."""

    act_id: str
    thing: Billed
    replicas: Decimal
    window: Window  # from the removal until now, a redeploy or the horizon


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledSaving:
    """What the bill proves of one removal so far: by settled day, what it saved, a sum a currency. Where nothing is proven,
    `why` says why. `late` and `open` name the days that the bill does not settle, or not yet.
    """

    act_id: str
    days: Mapping[date, Mapping[str, Money]]
    late: tuple[date, ...] = ()
    open: tuple[date, ...] = ()
    why: str = ""


_Key = tuple[date, str, str, Sold]


def billed_savings(
    removals: Sequence[Removed], things: Iterable[Billed], means: Mapping[str, Means], bill: Bill
) -> dict[str, BilledSaving]:
    """Return by act what the bill proves.

    Args:
        removals: What was removed, each once.
        things: Everything that billed by the hour.
        means: Mean replicas by hour of each.
        bill: Lines from at least a day before the first removal, for the price that was paid.
    """
    days = bill.days()
    ran = ran_by_day(things, means, days)
    lines: dict[_Key, list[BillLine]] = {}
    for line in bill.lines:
        if line.sold is not None:
            lines.setdefault((line.day, *line.place, line.sold), []).append(line)
    any_line = {line.day for line in bill.lines}
    late = late_days(bill, ran)
    gone = _gone(removals, days)
    found: dict[str, BilledSaving] = {}
    for one in removals:
        parts = needs(one.thing.machine)
        if parts is None:
            why = f"the SKUs of {one.thing.machine} are not known"
            found[one.act_id] = BilledSaving(act_id=one.act_id, days={}, why=why)
            continue
        touched = [day for day, span in days.items() if _overlap(one.window, span)]
        open_days = tuple(day for day in touched if not bill.settled(days[day]))
        missing = tuple(
            day
            for day in touched
            if day not in open_days and (day not in any_line or (day, one.thing.project_id) in late)
        )
        settled = [day for day in touched if day not in open_days and day not in missing]
        place: Place = (one.thing.project_id, one.thing.location)
        proved: dict[date, Mapping[str, Money]] = {}
        for day in settled:
            saved: dict[str, Decimal] = {}
            for sold in parts:
                key = (day, *place, sold)
                away = gone[key]
                price = _price(lines, days, day, place, sold)
                if price is None:
                    continue
                held = sum((line.quantity for line in lines.get(key, ())), NONE)
                total = sum(away.values(), NONE)
                proven = min(max(sum(ran.get(key, {}).values(), NONE) + total - held, NONE), total)
                amount = proven * away[one.act_id] / total * price.amount
                saved[price.currency] = saved.get(price.currency, NONE) + amount
            if saved:
                proved[day] = {currency: Money(amount, currency) for currency, amount in saved.items()}
        found[one.act_id] = BilledSaving(
            act_id=one.act_id,
            days=proved,
            late=missing,
            open=open_days,
            why=_why(proved, settled, touched),
        )
    return found


def _why(proved: Mapping[date, object], settled: Sequence[date], touched: Sequence[date]) -> str:
    if proved:
        return ""
    if not touched:
        return "the bill that was read holds no day of it"
    return "the bill holds no price of its SKUs" if settled else "no day of it is settled in the export yet"


def _gone(removals: Sequence[Removed], days: Mapping[date, Window]) -> dict[_Key, dict[str, Decimal]]:
    """Units that each removal took away, by day and kind of SKU."""
    found: dict[_Key, dict[str, Decimal]] = {}
    for one in removals:
        for day, span in days.items():
            length = _overlap(one.window, span)
            for sold, count in (needs(one.thing.machine) or {}).items() if length else ():
                key = (day, one.thing.project_id, one.thing.location, sold)
                found.setdefault(key, {})[one.act_id] = one.replicas * count * length
    return found


def _overlap(window: Window, span: Window) -> Decimal:
    start, end = max(window.start, span.start), min(window.end, span.end)
    return hours(end - start) if end > start else NONE


def _price(
    lines: Mapping[_Key, Sequence[BillLine]], days: Mapping[date, Window], day: date, place: Place, sold: Sold
) -> Money | None:
    """What a unit cost by the bill on that day, else on the latest day before it that has the SKU; its fee included.

    None where the bill has no such line, or has it in two currencies.
    """
    own = _unit_cost(lines, days, day, place, sold)
    if own is None or sold.how is Provisioning.ON_DEMAND:
        return own
    fee = _unit_cost(lines, days, day, place, Sold(sold.part, sold.item, None))
    return own + fee if fee is not None and fee.currency == own.currency else None


def _unit_cost(
    lines: Mapping[_Key, Sequence[BillLine]], days: Mapping[date, Window], day: date, place: Place, sold: Sold
) -> Money | None:
    for earlier in sorted((one for one in days if one <= day), reverse=True):
        found = lines.get((earlier, *place, sold), ())
        quantity = sum((line.quantity for line in found), NONE)
        if quantity > 0:
            currencies = {line.cost.currency for line in found}
            if len(currencies) > 1:
                return None
            return Money(sum((line.cost.amount for line in found), NONE) / quantity, currencies.pop())
    return None
