"""When in the week people come back: factors on the rate of return by hour of the week, learned from the whole fleet. Pure.

Two calendars, because a short silence ends at any busy hour while a long one ends with somebody's first look of the day.
Hours of returns are compared with the hours at which a scale-free law (the rate falls as one over the age) would have expected
them; hour of day and day of week are fitted one after the other, and both are drawn towards 1 where little was seen.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import log

from guard.core.learn.ages import EDGES

HOUR = 3600.0
DAY = 86_400.0
WEEK = 604_800.0
HOURS = 168

LONG = bisect_left(EDGES, 8 * HOUR - 1)
"""The first bin of a long silence: eight hours, a night. Below it the calendar of short silences holds."""

FROM_AGE = 900.0
UNTIL_AGE = 4 * WEEK
"""Returns in the first quarter of an hour say nothing about the hour; after four weeks a silence is spread over all hours."""

TRUST = 3.0
"""Expected returns that an hour must have before its own record counts as much as what was believed before."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Factors for the 168 hours of a week (1: an average hour) and their running sum in seconds."""

    factors: tuple[float, ...]
    sums: tuple[float, ...]

    def until(self, at: float) -> float:
        """Return the weighed seconds from instant 0 to `at` (seconds)."""
        weeks, rest = divmod(at, WEEK)
        hour = min(int(rest / HOUR), 167)  # rounding at the very end of a week
        return weeks * self.sums[168] + self.sums[hour] + (rest - hour * HOUR) * self.factors[hour]


def calendar_of(factors: Sequence[float]) -> Calendar:
    """Return a calendar with these 168 factors."""
    return Calendar(tuple(factors), tuple(accumulate((factor * HOUR for factor in factors), initial=0.0)))


EVEN = calendar_of((1.0,) * HOURS)


@dataclass(frozen=True, slots=True)
class HourTable:
    """Returns seen and returns expected by hour of the week, for one of the two calendars."""

    seen: tuple[float, ...] = (0.0,) * HOURS
    expected: tuple[float, ...] = (0.0,) * HOURS

    def plus(self, seen: Sequence[float], expected: Sequence[float]) -> HourTable:
        """Return the table with a day's news added."""
        return HourTable(
            tuple(a + b for a, b in zip(self.seen, seen, strict=True)),
            tuple(a + b for a, b in zip(self.expected, expected, strict=True)),
        )


def fit(short: HourTable, long: HourTable) -> tuple[Calendar, Calendar]:
    """Return the calendars of short and of long silences."""
    both = short.plus(long.seen, long.expected)
    expected = _to_scale(both.seen, both.expected)
    common = _hour_factors(both.seen, expected)
    days = []
    for day in range(7):
        hours = range(24 * day, 24 * day + 24)
        seen_then = sum(both.seen[h] for h in hours)
        expected_then = sum(expected[h] * common[h % 24] for h in hours)
        days.append((seen_then + TRUST) / (expected_then + TRUST))
    result = []
    for table in (short, long):
        weighed = [table.expected[h] * common[h % 24] for h in range(HOURS)]
        own = _hour_factors(table.seen, _to_scale(table.seen, weighed))
        result.append(calendar_of([common[h % 24] * own[h % 24] * days[h // 24] for h in range(HOURS)]))
    return result[0], result[1]


def expected_by_hour(began: float, from_age: float, to_age: float) -> list[tuple[int, float]]:
    """Spread a stretch of silence over the hours of the week: what the scale-free law expects in each (e-folds of age).

    `began` and the ages are seconds. The hours come in order; an hour of the week may come more than once.
    """
    first, last = max(from_age, FROM_AGE), min(to_age, UNTIL_AGE)
    result = []
    if last > first:
        hour = int((began + first) // HOUR)
        age = first
        while age < last:
            upper = min((hour + 1) * HOUR - began, last)
            if upper > age:
                result.append((hour % HOURS, log(upper / age)))
                age = upper
            hour += 1
    return result


def _to_scale(seen: Sequence[float], expected: Sequence[float]) -> list[float]:
    """Bring what was expected to the level of what was seen, so that only the shape over the week is left to learn."""
    rate = (sum(seen) + 4 * TRUST) / (sum(expected) + 4 * TRUST)
    return [value * rate for value in expected]


def _hour_factors(seen: Sequence[float], expected: Sequence[float]) -> list[float]:
    return [
        (sum(seen[hour::24]) + TRUST) / (sum(expected[hour::24]) + TRUST) for hour in range(24)
    ]  # over the seven days of each hour
