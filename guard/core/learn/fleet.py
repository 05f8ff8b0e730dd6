"""What the whole fleet teaches: how fast silences of each age end, and when in the week. Pure; bounded; grows by the day.

The law is kept as *returns per e-fold of age*, by bin: 1 means that the rate of return falls as one over the age, the
scale-free law under which break-even is exactly the best wait. Before anything is seen the law says 2: careful, it keeps longer.
A silence that still lasts counts with the ages it has passed and without a return (censored); that is why the law does not
believe that everybody comes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from guard.core.learn.ages import BINS, WIDTH, smoothed
from guard.core.learn.calendar import DAY, EVEN, HOURS, LONG, Calendar, HourTable, calendar_of, fit

BELIEF = 2.0
"""Returns per e-fold of age that are believed before anything was seen: with nothing known the wait is twice break-even."""

WEIGHT = 30.0 * WIDTH
"""The belief weighs as much as this many returns in a bin and its neighbours together."""

SHARED = 0.8
"""How much of a bin's record its neighbour takes as its own (half an octave away: 0.64)."""

FORGET = 0.0025
"""Each passage through a bin takes this share of what the bin held: about 400 passages are remembered."""


@dataclass(frozen=True, slots=True)
class FleetLaw:
    """The law in force from one midnight to the next: `rates` are returns per e-fold of age by bin.

    `day` counts days from instant 0 (UTC midnight of the epoch); `watched_since` is the first instant of the record, seconds.
    """

    day: int
    rates: tuple[float, ...]
    calendars: tuple[Calendar, Calendar]
    watched_since: float

    def calendar(self, k: int) -> Calendar:
        """Return the calendar that holds in bin `k`."""
        return self.calendars[1] if k >= LONG else self.calendars[0]


@dataclass(slots=True)
class Tally:
    """One day's passages of all endpoints: a plain sum, so that their order does not matter. Filled, then closed."""

    returns: list[float] = field(default_factory=lambda: [0.0] * BINS)
    exposure: list[float] = field(default_factory=lambda: [0.0] * BINS)
    passages: list[int] = field(default_factory=lambda: [0] * BINS)
    seen: tuple[list[float], list[float]] = field(default_factory=lambda: ([0.0] * HOURS, [0.0] * HOURS))
    expected: tuple[list[float], list[float]] = field(default_factory=lambda: ([0.0] * HOURS, [0.0] * HOURS))


@dataclass(frozen=True, slots=True)
class FleetState:
    """The fleet's record up to the midnight that opened `day`, and the laws of the days on which open silences began."""

    day: int
    watched_since: float
    returns: tuple[float, ...] = (0.0,) * BINS
    exposure: tuple[float, ...] = (0.0,) * BINS  # weighed seconds over the bin's middle age: e-folds, about
    hours: tuple[HourTable, HourTable] = (HourTable(), HourTable())
    laws: Mapping[int, FleetLaw] = field(default_factory=dict)

    @property
    def law(self) -> FleetLaw:
        """The law in force today."""
        return self.laws[self.day]

    def law_at(self, at: float) -> FleetLaw:
        """Return the law that was in force at `at` (seconds); the nearest kept one where that day's is not kept."""
        day = int(at // DAY)
        if day in self.laws:
            return self.laws[day]
        older = [kept for kept in self.laws if kept < day]
        return self.laws[max(older)] if older else self.laws[min(self.laws)]

    def closed(self, tally: Tally, *, keep_days: Iterable[int] = ()) -> FleetState:
        """Return the state of the next day: today's tally learned, the laws of `keep_days` and the last one kept."""
        returns, exposure = list(self.returns), list(self.exposure)
        for k, passages in enumerate(tally.passages):
            if passages:
                kept = (1 - FORGET) ** passages
                returns[k] = returns[k] * kept + tally.returns[k]
                exposure[k] = exposure[k] * kept + tally.exposure[k]
        hours = (
            self.hours[0].plus(tally.seen[0], tally.expected[0]),
            self.hours[1].plus(tally.seen[1], tally.expected[1]),
        )
        day = self.day + 1
        law = FleetLaw(day, rates_of(returns, exposure), fit(*hours), self.watched_since)
        laws = {kept: self.laws[kept] for kept in {*keep_days, self.day} if kept in self.laws}
        return FleetState(day, self.watched_since, tuple(returns), tuple(exposure), hours, {**laws, day: law})

    def to_json(self) -> dict[str, Any]:
        """Return a JSON document; `from_json` gives the same state back."""
        return {
            "day": self.day,
            "watched_since": self.watched_since,
            "returns": list(self.returns),
            "exposure": list(self.exposure),
            "hours": [{"seen": list(table.seen), "expected": list(table.expected)} for table in self.hours],
            "laws": [
                {"day": law.day, "rates": list(law.rates), "factors": [list(c.factors) for c in law.calendars]}
                for law in self.laws.values()
            ],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> FleetState:
        """Return the state that `to_json` wrote; raises KeyError or ValueError for anything else."""
        since = float(document["watched_since"])
        short, long = (HourTable(tuple(table["seen"]), tuple(table["expected"])) for table in document["hours"])
        laws = {}
        for entry in document["laws"]:
            first, second = (calendar_of(factors) for factors in entry["factors"])
            laws[entry["day"]] = FleetLaw(entry["day"], tuple(entry["rates"]), (first, second), since)
        return cls(
            int(document["day"]), since, tuple(document["returns"]), tuple(document["exposure"]), (short, long), laws
        )


def new_fleet(watched_since: float) -> FleetState:
    """Return the state of a fleet whose record begins at `watched_since` (seconds)."""
    day = int(watched_since // DAY)
    law = FleetLaw(day, rates_of((0.0,) * BINS, (0.0,) * BINS), (EVEN, EVEN), watched_since)
    return FleetState(day, watched_since, laws={day: law})


def rates_of(returns: Iterable[float], exposure: Iterable[float]) -> tuple[float, ...]:
    """Return the law's rates from a record: each bin with its neighbours, drawn towards the belief."""
    seen, passed = smoothed(list(returns), SHARED), smoothed(list(exposure), SHARED)
    return tuple((a + WEIGHT) / (b + WEIGHT / BELIEF) for a, b in zip(seen, passed, strict=True))
