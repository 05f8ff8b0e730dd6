"""The bill as its export has it, a line a SKU, project, region and day; what ran there has its share, the rest is named. Pure.

The export names no Vertex resource, so a line is split over the things that ran on its SKU, in its region, on its day, by their
measured replica-hours. What no machine of ours explains stays unmatched and is listed by the bill's own words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from guard.core.billed import Billed
from guard.core.billing_month import day_of
from guard.core.model import Machine, Provisioning
from guard.core.prices import Part
from guard.core.shapes import shape_of
from guard.core.units import HOUR, Money, Window, hour_number, hour_start, hours

SETTLES = timedelta(hours=24)
"""How long after its end a day may still be filled in the export: Google says usage takes up to 24 h
(docs.cloud.google.com/billing/docs/how-to/budget-api-overview, read 2026-11-24), and promises nothing."""
TOLERANCE = Decimal("0.05")
"""Share by which measured replica-hours and billed ones may differ without a line being missing: machines that start are counted
before they bill, and hourly means are rounded."""
NONE = Decimal(0)
_NANO = Decimal("0.000000001")

Means = Mapping[int, Decimal]
"""Hour number -> mean replicas."""


@dataclass(frozen=True, slots=True)
class Sold:
    """What a SKU of a prediction machine is for. `how` is None for a management fee, which goes with Spot and Flex-start."""

    part: Part
    item: str
    how: Provisioning | None = Provisioning.ON_DEMAND


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """One day's sum of a SKU in a project and region. `cost` is before credits; `credits` is 0 or below, and apart.

    `day` is the biller's (Los Angeles). `quantity` is in `unit`, as the price is (hours, GiB hours).
    """

    day: date
    project_id: str
    region: str
    service: str
    sku_id: str
    sku: str
    unit: str
    quantity: Decimal
    cost: Money
    credits: Money
    sold: Sold | None = None

    @property
    def place(self) -> Place:
        return (self.project_id, self.region)


Place = tuple[str, str]
"""Project id and region."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What an export held at a reading. `exported_until`: the latest instant at which a row of it was written."""

    window: Window
    lines: tuple[BillLine, ...]
    exported_until: datetime | None

    def days(self) -> dict[date, Window]:
        """The biller's days within the window, each with its instants (23 or 25 hours where the clock changes)."""
        found: dict[date, Window] = {}
        at = self.window.start
        while at < self.window.end:
            day, span = day_of(at)
            found[day] = span
            at = span.end
        return found

    def settled(self, span: Window) -> bool:
        """True for a day of which the export has had its time to be complete."""
        return self.exported_until is not None and self.exported_until >= span.end + SETTLES


def needs(machine: Machine) -> Mapping[Sold, Decimal] | None:
    """What one replica is billed by: SKU kinds and how many units an hour; None for a machine whose parts are not known."""
    shape = shape_of(machine.machine_type)
    if shape is None:
        return None
    how = machine.provisioning
    found = {
        Sold(Part.CORE, shape.family, how): Decimal(shape.vcpus),
        Sold(Part.RAM, shape.family, how): shape.gib,
    }
    kind = machine.accelerator_type or shape.accelerator
    if kind:
        count = machine.accelerator_count if machine.accelerator_type else shape.accelerator_count
        found[Sold(Part.ACCELERATOR, kind, how)] = Decimal(count)
    return found


def replica_hours(thing: Billed, means: Means, window: Window) -> tuple[Decimal, Decimal]:
    """Measured replicas x hours of a thing within a window, and the hours that were not measured while it was there."""
    start = max(window.start, thing.created_at or thing.seen_at)
    end = min(window.end, thing.gone_at or window.end)
    if means and thing.gone_at is not None:
        end = min(end, hour_start(max(means) + 1))
    quantity = missing = NONE
    if end <= start:
        return quantity, missing
    for hour in range(hour_number(start), hour_number(end - timedelta(microseconds=1)) + 1):
        begins = hour_start(hour)
        share = hours(min(end, begins + HOUR) - max(start, begins))
        mean = means.get(hour)
        if mean is None:
            missing += share
        else:
            quantity += mean * share
    return quantity, missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmatched:
    """A part of the bill that nothing under watch explains, over the whole window."""

    project_id: str
    region: str
    service: str
    sku: str
    unit: str
    quantity: Decimal
    cost: Money
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """A bill split: what each thing has of it, and the rest by name. Per currency, allocated + unmatched = billed, exactly."""

    billed: Mapping[str, Money]
    credits: Mapping[str, Money]
    shares: Mapping[str, Mapping[str, Money]]  # thing -> currency -> cost before credits
    unmatched: tuple[Unmatched, ...]
    late: tuple[date, ...]  # days of which the bill holds less than what ran
    open: tuple[date, ...]  # days that may still be filled


NOT_OURS = "not a prediction machine: the guard does not watch it"
BEYOND = "more than the machines that the guard saw ran"
COUNTED = "counted by the guard by its own measure, not line by line: storage, tokens, tuning"
"""A line of something that is metered: its cost is in the guard's sums already, under the bucket, the model or the job."""


def allocate(bill: Bill, things: Sequence[Billed], means: Mapping[str, Means]) -> Allocation:
    """Split a bill over what ran.

    Args:
        bill: Lines of whole days.
        things: Everything that billed by the hour, also what is gone.
        means: Mean replicas by hour of each.
    """
    days = bill.days()
    ran = ran_by_day(things, means, days)
    shares: dict[str, dict[str, Decimal]] = {}
    rest: dict[tuple[str, ...], list[Decimal]] = {}
    billed: dict[str, Decimal] = {}
    credit: dict[str, Decimal] = {}
    for line in bill.lines:
        currency = line.cost.currency
        billed[currency] = billed.get(currency, NONE) + line.cost.amount
        credit[currency] = credit.get(currency, NONE) + line.credits.amount
        users = _users(line, ran)
        whole = max(line.quantity, sum(users.values(), NONE))
        left, quantity = line.cost.amount, line.quantity
        for name, used in users.items() if whole > 0 else ():
            part = (line.cost.amount * used / whole).quantize(_NANO)
            own = shares.setdefault(name, {})
            own[currency] = own.get(currency, NONE) + part
            left -= part
            quantity -= line.quantity * used / whole
        if left:
            why = _why(line)
            key = (*line.place, line.service, line.sku, line.unit, currency, why)
            entry = rest.setdefault(key, [NONE, NONE])
            entry[0] += quantity
            entry[1] += left
    return Allocation(
        billed=_money(billed),
        credits=_money({code: amount for code, amount in credit.items() if amount}),
        shares={name: _money(own) for name, own in shares.items()},
        unmatched=_unmatched(rest),
        late=tuple(sorted({day for day, _ in late_days(bill, ran)})),
        open=tuple(day for day, span in days.items() if not bill.settled(span)),
    )


Ran = Mapping[tuple[date, str, str, Sold], Mapping[str, Decimal]]
"""Day, project, region and kind of SKU -> units that each thing used there."""


def ran_by_day(things: Iterable[Billed], means: Mapping[str, Means], days: Mapping[date, Window]) -> Ran:
    """What each thing used of each kind of SKU on each day; a fee's units are those of all that is bought at a discount."""
    found: dict[tuple[date, str, str, Sold], dict[str, Decimal]] = {}
    for thing in things:
        parts = needs(thing.machine)
        if parts is None:
            continue
        for day, span in days.items():
            quantity, _ = replica_hours(thing, means.get(thing.name, {}), span)
            if not quantity:
                continue
            for sold, count in parts.items():
                kinds = [sold] if sold.how is Provisioning.ON_DEMAND else [sold, Sold(sold.part, sold.item, None)]
                for kind in kinds:
                    found.setdefault((day, thing.project_id, thing.location, kind), {})[thing.name] = quantity * count
    return found


def late_days(bill: Bill, ran: Ran) -> frozenset[tuple[date, str]]:
    """Days and projects of which the bill holds clearly less than what ran, though the time for it is up.

    A kind of SKU that the bill never names says nothing: it may be called otherwise there.
    """
    days = bill.days()
    held: dict[tuple[date, str, str, Sold], Decimal] = {}
    named: set[tuple[str, str, Sold]] = set()
    for line in bill.lines:
        if line.sold is not None:
            key = (line.day, *line.place, line.sold)
            held[key] = held.get(key, NONE) + line.quantity
            named.add(key[1:])
    return frozenset(
        (key[0], key[1])
        for key, users in ran.items()
        if key[1:] in named
        and bill.settled(days[key[0]])
        and held.get(key, NONE) < sum(users.values(), NONE) * (1 - TOLERANCE)
    )


def _why(line: BillLine) -> str:
    """Why what is left of a line belongs to nothing that ran on machines."""
    if line.sold is not None:
        return BEYOND
    text = line.sku.lower()
    storage = line.service == "Cloud Storage" and " storage" in f" {text}"
    tokens = "gemini" in text and ("token" in text or "tuning" in text or "input" in text or "output" in text)
    return COUNTED if storage or tokens else NOT_OURS


def _users(line: BillLine, ran: Ran) -> Mapping[str, Decimal]:
    return {} if line.sold is None else ran.get((line.day, *line.place, line.sold), {})


def _money(amounts: Mapping[str, Decimal]) -> dict[str, Money]:
    return {currency: Money(amount, currency) for currency, amount in amounts.items()}


def _unmatched(rest: Mapping[tuple[str, ...], Sequence[Decimal]]) -> tuple[Unmatched, ...]:
    """The rest, dearest first; lines whose corrections came to nothing are left out."""
    found = [
        Unmatched(
            project_id=project,
            region=region,
            service=service,
            sku=sku,
            unit=unit,
            quantity=quantity,
            cost=Money(cost, currency),
            why=why,
        )
        for (project, region, service, sku, unit, currency, why), (quantity, cost) in rest.items()
        if cost
    ]
    return tuple(sorted(found, key=lambda one: (-abs(one.cost.amount), one.sku, one.project_id, one.region)))
