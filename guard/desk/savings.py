"""What removals saved, by three kinds of proof: claimed (price x hours gone), measured (hours without replicas), billed.

By removal and by billing month; the bill of the month beside it, split over what ran, with the rest by name. What is not known is
said and counts in no sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from guard.core.bill import COUNTED, Bill, Unmatched, allocate
from guard.core.billed import Billed
from guard.core.billing_month import month_of
from guard.core.cost import measured, replica_hours_gone
from guard.core.proof import BilledSaving, Removed, billed_savings
from guard.core.removal import Act, ActState
from guard.core.settings import Settings
from guard.core.units import Known, Money, Rate, Window, hour_number, hours
from guard.core.usage import Usage, merge
from guard.core.verdict import Stage
from guard.desk.plain import MoneyDocument, iso, money
from guard.ports.ledger import Ledger, Saving

Document = dict[str, Any]
Sums = dict[str, Money]

PRICE_BEFORE = timedelta(days=8)
"""How far before a removal the bill is looked at, for the price that was paid."""
COUNT_BEFORE = 49
"""Hours before a removal within which its last replica count is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _One:
    """A removal with everything that proves it."""

    saving: Saving
    act: Act | None
    window: Window  # from the removal until now, its redeploy or the horizon
    usage: Usage | None
    billed: BilledSaving | None


def savings(ledger: Ledger, settings: Settings, now: datetime) -> Document:
    """Every removal's saving, their sums by billing month (newest first), and the bill of the running month."""
    rows = list(ledger.savings())
    latest = ledger.latest_cycle()
    acts = {saving.act_id: ledger.act(saving.act_id) for saving in rows}
    windows = {saving.act_id: _window(saving, acts[saving.act_id], settings, now) for saving in rows}
    month = month_of(now)
    first = min((window.start for window in windows.values()), default=month.start)
    span = Window(min(first - PRICE_BEFORE, month.start), max(now, month.start))
    things = list(ledger.billed())
    means = ledger.replicas(from_hour=hour_number(span.start) - COUNT_BEFORE)
    bill = ledger.bill(span)
    removed = [
        one
        for saving in rows
        if saving.rate is not None
        and (one := _removed(saving.act_id, acts[saving.act_id], windows[saving.act_id], things, means)) is not None
    ]
    proved = billed_savings(removed, things, means, bill) if bill is not None else {}
    usage = ledger.load_usage(
        from_hour=hour_number(first) - 1, subjects=sorted({name for act in acts.values() for name in _measured_by(act)})
    )
    found = [
        _One(
            saving=saving,
            act=acts[saving.act_id],
            window=windows[saving.act_id],
            usage=_usage(acts[saving.act_id], usage),
            billed=proved.get(saving.act_id),
        )
        for saving in rows
    ]
    return {
        "now": iso(now),
        "taken_at": iso(latest.taken_at) if latest else None,
        "guard_costs": money(settings.guard_monthly),
        "export": _export(ledger, settings),
        "removals": [_line(one) for one in sorted(found, key=lambda one: one.saving.since, reverse=True)],
        "months": _months(found, settings, min((thing.seen_at for thing in things), default=now), now),
        "unpriced": _unpriced(ledger.acts(), {saving.act_id for saving in rows}),
        "bill": _bill(ledger.bill(Window(month.start, max(now, month.start))), things, means),
    }


def _window(saving: Saving, act: Act | None, settings: Settings, now: datetime) -> Window:
    horizon = settings.rules_of(act.project_id if act else "").savings_horizon
    end = min(saving.until or now, saving.since + horizon, now)
    return Window(saving.since, max(end, saving.since))


def _removed(
    act_id: str, act: Act | None, window: Window, things: Iterable[Billed], means: Mapping[str, Mapping[int, Decimal]]
) -> Removed | None:
    """What ran before a removal and with how many replicas; None where the record does not hold it."""
    if act is None:
        return None
    name = str(act.evidence.get("pool") or act.key.subject)
    thing = next((one for one in things if one.name == name), None)
    # The hour of the removal itself is only partly counted: the whole hours before it say what ran.
    counted, last = means.get(name, {}), hour_number(window.start) - 1
    replicas = next((counted[last - back] for back in range(COUNT_BEFORE) if last - back in counted), None)
    if thing is None or not replicas:
        return None
    return Removed(act_id=act_id, thing=thing, replicas=replicas, window=window)


def _measured_by(act: Act | None) -> list[str]:
    if act is None:
        return []
    return [act.key.subject, *([str(act.evidence["pool"])] if "pool" in act.evidence else [])]


def _usage(act: Act | None, usage: Mapping[str, Usage]) -> Usage | None:
    found = [usage[name] for name in _measured_by(act) if name in usage]
    return merge(*found) if len(found) == 2 else next(iter(found), None)


def _line(one: _One) -> Document:
    saving, act, proof = one.saving, one.act, one.billed
    return {
        "act_id": saving.act_id,
        "subject": saving.subject,
        "name": act.display_name if act else saving.subject.rsplit("/", 1)[-1],
        "project": act.project_id if act else None,
        "since": iso(saving.since),
        "until": iso(saving.until),
        "rate": money(saving.rate),
        "claimed": money(saving.claimed),
        "measured": money(saving.measured),
        "billed": _list(_billed(one)) if proof is not None and proof.days else None,
        "billed_unknown": _billed_unknown(one),
        "billed_days": len(proof.days) if proof is not None else 0,
        "late_days": [day.isoformat() for day in proof.late] if proof is not None else [],
        "open_days": [day.isoformat() for day in proof.open] if proof is not None else [],
        "note": saving.note,
    }


def _billed_unknown(one: _One) -> str:
    if one.billed is not None:
        return one.billed.why
    if one.saving.rate is None:
        return one.saving.note
    return "the billing export was not read, or does not reach back to what ran before the removal"


def _billed(one: _One, month: Window | None = None) -> Sums:
    """What the bill proves of a removal, all of it or within a billing month."""
    total: Sums = {}
    for day, sums in one.billed.days.items() if one.billed is not None else ():
        if month is None or _in(day, month):
            for amount in sums.values():
                _add(total, amount)
    return total


def _in(day: date, month: Window) -> bool:
    return (
        month_of(datetime.combine(day, datetime.min.time(), tzinfo=month.start.tzinfo) + timedelta(hours=12)) == month
    )


def _months(found: Iterable[_One], settings: Settings, looked_from: datetime, now: datetime) -> list[Document]:
    """Sums of each billing month in which some saving ran, the running one always among them."""
    listed = list(found)
    first = min((one.window.start for one in listed), default=now)
    months, at = [], now
    while True:
        month = month_of(at)
        months.append(_month(month, listed, settings, looked_from, now))
        if month.start <= first:
            return months
        at = month.start - timedelta(hours=1)


def _month(month: Window, found: Iterable[_One], settings: Settings, looked_from: datetime, now: datetime) -> Document:
    claimed: Sums = {}
    seen: Sums = {}
    billed: Sums = {}
    removals = not_measured = not_billed = 0
    for one in found:
        part = _overlap(one.window, month)
        removals += one.saving.since in month
        if one.saving.rate is None or part is None:
            continue
        if one.saving.claimed is not None:
            _add(claimed, Rate(one.saving.rate).over(part.length))
        gone = measured(Rate(one.saving.rate), replica_hours_gone(one.usage, Decimal(1), part))
        if isinstance(gone, Known) and one.usage is not None:
            _add(seen, gone.value)
        else:
            not_measured += 1
        proof = _billed(one, month)
        not_billed += not proof
        for amount in proof.values():
            _add(billed, amount)
    own = _own_cost(month, settings.guard_monthly, looked_from, now)
    return {
        "start": iso(month.start),
        "end": iso(month.end),
        "removals": removals,
        "claimed": _list(claimed),
        "measured": _list(seen),
        "not_measured": not_measured,
        "guard_cost": money(own),
        "net": _list(_net(seen, own)),
        "billed": _list(billed),
        "not_billed": not_billed,
    }


def _own_cost(month: Window, monthly: Money | None, looked_from: datetime, now: datetime) -> Money | None:
    """What the guard itself cost in a month, for as long as it ran; None where nobody said."""
    ran = _overlap(month, Window(min(looked_from, now), now))
    return None if monthly is None else monthly * ((hours(ran.length) if ran else Decimal(0)) / hours(month.length))


def _net(seen: Sums, own: Money | None) -> Sums:
    """Measured less the guard's own cost; nothing where the cost is not known. Another currency is left as it is."""
    if own is None:
        return {}
    net = dict(seen)
    net[own.currency] = net.get(own.currency, Money(Decimal(0), own.currency)) - own
    return net


def _unpriced(acts: Iterable[Act], known: set[str]) -> list[Document]:
    """Verified removals whose price was not known: they saved something that nobody can name."""
    return [
        {"act_id": act.id, "subject": act.key.subject, "name": act.display_name, "since": iso(act.settled_at)}
        for act in acts
        if act.state is ActState.VERIFIED
        and act.key.stage is Stage.UNDEPLOY
        and act.rate is None
        and act.id not in known
    ]


def _export(ledger: Ledger, settings: Settings) -> Document:
    reads = ledger.bill_reads(20)
    good = next((read for read in reads if read.succeeded), None)
    return {
        "source": str(settings.bill) if settings.bill is not None else None,
        "read_at": iso(good.at) if good else None,
        "exported_until": iso(good.exported_until) if good else None,
        "failing": reads[0].detail if reads and not reads[0].succeeded else None,
    }


def _bill(bill: Bill | None, things: list[Billed], means: Mapping[str, Mapping[int, Decimal]]) -> Document | None:
    """The running month's bill, split; None where it was never read."""
    if bill is None:
        return None
    split = allocate(bill, things, means)
    names = {thing.name: thing.display_name for thing in things}
    return {
        "since": iso(bill.window.start),
        "until": iso(bill.window.end),
        "billed": _list(split.billed),
        "credits": _list(split.credits),
        "things": [
            {"subject": name, "name": names[name], "cost": _list(sums)} for name, sums in sorted(split.shares.items())
        ],
        "unmatched": [_unmatched(one) for one in split.unmatched if one.why != COUNTED],
        "counted": [_unmatched(one) for one in split.unmatched if one.why == COUNTED],
        "late_days": [day.isoformat() for day in split.late],
        "open_days": [day.isoformat() for day in split.open],
    }


def _unmatched(one: Unmatched) -> Document:
    return {
        "project": one.project_id,
        "region": one.region,
        "service": one.service,
        "sku": one.sku,
        "quantity": f"{one.quantity.normalize():f}",
        "unit": one.unit,
        "cost": money(one.cost),
        "why": one.why,
    }


def _overlap(window: Window, other: Window) -> Window | None:
    start, end = max(window.start, other.start), min(window.end, other.end)
    return Window(start, end) if start < end else None


def _add(sums: Sums, amount: Money) -> None:
    sums[amount.currency] = sums[amount.currency] + amount if amount.currency in sums else amount


def _list(sums: Mapping[str, Money]) -> list[MoneyDocument]:
    return [document for currency in sorted(sums) if (document := money(sums[currency])) is not None]
