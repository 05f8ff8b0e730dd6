"""Each silence's rhythm at its beginning, for a whole history at once: what `core.learn.rhythm` keeps silence by silence."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np

from guard.backtest.silences import Floats, Indices, Silences
from guard.backtest.tables import EDGE, Cells
from guard.core.learn import rhythm
from guard.core.learn.ages import BINS, WIDTH
from guard.core.learn.calendar import DAY
from guard.core.learn.rhythm import FROM, FROM_BIN


@dataclass(frozen=True, slots=True)
class Rhythms:
    """By silence: the latest long silences of its endpoint before it (seconds; NaN: fewer) and the odds that they repeat."""

    lengths: Cells
    odds: Floats

    def of(self, rows: Indices) -> Rhythms:
        """Return those of some silences."""
        return Rhythms(self.lengths[rows], self.odds[rows])

    def mixed(self, ages: Floats, rates: Cells, lasts: Cells, paid: Cells) -> None:
        """Mix the chance of a rhythm into each silence's chances to last and idle time paid, in place."""
        start = max(bisect_left(ages.tolist(), FROM * (1 - 1e-9)), 0)
        if ages[-1] <= FROM:
            return
        rows = np.flatnonzero(~np.isnan(self.lengths[:, -1]))
        begin = max(float(ages[start]), FROM)
        here = self._lasting(np.array([begin]), rows)[:, 0]
        chance = (1 - rhythm.MISSES) / (1 + np.exp(-self.odds[rows]))
        repeats, others = chance * here, 1 - chance
        if begin > FROM:
            others = others * survival(np.full(len(rows), begin), rates[rows])
        chance = np.where(repeats > 0, repeats / np.where(repeats > 0, repeats + others, 1.0), 0.0)
        matters = chance >= rhythm.MATTERS
        rows, chance, here = rows[matters], chance[matters, None], here[matters, None]
        if not len(rows):
            return
        base, later = lasts[rows, start : start + 1], slice(start + 1, None)
        stays = np.concatenate([np.ones((len(rows), 1)), self._lasting(ages[later], rows) / here], axis=1)
        steps = base * chance * np.diff(ages[start:]) * (stays[:, :-1] + stays[:, 1:]) / 2
        law_steps = (1 - chance) * np.diff(paid[rows, start:], axis=1)
        paid[rows, later] = paid[rows, start : start + 1] + np.cumsum(law_steps + steps, axis=1)
        lasts[rows, later] = base * chance * stays[:, 1:] + (1 - chance) * lasts[rows, later]

    def _lasting(self, ages: Floats, rows: Indices) -> Cells:
        lengths = self.lengths[rows]
        held = ~np.isnan(lengths)
        lengths = np.where(held, lengths, FROM)
        total = np.zeros((len(rows), len(ages)))
        for place in range(lengths.shape[1]):
            one = lengths[:, place, None]
            tail = _tail(np.log(ages[None, :] / one) / rhythm.SPREAD) / _tail(np.log(FROM / one) / rhythm.SPREAD)
            total += np.where(held[:, place, None], tail, 0.0)
        result: Cells = total / held.sum(1)[:, None]
        return result


def rhythms_of(silences: Silences, law: Cells, kind: Indices) -> Rhythms:
    """Return the rhythm of each silence; `law` holds rates by kind, day and bin, `kind` the kind of each endpoint."""
    total = len(silences.start)
    lengths, odds = np.full((total, rhythm.KEPT), np.nan), np.full(total, rhythm.BEFORE)
    long = np.flatnonzero(silences.returned & (silences.length > FROM))
    if not len(long):
        return Rhythms(lengths, odds)
    after_lengths, after_odds = _after(silences, law, kind, long)
    earlier = (
        np.searchsorted(long, np.arange(total)) - 1
    )  # the latest long silence before each row, if it is its endpoint's
    own = (earlier >= 0) & (silences.endpoint[long[np.maximum(earlier, 0)]] == silences.endpoint)
    lengths[own], odds[own] = after_lengths[earlier[own]], after_odds[earlier[own]]
    return Rhythms(lengths, odds)


def survival(ages: Floats, rates: Cells) -> Floats:
    """Return the law's chance that a silence longer than FROM lasts longer than `ages`, row by row."""
    k = np.minimum(np.searchsorted(EDGE, ages * (1 + 1e-12), side="right") - 1, BINS - 1)
    passed = np.cumsum(np.where(np.arange(BINS) >= FROM_BIN, rates, 0.0), axis=1) * WIDTH
    row = np.arange(len(k))
    inside = rates[row, k] * np.log(np.maximum(ages, EDGE[k]) / EDGE[k])
    lasts: Floats = np.exp(-(passed[row, k] - np.where(k >= FROM_BIN, rates[row, k] * WIDTH, 0.0) + inside))
    return lasts


def _after(silences: Silences, law: Cells, kind: Indices, long: Indices) -> tuple[Cells, Floats]:
    """The state after each long silence: a loop over the first, second, third of every endpoint, a vector over endpoints."""
    endpoint, length = silences.endpoint[long], silences.length[long]
    day = np.minimum(((silences.start[long] + length) // DAY).astype(np.intp), law.shape[1] - 1)
    by_law = np.empty(len(long))
    for part in np.array_split(np.arange(len(long)), max(1, len(long) // 50_000)):
        rates = law[kind[endpoint[part]], day[part]]
        k = np.minimum(np.searchsorted(EDGE, length[part] * (1 + 1e-12), side="right") - 1, BINS - 1)
        by_law[part] = np.maximum(rates[np.arange(len(part)), k] * survival(length[part], rates), 1e-9)
    first = np.searchsorted(endpoint, endpoint)
    place = np.arange(len(long)) - first
    held = np.full((len(silences.names), rhythm.KEPT), np.nan)
    odds = np.full(len(silences.names), rhythm.BEFORE)
    after_lengths, after_odds = np.empty((len(long), rhythm.KEPT)), np.empty(len(long))
    order = np.argsort(place, kind="stable")
    for step in np.split(order, np.flatnonzero(np.diff(place[order])) + 1):
        who = endpoint[step]
        if place[step[0]]:
            known = held[who]
            repeat = np.nanmean(_bell(np.log(length[step, None] / known) / rhythm.SPREAD), axis=1) / rhythm.SPREAD
            weighed = ((1 - rhythm.MISSES) * repeat + rhythm.MISSES * by_law[step]) / by_law[step]
            odds[who] += np.log(weighed)
        odds[who] = np.clip(odds[who], -rhythm.MOST, rhythm.MOST)
        held[who] = np.concatenate([held[who, 1:], length[step, None]], axis=1)
        after_lengths[step], after_odds[step] = held[who], odds[who]
    return after_lengths, after_odds


def _bell(z: Cells) -> Cells:
    weight = np.exp(-np.abs(z))
    result: Cells = weight / (1 + weight) ** 2
    return result


def _tail(z: Cells) -> Cells:
    result: Cells = np.where(z > 0, np.exp(-np.abs(z)), 1.0) / (1 + np.exp(-np.abs(z)))
    return result
