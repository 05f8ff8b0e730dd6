"""What the whole fleet teaches: how fast silences of each age end, and when in the week. Pure; bounded; grows by the day.

The law is kept as *returns per e-fold of age*, by bin: 1 means that the rate of return falls as one over the age, the
scale-free law under which break-even is exactly the best wait. Before anything is seen the law says 2: careful, it keeps longer.
A silence that still lasts counts with the ages it has passed and without a return (censored); that is why the law does not
believe that everybody comes back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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


MOST_KINDS = 12
"""Kinds told apart; what comes later stays with the fleet as a whole, so that the state is bounded."""


@dataclass(frozen=True, slots=True)
class FleetLaw:
    """The law in force from one midnight to the next: `rates` are returns per e-fold of age by bin.

    `day` counts days from instant 0 (UTC midnight of the epoch); `watched_since` is the first instant of the record, seconds.
    `kinds` holds the rates of each kind of endpoint, where there is more than one.
    """

    day: int
    rates: tuple[float, ...]
    calendars: tuple[Calendar, Calendar]
    watched_since: float
    kinds: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def rates_of(self, kind: str) -> tuple[float, ...]:
        """Return the rates of a kind; the whole fleet's where it has none of its own."""
        return self.kinds.get(kind, self.rates)

    def calendar(self, k: int) -> Calendar:
        """Return the calendar that holds in bin `k`."""
        return self.calendars[1] if k >= LONG else self.calendars[0]


@dataclass(slots=True)
class Passed:
    """One day's passages of the endpoints of one kind, by bin."""

    returns: list[float] = field(default_factory=lambda: [0.0] * BINS)
    exposure: list[float] = field(default_factory=lambda: [0.0] * BINS)
    passages: list[int] = field(default_factory=lambda: [0] * BINS)


@dataclass(slots=True)
class Tally:
    """One day's passages of all endpoints: a plain sum, so that their order does not matter. Filled, then closed."""

    kinds: dict[str, Passed] = field(default_factory=dict)
    seen: tuple[list[float], list[float]] = field(default_factory=lambda: ([0.0] * HOURS, [0.0] * HOURS))
    expected: tuple[list[float], list[float]] = field(default_factory=lambda: ([0.0] * HOURS, [0.0] * HOURS))

    def of(self, kind: str) -> Passed:
        """Return the sums of one kind, to be added to."""
        found = self.kinds.get(kind)
        if found is None:
            found = self.kinds[kind] = Passed()
        return found


@dataclass(frozen=True, slots=True)
class Record:
    """What is held of the passages of a fleet, or of a kind: returns, and exposure in e-folds (about), by bin."""

    returns: tuple[float, ...] = (0.0,) * BINS
    exposure: tuple[float, ...] = (0.0,) * BINS  # weighed seconds over the bin's middle age

    def after(self, passed: Iterable[Passed]) -> Record:
        """Return the record with a day's passages taken in, which push out a little of the old ones."""
        returns, exposure = list(self.returns), list(self.exposure)
        days = list(passed)
        for k in range(BINS):
            passages = sum(day.passages[k] for day in days)
            if passages:
                kept = (1 - FORGET) ** passages
                returns[k] = returns[k] * kept + sum(day.returns[k] for day in days)
                exposure[k] = exposure[k] * kept + sum(day.exposure[k] for day in days)
        return Record(tuple(returns), tuple(exposure))


@dataclass(frozen=True, slots=True)
class FleetState:
    """The fleet's record up to the midnight that opened `day`, and the laws of the days on which open silences began."""

    day: int
    watched_since: float
    record: Record = Record()
    kinds: Mapping[str, Record] = field(default_factory=dict)
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

    def closed(self, tally: Tally, *, keep: Mapping[int, Collection[str]] | None = None) -> FleetState:
        """Return the state of the next day: today's tally learned; the last law kept, and those of the days on which silences
        began that still last (`keep`: day -> the kinds of their endpoints).
        """
        record = self.record.after(tally.kinds.values())
        names = (*self.kinds, *(kind for kind in tally.kinds if kind not in self.kinds))
        kinds = {
            kind: self.kinds.get(kind, Record()).after([tally.kinds[kind]] if kind in tally.kinds else [])
            for kind in names
        }
        hours = (
            self.hours[0].plus(tally.seen[0], tally.expected[0]),
            self.hours[1].plus(tally.seen[1], tally.expected[1]),
        )
        day = self.day + 1
        law = FleetLaw(
            day, rates_of(record.returns, record.exposure), fit(*hours), self.watched_since, rates_of_kinds(kinds)
        )
        laws = {at: _only(self.laws[at], of) for at, of in (keep or {}).items() if at in self.laws and at != self.day}
        return FleetState(day, self.watched_since, record, kinds, hours, {**laws, self.day: self.law, day: law})

    def to_json(self) -> dict[str, Any]:
        """Return a JSON document; `from_json` gives the same state back."""
        return {
            "day": self.day,
            "watched_since": self.watched_since,
            "returns": list(self.record.returns),
            "exposure": list(self.record.exposure),
            "kinds": {
                kind: {"returns": list(record.returns), "exposure": list(record.exposure)}
                for kind, record in self.kinds.items()
            },
            "hours": [{"seen": list(table.seen), "expected": list(table.expected)} for table in self.hours],
            "laws": [
                {
                    "day": law.day,
                    "rates": list(law.rates),
                    "factors": [list(c.factors) for c in law.calendars],
                    "kinds": {kind: list(rates) for kind, rates in law.kinds.items()},
                }
                for law in self.laws.values()
            ],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> FleetState:
        """Return the state that `to_json` wrote; raises KeyError or ValueError for anything else.

        What was written before kinds were told apart goes on as one kind.
        """
        since = float(document["watched_since"])
        short, long = (HourTable(tuple(table["seen"]), tuple(table["expected"])) for table in document["hours"])
        laws = {}
        for entry in document["laws"]:
            first, second = (calendar_of(factors) for factors in entry["factors"])
            kinds = {kind: tuple(rates) for kind, rates in entry.get("kinds", {}).items()}
            laws[entry["day"]] = FleetLaw(entry["day"], tuple(entry["rates"]), (first, second), since, kinds)
        record = Record(tuple(document["returns"]), tuple(document["exposure"]))
        of_kinds = {
            kind: Record(tuple(held["returns"]), tuple(held["exposure"]))
            for kind, held in document.get("kinds", {"": document}).items()
        }
        return cls(int(document["day"]), since, record, of_kinds, (short, long), laws)


def _only(law: FleetLaw, kinds: Collection[str]) -> FleetLaw:
    """The law without the rates of kinds that nobody can ask for any more."""
    if all(kind in kinds for kind in law.kinds):
        return law
    return replace(law, kinds={kind: rates for kind, rates in law.kinds.items() if kind in kinds})


def new_fleet(watched_since: float) -> FleetState:
    """Return the state of a fleet whose record begins at `watched_since` (seconds)."""
    day = int(watched_since // DAY)
    law = FleetLaw(day, rates_of((0.0,) * BINS, (0.0,) * BINS), (EVEN, EVEN), watched_since)
    return FleetState(day, watched_since, laws={day: law})


def rates_of(returns: Iterable[float], exposure: Iterable[float]) -> tuple[float, ...]:
    """Return the law's rates from a record: each bin with its neighbours, drawn towards the belief."""
    seen, passed = smoothed(list(returns), SHARED), smoothed(list(exposure), SHARED)
    return tuple((a + WEIGHT) / (b + WEIGHT / BELIEF) for a, b in zip(seen, passed, strict=True))


def rates_of_kinds(kinds: Mapping[str, Record]) -> dict[str, tuple[float, ...]]:
    """Return each kind's rates: its own record, drawn towards what all the other kinds' say; nothing where there is one kind only.

    To a kind the rest of the fleet is what the belief is to the fleet, and weighs as much. Alone, a kind's rates would be the
    fleet's.
    """
    if len(kinds) < 2:
        return {}
    returns = [sum(values) for values in zip(*(record.returns for record in kinds.values()), strict=True)]
    exposure = [sum(values) for values in zip(*(record.exposure for record in kinds.values()), strict=True)]
    return {kind: _rates_of_kind(record, returns, exposure) for kind, record in kinds.items()}


def _rates_of_kind(record: Record, returns: Sequence[float], exposure: Sequence[float]) -> tuple[float, ...]:
    others = rates_of(
        [a - b for a, b in zip(returns, record.returns, strict=True)],
        [a - b for a, b in zip(exposure, record.exposure, strict=True)],
    )
    seen, passed = smoothed(record.returns, SHARED), smoothed(record.exposure, SHARED)
    return tuple((a + WEIGHT) / (b + WEIGHT / rate) for a, b, rate in zip(seen, passed, others, strict=True))
