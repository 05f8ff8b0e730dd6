"""From the wait that a rule gives to the removal that happens: floor, notice, act window, limits and the daemon's looks.

All of them run inside the wait and can only make it longer. Step by step, so that each one's price shows: the rule alone, then with
what the metrics' lag forces, then with the notice, then within the act window, then under the limits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from guard.backtest.openings import Openings, openings_of
from guard.backtest.silences import Floats, Indices, Silences
from guard.backtest.throttling import Candidates, throttled
from guard.core.rules import ActWindow


class Step(IntEnum):
    """How much of practice a replay takes in; each step holds those before it."""

    ALONE = 0
    FLOOR = 1
    NOTICE = 2
    WINDOW = 3
    LIMITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """How one policy acts; lengths in seconds.

    `floor` is what the metrics' lag and the longest request force, `look` the daemon's interval (0: it always looks). `group` names
    those who share the limits; `per_day` None: no limit.
    """

    floor: float = 0.0
    notice: float = 0.0
    look: float = 0.0
    window: ActWindow | None = None
    group: str = ""
    per_day: int | None = None
    per_project: int | None = None

    def upto(self, step: Step) -> Practice:
        """Return the practice with what belongs to later steps left out."""
        return replace(
            self,
            floor=self.floor if step >= Step.FLOOR else 0.0,
            look=self.look if step >= Step.FLOOR else 0.0,
            notice=self.notice if step >= Step.NOTICE else 0.0,
            window=self.window if step >= Step.WINDOW else None,
            per_day=self.per_day if step >= Step.LIMITS else None,
            per_project=self.per_project if step >= Step.LIMITS else None,
        )


@dataclass(frozen=True, slots=True)
class Practised:
    """The practice of each endpoint, and what decides between them: `price` (dearest first) and the project, by endpoint."""

    of: Sequence[Practice]
    price: Floats
    project: Indices

    def waits(self, silences: Silences, waits: Floats, step: Step = Step.LIMITS, *, offset: float = 0.0) -> Floats:
        """Return how long each silence really lasts before the removal; inf where its turn under the limits does not come.

        `offset` is added to the history's seconds to get seconds from the Unix epoch (a trace counts from its own beginning).
        """
        if step is Step.ALONE:
            return waits
        numbers: dict[Practice, int] = {}
        by_endpoint = [numbers.setdefault(practice.upto(step), len(numbers)) for practice in self.of]
        which = np.array(by_endpoint, np.intp)[silences.endpoint]
        ready = np.full(len(waits), np.inf)
        openings: list[Openings] = []
        first = float(silences.first.min()) + offset if len(silences.first) else 0.0
        last = float(silences.end.max()) + offset if len(silences.end) else 0.0
        for practice, number in numbers.items():
            there = openings_of(practice.window, first, last, look=practice.look)
            openings.append(there)
            rows = np.flatnonzero((which == number) & np.isfinite(waits))
            ready[rows] = _ready(practice, there, silences.start[rows] + offset, waits[rows])
        until = silences.start + silences.length + offset
        groups = {practice.group: practice for practice in numbers if practice.per_day is not None}
        by_group = np.array([practice.group for practice in numbers])[which]
        for name, practice in groups.items():
            rows = np.flatnonzero((ready < until) & (by_group == name))
            assert practice.per_day is not None  # noqa: S101  # only those are in `groups`
            ready[rows] = throttled(
                Candidates(
                    ready[rows],
                    until[rows],
                    self.price[silences.endpoint[rows]],
                    silences.endpoint[rows],
                    self.project[silences.endpoint[rows]],
                    which[rows],
                ),
                openings,
                per_day=practice.per_day,
                per_project=practice.per_project,
            )
        return ready - offset - silences.start


def same_for_all(practice: Practice, endpoints: int) -> Practised:
    """One practice for a whole fleet in one project, whose machines cost the same."""
    return Practised([practice] * endpoints, np.ones(endpoints), np.zeros(endpoints, np.intp))


def _ready(practice: Practice, openings: Openings, start: Floats, waits: Floats) -> Floats:
    """When each silence may be ended if nothing is limited: told `notice` before, at a look, while acts may happen."""
    looks = Openings(np.array([-np.inf]), np.array([np.inf]), practice.look)
    due = start + np.maximum(waits, practice.floor + practice.notice)
    if practice.notice:
        told = looks.first_look(due - practice.notice)
        due = np.maximum(due, told + practice.notice)
    return openings.first_look(due)
