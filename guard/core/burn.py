"""How spend grew within a window: what each of a row of instants had seen, adding up to what spend.py says at the end. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from guard.core.billed import Billed
from guard.core.prices import PriceBook, Priced
from guard.core.spend import LATE, NONE, Means, cut, last_before, replica_hours_in, stopped_at
from guard.core.units import Known, Maybe, Money, Window, hour_number

DAY = timedelta(days=1)


def days_of(window: Window) -> list[datetime]:
    """The ends of the days of a window, counted from its start; the last one is the window's end.

    >>> from datetime import UTC
    >>> [at.day for at in days_of(Window(datetime(2026, 11, 1, 8, tzinfo=UTC), datetime(2026, 11, 3, 12, tzinfo=UTC)))]
    [2, 3, 3]
    """
    count = -((window.start - window.end) // DAY)
    return [min(window.start + DAY * number, window.end) for number in range(1, count + 1)]


def burn(
    things: Iterable[tuple[Billed, Means, PriceBook]], window: Window, now: datetime, ends: Sequence[datetime]
) -> Mapping[str, list[Money]]:
    """Currency -> known spend from the window's start up to each of `ends`; what is unknown is in none of them.

    Args:
        things: What bills, its replicas by hour, its prices.
        window: As spend.spend_of takes it; `now` at the latest counts.
        now: Domain time of the asking: until shortly before it, a missing count is the last one known.
        ends: Ascending instants within the window.
    """
    steps: dict[str, list[Decimal]] = {}
    prices: dict[
        tuple[object, ...], Maybe[Priced]
    ] = {}  # a fleet has few machines, and a book changes a few times a month
    for thing, means, book in things:
        start = max(window.start, thing.created_at or thing.seen_at)
        end = min(window.end, now, stopped_at(thing, means) or now)
        if end <= start:
            continue
        last, pending = last_before(means, hour_number(now)), hour_number(now - LATE)
        edges = book.edges()
        for part in cut(Window(start, end), sorted({*edges, *ends})):
            key = (id(book), thing.machine, thing.location, bisect_right(edges, part.start))
            price = prices.get(key)
            if price is None:
                price = prices[key] = book.rate(thing.machine, thing.location, Decimal(1), part.start)
            if not isinstance(price, Known):
                continue
            quantity, _ = replica_hours_in(part, means, pending, last)
            per_hour = price.value.rate.per_hour
            place = next(index for index, at in enumerate(ends) if part.end <= at)
            steps.setdefault(per_hour.currency, [NONE] * len(ends))[place] += per_hour.amount * quantity
    return {currency: _running(amounts, currency) for currency, amounts in steps.items()}


def _running(amounts: Sequence[Decimal], currency: str) -> list[Money]:
    total, found = NONE, []
    for amount in amounts:
        total += amount
        found.append(Money(total, currency))
    return found
