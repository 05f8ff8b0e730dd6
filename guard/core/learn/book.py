"""The fleet's learning book: all states together, moved on day by day. Pure: a new book for each day; nothing is re-read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from guard.core.learn.calendar import DAY
from guard.core.learn.decision import EPOCH, LearnedWait, decide
from guard.core.learn.endpoint import EndpointState, still_silent, used
from guard.core.learn.fleet import MOST_KINDS, FleetState, Tally, new_fleet

NEW = EndpointState()

GONE = 30 * DAY
"""How long what an endpoint taught is kept for itself after its machines were seen last, seconds. A scaled-down one may come back;
what the fleet has learned from it stays."""


class Use(NamedTuple):
    """One use of one endpoint, [began, ended), seconds from the epoch."""

    endpoint: str
    began: float
    ended: float


class Ask(Protocol):
    """Asks for one subject's wait, given its break-even wait and its floor; None: nothing is known of it yet."""

    def __call__(self, *, ratio: timedelta, floor: timedelta) -> LearnedWait | None: ...


@dataclass(frozen=True, slots=True)
class Book:
    """States of all endpoints and of the fleet. `resolution`: the shortest silence that the record shows, seconds."""

    fleet: FleetState
    endpoints: Mapping[str, EndpointState] = field(default_factory=dict)
    resolution: float = 3600.0

    def after_day(
        self,
        uses: Iterable[Use],
        kinds: Mapping[str, str] | None = None,
        watched_until: Mapping[str, float] | None = None,
    ) -> Book:
        """Return the book after the day that is open, given that day's uses of all endpoints, in order of their beginning.

        `kinds` names the kind of each endpoint; one that is not in it keeps the kind that it had. `watched_until` gives the end
        of each one's record (seconds): the silence of one that is gone teaches nothing from then on, and one whose record is not
        there any more, or ended a month ago, is forgotten. Without it everything is there.
        """
        law, tally = self.fleet.law, Tally()
        endpoints = dict(self.endpoints)
        told_apart = set(self.fleet.kinds)
        for use in uses:
            state = endpoints.get(use.endpoint, NEW)
            kind = kinds.get(use.endpoint, state.kind) if kinds else state.kind
            if kind != state.kind and (kind in told_apart or len(told_apart) < MOST_KINDS):
                told_apart.add(kind)
                state = replace(state, kind=kind)
            endpoints[use.endpoint] = used(state, law, tally, use.began, use.ended, resolution=self.resolution)
        midnight = (self.fleet.day + 1) * DAY
        if watched_until is not None:
            endpoints = {
                name: state
                for name, state in endpoints.items()
                if name in watched_until and watched_until[name] > midnight - GONE
            }
        for name, state in endpoints.items():
            seen = midnight if watched_until is None else min(midnight, watched_until[name])
            endpoints[name] = still_silent(state, law, tally, seen, resolution=self.resolution)
        open_since: dict[int, set[str]] = {}
        for state in endpoints.values():
            if state.silent_since is not None:
                open_since.setdefault(int(state.silent_since // DAY), set()).add(state.kind)
        return replace(self, fleet=self.fleet.closed(tally, keep=open_since), endpoints=endpoints)

    def ask(self, endpoint: str, silence_began_at: datetime, worst_case: Decimal) -> Ask:
        """Return what asks for one endpoint's wait; `silence_began_at` is the end of its last use, aware."""

        def answer(*, ratio: timedelta, floor: timedelta) -> LearnedWait | None:
            state = self.endpoints.get(endpoint)
            if state is None or ratio <= timedelta(0):
                return None
            if (silence_began_at - EPOCH).total_seconds() < self.fleet.watched_since:
                return None
            return decide(
                state,
                self.fleet,
                ratio=ratio,
                silence_began_at=silence_began_at,
                now=silence_began_at,
                worst_case=max(worst_case, Decimal(2)),
                floor=floor,
            )

        return answer

    def to_json(self) -> dict[str, Any]:
        """Return a JSON document; `from_json` gives the same book back."""
        return {
            "resolution": self.resolution,
            "fleet": self.fleet.to_json(),
            "endpoints": {name: state.to_json() for name, state in self.endpoints.items()},
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Book:
        """Return the book that `to_json` wrote; raises KeyError or ValueError for anything else."""
        endpoints = {name: EndpointState.from_json(entry) for name, entry in document["endpoints"].items()}
        return cls(FleetState.from_json(document["fleet"]), endpoints, float(document["resolution"]))


def new_book(watched_since: float, *, resolution: float = 3600.0) -> Book:
    """Return the empty book of a fleet that is watched from `watched_since` (seconds) on."""
    return Book(new_fleet(watched_since), resolution=resolution)
