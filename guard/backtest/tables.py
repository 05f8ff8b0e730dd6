"""The laws of each day, for a whole history at once: what `core.learn.fleet` learns day by day, as arrays by day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guard.backtest.silences import Flags, Floats, Indices
from guard.core.learn import calendar as cal
from guard.core.learn import fleet
from guard.core.learn.ages import BINS, EDGES, MIDDLES

Cells = NDArray[np.float64]
EDGE = np.array(EDGES)
MIDDLE = np.array(MIDDLES)
GROUP = (np.arange(BINS) >= cal.LONG).astype(np.intp)
"""Which of the two calendars holds in each bin."""


@dataclass(frozen=True, slots=True)
class Calendars:
    """The two calendars of each day: factors [2, days, 168] and their running sums in seconds [2, days, 169]."""

    factors: Cells
    sums: Cells

    def until(self, group: Indices, day: Indices, at: Floats) -> Floats:
        """Return the weighed seconds from instant 0 to `at`, by the calendar `group` of day `day`."""
        hour = at / cal.HOUR
        weeks = np.floor(hour / cal.HOURS)
        hour -= weeks * cal.HOURS
        whole = np.minimum(hour.astype(np.intp), cal.HOURS - 1)
        hour -= whole
        row = group * self.factors.shape[1] + day
        sums = self.sums.reshape(-1, cal.HOURS + 1)
        weeks *= sums[row, cal.HOURS]
        weeks += sums.ravel()[row * (cal.HOURS + 1) + whole]
        hour *= self.factors.ravel()[row * cal.HOURS + whole]
        hour *= cal.HOUR
        weeks += hour
        return weeks


def calendars_of(start: Floats, length: Floats, returned: Flags, *, days: int, resolution: float) -> Calendars:
    """Return the calendars in force on each of `days` days, each learned from the days before it."""
    by_day = resolution > 12 * cal.HOUR
    seen, expected = np.zeros((2, days, cal.HOURS)), np.zeros((2, days, cal.HOURS))
    border = EDGE[cal.LONG]
    spans = ((max(cal.FROM_AGE, resolution), border), (max(border, resolution), cal.UNTIL_AGE))
    for group, (lower, upper) in enumerate(spans):
        came = returned & (length > lower) & (length <= upper)
        _add(seen[group], np.floor((start + length)[came] / cal.HOUR).astype(np.intp), np.ones(int(came.sum())), by_day)
        _expect(expected[group], start, length, lower, upper, by_day=by_day)
    factors = np.ones((2, days, cal.HOURS))
    seen, expected = _before(seen), _before(expected)
    both_seen, both_expected = seen.sum(0), expected.sum(0)
    scaled = both_expected * _rate(both_seen, both_expected)
    common = _hours(both_seen, scaled)
    weighed_days = (scaled * common).reshape(days, 7, 24).sum(2)
    weekday = (both_seen.reshape(days, 7, 24).sum(2) + cal.TRUST) / (weighed_days + cal.TRUST)
    for group in (0, 1):
        weighed = expected[group] * common
        own = _hours(seen[group], weighed * _rate(seen[group], weighed))
        factors[group] = common * own * np.repeat(weekday, 24, axis=1)
    sums = np.zeros((2, days, cal.HOURS + 1))
    np.cumsum(factors * cal.HOUR, axis=2, out=sums[:, :, 1:])
    return Calendars(factors, sums)


def rates_by_day(returns: Cells, exposure: Cells, passages: Cells, *, kinds: bool = True) -> Cells:
    """Return the law's rates [kinds, days, bins] from each day's tallies of each kind; the law of a day knows the days before it.

    `kinds` False gives every kind the fleet's; see `core.learn.fleet.rates_of_kinds`.
    """
    together = [_held(*(values.sum(0) for values in (returns, exposure, passages)))]
    fleet_law = _drawn(smooth(together[0][0], fleet.SHARED), smooth(together[0][1], fleet.SHARED))
    count = len(returns)
    if count < 2 or not kinds:
        return np.repeat(fleet_law[None], count, axis=0)
    records = [_held(returns[k], exposure[k], passages[k]) for k in range(count)]
    seen = [smooth(record[0], fleet.SHARED) for record in records]
    passed = [smooth(record[1], fleet.SHARED) for record in records]
    known = np.cumsum([np.concatenate([[0], tally.sum(1)[:-1]]) > 0 for tally in passages], axis=1) > 0
    several = known.sum(0) > 1
    law = np.empty((count, *fleet_law.shape))
    for k in range(count):
        others, exposed = sum(seen) - seen[k], sum(passed) - passed[k]
        own = (seen[k] + fleet.WEIGHT) / (passed[k] + fleet.WEIGHT / _drawn(others, exposed))
        law[k] = np.where((several & known[k])[:, None], own, fleet_law)
    return law


def _held(returns: Cells, exposure: Cells, passages: Cells) -> tuple[Cells, Cells]:
    """What is held at the beginning of each day."""
    held, passed = np.zeros(BINS), np.zeros(BINS)
    all_held, all_passed = np.zeros(returns.shape), np.zeros(returns.shape)
    for day in range(len(returns)):
        all_held[day], all_passed[day] = held, passed
        kept = (1 - fleet.FORGET) ** passages[day]
        held, passed = held * kept + returns[day], passed * kept + exposure[day]
    return all_held, all_passed


def _drawn(seen: Cells, passed: Cells) -> Cells:
    """The rates of a smoothed record, drawn towards the belief."""
    law: Cells = (seen + fleet.WEIGHT) / (passed + fleet.WEIGHT / fleet.BELIEF)
    return law


def smooth(values: Cells, keep: float) -> Cells:
    """Add to each bin (last axis) what its neighbours hold; see `core.learn.ages.smoothed`."""
    distance = np.abs(np.subtract.outer(np.arange(BINS), np.arange(BINS)))
    result: Cells = values @ keep**distance
    return result


def _expect(into: Cells, start: Floats, length: Floats, lower: float, upper: float, *, by_day: bool) -> None:
    """Add what the scale-free law expects by hour; in chunks, since a long silence has many hours."""
    cell = cal.DAY if by_day else cal.HOUR
    chosen = np.flatnonzero(length > lower)
    for part in np.array_split(chosen, max(1, len(chosen) // 50_000)):
        begun, last = start[part], np.minimum(length[part], upper)
        from_cell = np.floor((begun + lower) / cell).astype(np.intp)
        count = np.ceil((begun + last) / cell).astype(np.intp) - from_cell
        row = np.repeat(np.arange(len(part)), count)
        at = from_cell[row] + np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        younger = np.maximum(at * cell - begun[row], lower)
        older = np.minimum((at + 1) * cell - begun[row], last[row])
        real = older > younger
        _add(into, at[real] * round(cell / cal.HOUR), np.log(older[real] / younger[real]), by_day)


def _add(into: Cells, hour: Indices, value: Floats, by_day: bool) -> None:
    days = len(into)
    hour = np.minimum(hour, days * 24 - 1)
    if by_day:
        total = np.bincount(hour // 24, value, minlength=days)
        for day in np.flatnonzero(total):
            first = day % 7 * 24
            into[day, first : first + 24] += total[day] / 24
        return
    total = np.bincount(hour, value, minlength=days * 24).reshape(days, 24)
    for weekday in range(7):
        into[weekday::7, weekday * 24 : weekday * 24 + 24] += total[weekday::7]


def _before(values: Cells) -> Cells:
    """Sums over the days before each day."""
    result = np.zeros_like(values)
    np.cumsum(values[:, :-1], axis=1, out=result[:, 1:])
    return result


def _rate(seen: Cells, expected: Cells) -> Cells:
    result: Cells = ((seen.sum(1) + 4 * cal.TRUST) / (expected.sum(1) + 4 * cal.TRUST))[:, None]
    return result


def _hours(seen: Cells, expected: Cells) -> Cells:
    days = len(seen)
    by_hour = (seen.reshape(days, 7, 24).sum(1) + cal.TRUST) / (expected.reshape(days, 7, 24).sum(1) + cal.TRUST)
    return np.tile(by_hour, (1, 7))
