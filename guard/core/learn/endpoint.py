"""What one endpoint's own past teaches: its passages through the ages of silence, in a state of fixed size. Pure.

A passage is one silence going through one bin: it either ended there (a return) or went on. Forgetting goes by passages, not by
the calendar: a busy endpoint's seconds are forgotten within days, a job that comes once a month is remembered for years.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from guard.core.learn.ages import BINS, EDGES, MIDDLES, smoothed
from guard.core.learn.calendar import FROM_AGE, HOUR, HOURS, LONG, UNTIL_AGE, expected_by_hour
from guard.core.learn.fleet import FleetLaw, Tally
from guard.core.learn.rhythm import BEFORE, NONE, Rhythm

FORGET = 0.03
"""Each passage takes this share of what its bin held: about 33 passages of each age are remembered."""

SHARED = 0.85
"""How much of a bin's record its neighbour takes as its own."""

NOTHING = (0.0,) * BINS


@dataclass(frozen=True, slots=True)
class EndpointState:
    """One endpoint's record; instants in seconds, exposure in weighed seconds over the bin's middle age.

    `silent_since` is the end of the last use, None before the first one. `bins_done`, `age_done` and `open_exposure` say how
    much of the silence that lasts the fleet has been told. `smooth_returns` is what a decision reads. `kind` names those whose
    record stands between its own and the fleet's; `rhythm` holds its long silences.
    """

    returns: tuple[float, ...] = NOTHING
    exposure: tuple[float, ...] = NOTHING
    smooth_returns: tuple[float, ...] = NOTHING
    silent_since: float | None = None
    bins_done: int = 0
    age_done: float = 0.0
    gaps_seen: int = 0
    open_exposure: tuple[float, ...] = ()
    kind: str = ""
    rhythm: Rhythm = NONE

    def to_json(self) -> dict[str, Any]:
        """Return a JSON document (bins that hold nothing are left out); `from_json` gives the same state back."""
        return {
            "returns": {str(k): value for k, value in enumerate(self.returns) if value},
            "exposure": {str(k): value for k, value in enumerate(self.exposure) if value},
            "silent_since": self.silent_since,
            "bins_done": self.bins_done,
            "age_done": self.age_done,
            "gaps_seen": self.gaps_seen,
            "open_exposure": list(self.open_exposure),
            "kind": self.kind,
            "long_silences": list(self.rhythm.lengths),
            "rhythm_odds": self.rhythm.odds,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> EndpointState:
        """Return the state that `to_json` wrote; raises KeyError or ValueError for anything else."""
        returns = tuple(float(document["returns"].get(str(k), 0.0)) for k in range(BINS))
        return cls(
            returns,
            tuple(float(document["exposure"].get(str(k), 0.0)) for k in range(BINS)),
            tuple(smoothed(returns, SHARED)),
            document["silent_since"],
            int(document["bins_done"]),
            float(document["age_done"]),
            int(document["gaps_seen"]),
            tuple(float(value) for value in document["open_exposure"]),
            str(document.get("kind", "")),
            Rhythm(
                tuple(float(value) for value in document.get("long_silences", ())),
                float(document.get("rhythm_odds", BEFORE)),
            ),
        )


def used(
    state: EndpointState, law: FleetLaw, tally: Tally, began: float, ended: float, *, resolution: float = 0.0
) -> EndpointState:
    """Return the state after a use of [began, ended) seconds; ends the silence before it, if there was one.

    `resolution` is the shortest silence that the record can show (the length of a bucket; 0 for single requests).
    Uses come in order; one that begins before the last one ended only makes that one longer.
    """
    since = state.silent_since
    if since is not None and began > since:
        rhythm = state.rhythm.after(began - since, law.rates_of(state.kind))
        passed = _passages(state, law, tally, began, resolution, returned=True)
        state = replace(_ended(state, passed, resolution), rhythm=rhythm)
    elif since is not None and ended <= since:
        return state
    return replace(state, silent_since=ended, bins_done=0, age_done=0.0, open_exposure=())


def still_silent(
    state: EndpointState, law: FleetLaw, tally: Tally, until: float, *, resolution: float = 0.0
) -> EndpointState:
    """Return the state with the silence that lasts told to the fleet up to `until` (seconds): passed ages, no return.

    The endpoint's own record takes it only once it has ended, so that the wait of a silence does not change while it lasts.
    """
    if state.silent_since is None or until <= state.silent_since:
        return state
    passed = _passages(state, law, tally, until, resolution, returned=False)
    return replace(
        state,
        bins_done=max(state.bins_done, passed[-1][0] + 1) if passed else state.bins_done,
        age_done=until - state.silent_since,
        open_exposure=(*state.open_exposure, *(exposure for _, exposure, _ in passed)),
    )


def first_bin(resolution: float) -> int:
    """Return the first bin in which a record of this resolution (seconds) can show the end of a silence."""
    return min(bisect_left(EDGES, resolution, 1) - 1, BINS - 1)


def _passages(
    state: EndpointState, law: FleetLaw, tally: Tally, until: float, resolution: float, *, returned: bool
) -> list[tuple[int, float, bool]]:
    """Return the passages completed by `until` and not told yet (bin, exposure, ended there), and tell them to the fleet."""
    since = state.silent_since or 0.0
    age = until - since
    passed = []
    for k in range(max(state.bins_done, first_bin(resolution)), BINS):
        goes_on = age > EDGES[k + 1]
        if age <= EDGES[k] or not (goes_on or returned):
            break
        calendar = law.calendar(k)
        exposure = calendar.until(since + min(age, EDGES[k + 1])) - calendar.until(since + EDGES[k])
        passed.append((k, exposure / MIDDLES[k], not goes_on))
    if passed:
        told = tally.of(state.kind)
        for k, exposure, ended_here in passed:
            told.returns[k] += ended_here
            told.exposure[k] += exposure
            told.passages[k] += 1
    _tell_hours(tally, since, state.age_done, age, resolution, returned=returned)
    return passed


def _ended(state: EndpointState, passed: list[tuple[int, float, bool]], resolution: float) -> EndpointState:
    """Take the whole silence, which has ended, into the endpoint's own record."""
    if not passed and not state.open_exposure:
        return replace(state, gaps_seen=state.gaps_seen + 1)
    returns, exposures = list(state.returns), list(state.exposure)
    before = [(k, exposure, False) for k, exposure in enumerate(state.open_exposure, first_bin(resolution))]
    for k, exposure, ended_here in (*before, *passed):
        returns[k] = returns[k] * (1 - FORGET) + ended_here
        exposures[k] = exposures[k] * (1 - FORGET) + exposure
    return replace(
        state,
        returns=tuple(returns),
        exposure=tuple(exposures),
        smooth_returns=tuple(smoothed(returns, SHARED)),
        gaps_seen=state.gaps_seen + 1,
    )


def _tell_hours(tally: Tally, since: float, from_age: float, age: float, resolution: float, *, returned: bool) -> None:
    """Add to the day's hours of return, seen and expected; a record by the day knows weekdays only."""
    by_day = resolution > 12 * HOUR
    border = EDGES[LONG]
    for group, (lower, upper) in enumerate(((FROM_AGE, border), (border, UNTIL_AGE))):
        expected = tally.expected[group]
        for hour, value in expected_by_hour(since, max(from_age, lower, resolution), min(age, upper)):
            if by_day:
                _spread(expected, hour, value)
            else:
                expected[hour] += value
        if returned and max(lower, resolution) < age <= upper:
            hour = int((since + age) // HOUR) % HOURS
            if by_day:
                _spread(tally.seen[group], hour, 1.0)
            else:
                tally.seen[group][hour] += 1.0


def _spread(hours: list[float], hour: int, value: float) -> None:
    start = hour - hour % 24
    for h in range(start, start + 24):
        hours[h] += value / 24
