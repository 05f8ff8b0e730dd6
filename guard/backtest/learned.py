"""The learned wait for every silence of a history at once: the same rule as `core.learn`, step by step, as arrays.

Strictly online: the wait of a silence reads the endpoint's silences that ended before it began, and the fleet's days before
the day on which it began. `tests/backtest` compares it with `core.learn` silence by silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from guard.backtest.rhythms import rhythms_of
from guard.backtest.silences import Flags, Floats, Indices, Silences
from guard.backtest.tables import EDGE, GROUP, MIDDLE, Calendars, Cells, calendars_of, rates_by_day, smooth
from guard.core.learn import decision
from guard.core.learn import endpoint as own
from guard.core.learn.ages import BINS, bin_of
from guard.core.learn.calendar import DAY
from guard.core.learn.decision import OWN_WEIGHT, WORST_CASE, trusted_from, waits_tried
from guard.core.learn.rhythm import FROM

ROWS = 20_000
"""Silences handled at a time: 64 bins of eight bytes each, a few tables of it, stay within a hundred megabytes."""


@dataclass(frozen=True, slots=True)
class Switches:
    """Parts of the rule that an ablation may switch off; all on in earnest.

    `foreseen` is an experiment: the law and the calendar of the whole history are known beforehand, an endpoint's own future
    is not. What it saves bounds what can be won by learning the fleet's law sooner or better.
    """

    pooling: bool = True
    censoring: bool = True
    calendar: bool = True
    own: bool = True
    kinds: bool = True
    rhythm: bool = True
    foreseen: bool = False


ALL = Switches()


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked: a break-even wait (seconds), the worst case allowed, and of which endpoints (None: of all)."""

    ratio: float
    worst_case: float = WORST_CASE
    endpoints: Flags | None = None


def learned_waits(
    silences: Silences,
    ratios: Sequence[float],
    *,
    worst_case: float = WORST_CASE,
    switches: Switches = ALL,
    reached_only: bool = False,
) -> list[Floats]:
    """Return, for each break-even wait of `ratios` (seconds), the learned wait of each silence in seconds.

    With `reached_only`, a silence too short to reach the shortest wait that is allowed carries that one: no money depends on it.
    """
    asks = [Ask(ratio, worst_case) for ratio in ratios]
    return asked_waits(silences, asks, switches=switches, reached_only=reached_only)


def asked_waits(
    silences: Silences, asks: Sequence[Ask], *, switches: Switches = ALL, reached_only: bool = False
) -> list[Floats]:
    """Return the learned waits for each ask (seconds); the silences of endpoints that it does not ask for carry its shortest."""
    days = int(silences.end.max() // DAY) + 2 if len(silences.end) else 1
    told = silences.returned if not switches.censoring else np.ones(len(silences.start), bool)
    calendars = _calendars(silences, days, told, switches)
    kind, kinds = silences.kinds
    tally = [np.zeros((kinds, days, BINS)) for _ in range(3)]
    grids = [waits_tried(ask.ratio, ask.worst_case) for ask in asks]
    results = [np.full(len(silences.start), ages[0]) for ages, _ in grids]
    shortest = min((ages[0] for ages, _ in grids), default=np.inf) if reached_only else 0.0
    for rows in _chunks(silences):
        sums = _passages(silences, rows, told, calendars).by_day(kind[silences.endpoint[rows]], tally[0].shape)
        for total, values in zip(tally, sums, strict=True):
            np.add(total, values, out=total)
    law = _law(tally, switches)
    long = any(ages[-1] > FROM for ages, _ in grids)
    rhythms = rhythms_of(silences, law, kind) if switches.rhythm and long else None
    for rows in _chunks(silences):  # once more: keeping every record would take a kilobyte a silence
        passages = _passages(silences, rows, told, calendars)
        chosen, returns, exposure = _own_records(silences, rows, passages, shortest)
        begun = silences.start[chosen]
        day = (begun // DAY).astype(np.intp)
        of_kind = law[kind[silences.endpoint[chosen]], day]
        rates = of_kind
        if switches.own:
            factor = (smooth(returns, own.SHARED) + OWN_WEIGHT) / (smooth(exposure * rates, own.SHARED) + OWN_WEIGHT)
            rates = rates * factor
        for (ages, bins), ask, result in zip(grids, asks, results, strict=True):
            reach = silences.length[chosen] > (ages[0] if reached_only else 0.0)
            if ask.endpoints is not None:
                reach &= ask.endpoints[silences.endpoint[chosen]]
            if reach.any():
                asked = np.array(ages)
                lasts, paid = _by_law(asked, np.array(bins, np.intp), begun[reach], day[reach], rates[reach], calendars)
                if rhythms is not None:
                    rhythms.of(chosen[reach]).mixed(asked, of_kind[reach], lasts, paid)
                result[chosen[reach]] = _cheapest(asked, paid + ask.ratio * lasts)
    for ask, (ages, _), result in zip(asks, grids, results, strict=True):
        trusted = 0.0 if switches.foreseen else trusted_from(silences.began, ask.ratio)
        result[silences.start < trusted] = ages[-1]
    return results


@dataclass(frozen=True, slots=True)
class _Passages:
    """Completed passages of some silences through the bins, one row each: exposure, and whether the return fell there."""

    row: Indices
    bin: Indices
    day: Indices
    exposure: Floats
    ended: Flags
    silences: int

    def by_day(self, kind: Indices, shape: tuple[int, ...]) -> Iterator[Cells]:
        """The sums by kind, day and bin; `kind` is each silence's."""
        cell = (kind[self.row] * shape[1] + self.day) * BINS + self.bin
        for values in (self.ended, self.exposure, None):
            yield np.bincount(cell, values, minlength=prod(shape)).reshape(shape).astype(np.float64)

    def dense(self) -> tuple[Cells, Cells, Cells]:
        """Exposure, passages completed and returns by silence and bin."""
        cell, shape = self.row * BINS + self.bin, (self.silences, BINS)
        exposure, done, ended = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        exposure.ravel()[cell], done.ravel()[cell], ended.ravel()[cell] = self.exposure, 1.0, self.ended
        return exposure, done, ended


def _passages(silences: Silences, rows: slice, told: Flags, calendars: Calendars) -> _Passages:
    start, length, returned = silences.start[rows, None], silences.length[rows, None], silences.returned[rows, None]
    first, last = own.first_bin(silences.resolution), bin_of(float(length.max())) + 1
    bins = slice(first, last)  # no silence here passes through any other
    entered, upper = EDGE[:-1][bins], EDGE[1:][bins]
    inside = (length > entered) & told[rows, None]
    whole = length > upper
    ended = inside & ~whole & returned
    done = ended | (inside & whole)
    row, k = np.nonzero(done)
    begun = start[row, 0]
    at = begun + np.minimum(upper[k], length[row, 0])
    when = np.minimum((at // DAY).astype(np.intp), calendars.factors.shape[1] - 1)
    group = GROUP[bins][k]
    passed = calendars.until(group, when, at) - calendars.until(group, when, begun + entered[k])
    return _Passages(row, k + first, when, passed / MIDDLE[bins][k], ended[row, k], len(told[rows]))


def _law(tally: Sequence[Cells], switches: Switches) -> Cells:
    """The law of each kind and day from the day's tallies."""
    told = tally if switches.pooling else [np.zeros_like(total) for total in tally]
    law = rates_by_day(*told, kinds=switches.kinds)
    return np.repeat(law[:, -1:], law.shape[1], axis=1) if switches.foreseen else law


def _own_records(silences: Silences, rows: slice, passages: _Passages, shortest: float) -> tuple[Indices, Cells, Cells]:
    """Return the silences that may reach a wait, with each one's own record before it began."""
    endpoint = silences.endpoint[rows]
    base = int(endpoint[0])
    first = np.searchsorted(endpoint, np.arange(base, int(endpoint[-1]) + 1))
    place = np.arange(len(endpoint)) - first[endpoint - base]
    held = np.zeros((len(first), BINS))
    passed = np.zeros((len(first), BINS))
    wanted = silences.length[rows] > shortest
    position = np.cumsum(wanted) - 1
    returns, exposure = np.zeros((int(wanted.sum()), BINS)), np.zeros((int(wanted.sum()), BINS))
    exposures, done, ended = passages.dense()
    order = np.argsort(place, kind="stable")
    for step in np.split(order, np.flatnonzero(np.diff(place[order])) + 1):
        who = endpoint[step] - base
        kept = 1 - own.FORGET * done[step]
        before_held, before_passed = held[who], passed[who]
        read = wanted[step]
        returns[position[step[read]]], exposure[position[step[read]]] = before_held[read], before_passed[read]
        held[who] = before_held * kept + ended[step]
        passed[who] = before_passed * kept + exposures[step]
    return np.flatnonzero(wanted) + rows.start, returns, exposure


def _by_law(
    ages: Floats, bins: Indices, begun: Floats, day: Indices, rates: Cells, calendars: Calendars
) -> tuple[Cells, Cells]:
    """Return each silence's chance to last longer than each wait of the grid, and the idle time paid until then (seconds)."""
    group = GROUP[bins]
    hits = rates[:, bins] / MIDDLE[bins]
    for which in np.unique(group):  # the bins of one calendar follow one another
        steps = np.flatnonzero(group == which)
        at = begun[:, None] + ages[steps[0] : steps[-1] + 2]
        hits[:, steps] *= np.diff(calendars.until(np.array(which), day[:, None], at), axis=1)
    lasts = np.ones((len(begun), len(ages)))
    np.exp(-np.cumsum(hits, axis=1), out=lasts[:, 1:])
    before, after = lasts[:, :-1], lasts[:, 1:]
    share = np.divide(before - after, hits, out=before.copy(), where=hits > 1e-9)
    share *= np.diff(ages)
    paid = np.zeros(lasts.shape)
    np.cumsum(share, axis=1, out=paid[:, 1:])
    return lasts, paid


def _cheapest(ages: Floats, cost: Cells) -> Floats:
    """Return the cheapest wait for each silence; see `core.learn.decision.wait_seconds`."""
    enough = cost.min(axis=1, keepdims=True) * (1 + decision.TIE)
    longest: Floats = ages[len(ages) - 1 - (cost <= enough)[:, ::-1].argmax(axis=1)]
    return longest


def _chunks(silences: Silences) -> Iterator[slice]:
    """Cut the silences between endpoints into pieces of about ROWS."""
    total = len(silences.endpoint)
    borders = np.append(np.flatnonzero(np.diff(silences.endpoint)) + 1, total)
    start = 0
    while start < total:
        stop = int(borders[np.searchsorted(borders, min(start + ROWS, total))])
        yield slice(start, stop)
        start = stop


def _calendars(silences: Silences, days: int, told: Flags, switches: Switches) -> Calendars:
    use = told if switches.calendar else np.zeros(len(told), bool)
    found = calendars_of(
        silences.start[use],
        silences.length[use],
        silences.returned[use],
        days=days,
        resolution=silences.resolution,
    )
    if switches.foreseen:
        return Calendars(np.repeat(found.factors[:, -1:], days, axis=1), np.repeat(found.sums[:, -1:], days, axis=1))
    return found
