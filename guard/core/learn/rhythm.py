"""Jobs that come back by themselves: silences of most of a week or more that last about as long as one of the latest did. Pure.

Hours and weekdays are the calendar's; what comes every week, fortnight or month shows in lengths that repeat. The guard weighs two
explanations of an endpoint's long silences: each lasts about as long as one of the last four (months differ by three days, and jobs
start late), or their lengths are what the law makes of them. The odds between the two move with every long silence that ends, by
Bayes' rule; a length that repeats is rare under a heavy-tailed law, so that two repeats say nearly everything. One number and four
lengths an endpoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

from guard.core.learn.ages import EDGES, WIDTH, bin_of

FROM_BIN = 44
FROM = EDGES[FROM_BIN]
"""128 hours, seconds. Jobs come by the day, the week or the month: the silence of a weekly one is longer than five days, and what
is shorter (nights, weekends) is the calendar's."""

KEPT = 4
"""Lengths remembered: the months of a third of a year, or the two halves of a fortnightly pattern twice."""

SPREAD = 0.035
"""Scale of the logistic spread around a length, in e-folds: 6 % standard deviation. Months differ by 10 % at most."""

MISSES = 0.05
"""Share of a regular job's silences that last some other time all the same (holidays, a retry by hand)."""

BEFORE = log((1 / 3) / (2 / 3))
"""Log-odds before anything repeated: of the endpoints that rest for most of a week and are called again, one in three is called by
a job. Where there is no rhythm, anything from none to one in three gives the same savings (benchmarks/backtest.md)."""

MOST = 5.0
"""The odds never go beyond e^5 (150 to 1), so that a job that has ended or moved is believed soon."""

MATTERS = 0.02
"""Below this chance of a rhythm the law alone decides."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The latest long silences of one endpoint (seconds, oldest first) and the log-odds that they repeat."""

    lengths: tuple[float, ...] = ()
    odds: float = BEFORE

    @property
    def chance(self) -> float:
        """The chance that the next long silence lasts about as long as one of these."""
        return (1 - MISSES) / (1 + exp(-self.odds)) if self.lengths else 0.0

    def after(self, length: float, rates: Sequence[float]) -> Rhythm:
        """Return the rhythm after a silence that has ended; `rates` is the law (returns per e-fold of age, by bin)."""
        if length <= FROM:
            return self
        odds = self.odds
        if self.lengths:
            by_law = max(density(length, rates), 1e-9)
            repeat = sum(bell(log(length / one) / SPREAD) for one in self.lengths) / len(self.lengths) / SPREAD
            odds += log(((1 - MISSES) * repeat + MISSES * by_law) / by_law)
        return Rhythm((*self.lengths, length)[-KEPT:], min(max(odds, -MOST), MOST))

    def lasting(self, *ages: float) -> list[float]:
        """Return the chances that a silence longer than FROM lasts longer than each age (seconds) if it repeats one of these."""
        scaled = [log(one) / SPREAD for one in self.lengths]
        least = log(FROM) / SPREAD
        shares = [
            (1 + exp(least - one)) / len(scaled) for one in scaled
        ]  # over the chance to last longer than FROM at all
        return [
            sum(share / (1 + exp(age - one)) for share, one in zip(shares, scaled, strict=True))
            for age in [log(age) / SPREAD for age in ages]
        ]

    def from_age(self, age: float, rates: Sequence[float]) -> float:
        """Return the chance of a rhythm once a silence has lasted `age`, at least FROM: what has not come speaks against it."""
        (lasts,) = self.lasting(age)
        repeats = self.chance * lasts
        others = (1 - self.chance) * survival(age, rates)
        return repeats / (repeats + others) if repeats > 0 else 0.0


def survival(age: float, rates: Sequence[float]) -> float:
    """Return the law's chance that a silence longer than FROM lasts longer than `age`; hours of the week left out."""
    k = bin_of(age)
    passed = sum(rates[FROM_BIN:k]) * WIDTH + rates[k] * log(max(age, EDGES[k]) / EDGES[k])
    return exp(-passed)


def density(age: float, rates: Sequence[float]) -> float:
    """Return the law's density of the length of a silence longer than FROM, per e-fold of age."""
    return rates[bin_of(age)] * survival(age, rates)


def bell(z: float) -> float:
    """The logistic density at `z` scales from the middle."""
    weight = exp(-abs(z))
    return weight / (1 + weight) ** 2


NONE = Rhythm()
