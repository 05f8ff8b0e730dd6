"""What each thing has cost and will cost: replicas hour by hour x the price of that hour. Pure.

An hour without a measured replica count is unknown, never 0: it is counted beside the sum, which is then a lower bound. The last
hours before now, for which monitoring is still late, take the last count that is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from guard.core.billed import Billed
from guard.core.prices import PriceBook, PriceRow
from guard.core.rates import measure_of, price_of
from guard.core.units import HOUR, Known, Money, Rate, Window, hour_number, hour_start, hours

LATE = timedelta(hours=3)
"""How long monitoring may be late before an hour without a count is called unknown (it settles within minutes)."""
LOOK_BACK = timedelta(days=7)
"""What a forecast goes by: whole weeks hold a fleet's rhythm of working days."""
NONE = Decimal(0)

Means = Mapping[int, Decimal]
"""Hour number -> mean replicas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """One thing's cost within a window, and what is expected of the rest of the billing month.

    `rate` is None while nothing is priced or it is gone. `low` and `high` are the forecast at the quietest and the busiest
    day of the last week. `planned` is the forecast if the guard's plan is carried out.
    """

    thing: Billed
    window: Window
    known: Mapping[str, Money]  # currency -> cost in the window
    replica_hours: Decimal = NONE
    unknown_hours: Decimal = NONE  # hours without a replica count
    unpriced_hours: Decimal = NONE  # replica-hours without a price
    lower_bound: bool = False
    rate: Rate | None = None
    forecast: Money | None = None
    low: Money | None = None
    high: Money | None = None
    planned: Money | None = None
    why_unknown: str = ""
    rows: tuple[PriceRow, ...] = field(default=())

    @property
    def is_lower_bound(self) -> bool:
        """True where something is in no sum."""
        return self.lower_bound or self.unknown_hours > 0 or self.unpriced_hours > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of the record: a window, now, the end of the billing month, and when the plan would end a thing."""

    window: Window
    now: datetime
    month_end: datetime
    ends: Mapping[str, datetime] = field(default_factory=dict)  # canonical name -> when the plan would remove it


def spend_of(thing: Billed, means: Means, book: PriceBook, question: Question) -> Spend:
    """Integrate one thing's cost over the window, and forecast the rest of the month.

    Args:
        thing: What bills.
        means: Mean replicas by hour; from a week before the window, for the forecast.
        book: Prices with their validity; a change counts from its own instant on.
        question: Window and instants.
    """
    start = max(question.window.start, thing.created_at or thing.seen_at)
    end = min(question.window.end, question.now, stopped_at(thing, means) or question.now)
    known: dict[str, Decimal] = {}
    replica_hours = unknown = unpriced = NONE
    lower, why, rows = False, "", dict[PriceRow, None]()
    last_known = last_before(means, hour_number(question.now))
    pending = hour_number(question.now - LATE)
    for part in cut(Window(start, end), book.edges()) if end > start else ():
        quantity, missing = replica_hours_in(part, means, pending, last_known)
        unknown += missing
        replica_hours += quantity
        price = price_of(thing, book, part.start)
        if not isinstance(price, Known):
            unpriced += quantity
            why = price.reason
            continue
        per_hour = price.value.rate.per_hour
        known[per_hour.currency] = known.get(per_hour.currency, NONE) + per_hour.amount * quantity
        lower = lower or price.value.is_lower_bound
        why = price.value.note if price.value.is_lower_bound else why
        rows |= dict.fromkeys(price.value.rows)
    spend = Spend(
        thing=thing,
        window=question.window,
        known={currency: Money(amount, currency) for currency, amount in known.items()},
        replica_hours=replica_hours,
        unknown_hours=unknown,
        unpriced_hours=unpriced,
        lower_bound=lower,
        why_unknown=why or (_uncounted(thing, unknown) if unknown else ""),
        rows=tuple(rows),
    )
    return _with_forecast(spend, means, book, question, last_known)


def _with_forecast(spend: Spend, means: Means, book: PriceBook, question: Question, last: Decimal | None) -> Spend:
    """Add the rate now and what the month ends at; a thing that is gone costs nothing more."""
    thing = spend.thing
    price = price_of(thing, book, question.now)
    if thing.gone_at is not None:
        currencies = list(spend.known)
        if len(currencies) != 1:
            return spend
        done = spend.known[currencies[0]]
        return replace(spend, forecast=done, low=done, high=done, planned=done)
    if not isinstance(price, Known) or last is None:
        why = price.reason if not isinstance(price, Known) else "nothing was measured in the last two days"
        return replace(spend, lower_bound=True, why_unknown=spend.why_unknown or why)
    rate = price.value.rate
    currency = rate.per_hour.currency
    so_far = spend.known.get(currency, Money(NONE, currency))
    days = _daily_means(means, question.now, last)
    ahead = question.month_end - question.now
    planned_end = question.ends.get(thing.name)
    until = ahead if planned_end is None else max(timedelta(0), min(ahead, planned_end - question.now))
    mean = sum(days, NONE) / len(days)

    def at(replicas: Decimal, span: timedelta) -> Money:
        return so_far + (rate * replicas).over(span)

    return replace(
        spend,
        rate=rate * last,
        forecast=at(mean, ahead),
        low=at(min(days), ahead),
        high=at(max(days), ahead),
        planned=at(mean, until),
        lower_bound=spend.lower_bound or price.value.is_lower_bound,
    )


def _uncounted(thing: Billed, unknown: Decimal) -> str:
    what = "replica" if thing.on_machines else measure_of(thing).unit
    return f"no {what} count in {round(unknown, 1).normalize():f} h"


def stopped_at(thing: Billed, means: Means) -> datetime | None:
    """When a thing that is gone stopped: it was last seen to run in its last measured hour, and gone at a later look."""
    if thing.gone_at is None:
        return None
    return min(thing.gone_at, hour_start(max(means) + 1)) if means else thing.gone_at


def _daily_means(means: Means, now: datetime, last: Decimal) -> list[Decimal]:
    """Mean replicas of each of the last seven times 24 hours that is measured at all; else the last count."""
    found = []
    end = hour_number(now)
    for day in range(LOOK_BACK.days):
        values = [means[hour] for hour in range(end - 24 * (day + 1), end - 24 * day) if hour in means]
        if len(values) >= 12:  # half a day says little of a day's rhythm
            found.append(sum(values, NONE) / len(values))
    return found or [last]


def replica_hours_in(part: Window, means: Means, pending: int, last: Decimal | None) -> tuple[Decimal, Decimal]:
    """Replicas x hours of a window, and the hours without a count; from hour `pending` on a missing count is the `last` one."""
    first, final = hour_number(part.start), hour_number(part.end - timedelta(microseconds=1))
    # Whole hours are a sum of what is there: a month of a thousand things is 730,000 of them.
    within = range(first + 1, final)
    counted = [mean for hour in within if (mean := means.get(hour)) is not None]
    quantity, missing = sum(counted, NONE), NONE
    late = () if len(counted) == len(within) else (hour for hour in within if hour not in means)
    for hour in (*late, *sorted({first, final})):
        begins = hour_start(hour)
        share = hours(min(part.end, begins + HOUR) - max(part.start, begins))
        mean = means.get(hour)
        if mean is None and hour >= pending:
            mean = last
        if mean is None:
            missing += share
        else:
            quantity += mean * share
    return quantity, missing


def last_before(means: Means, hour: int) -> Decimal | None:
    """The latest count within the last two days; an older one says nothing of now."""
    for back in range(49):
        if hour - back in means:
            return means[hour - back]
    return None


def cut(window: Window, edges: Iterable[datetime]) -> Iterable[Window]:
    """Cut a window where some price changes."""
    start = window.start
    for edge in edges:
        if start < edge < window.end:
            yield Window(start, edge)
            start = edge
    yield Window(start, window.end)
