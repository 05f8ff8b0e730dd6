"""The throttle over a whole history: so many removals in 24 hours, the dearest first; the rest waits its turn, or until a call.

Event by event: something may happen only when a candidate becomes due, or when a slot is free again. What was called meanwhile
has left the queue. The breaker is not replayed: what follows it is a person's decision.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np

from guard.backtest.openings import Openings
from guard.backtest.silences import Floats, Indices

PERIOD = 86_400.0
"""The throttle counts the removals of the last 24 hours (core.limits.PERIOD), seconds."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """What would be removed, one row a silence: from when it may (a look at which acts may happen), until when it is silent.

    `price` decides who goes first; `order` breaks ties; `project` and `openings` are numbers.
    """

    ready: Floats
    until: Floats
    price: Floats
    order: Indices
    project: Indices
    openings: Indices


@dataclass(slots=True)
class _Queue:
    """Those that are due in one project under one window, dearest first."""

    rows: list[tuple[float, int, int]]
    openings: Openings

    def dearest(self, now: float, until: Floats) -> tuple[float, int, int] | None:
        while self.rows and until[self.rows[0][2]] <= now:
            heappop(self.rows)
        return self.rows[0] if self.rows else None


def throttled(
    candidates: Candidates, openings: list[Openings], *, per_day: int, per_project: int | None = None
) -> Floats:
    """Return when each candidate is removed (seconds; inf: never) where `per_day` removals are allowed in 24 hours."""
    removed = np.full(len(candidates.ready), np.inf)
    if per_day <= 0:
        return removed
    arriving = np.argsort(candidates.ready, kind="stable")
    arriving = arriving[np.isfinite(candidates.ready[arriving])]
    queues: dict[tuple[int, int], _Queue] = {}
    recent: deque[tuple[float, int]] = deque()
    by_project: Counter[int] = Counter()
    events: list[float] = []
    upcoming = 0
    while upcoming < len(arriving) or events:
        next_due = candidates.ready[arriving[upcoming]] if upcoming < len(arriving) else np.inf
        now = float(min(next_due, events[0] if events else np.inf))
        while events and events[0] <= now:
            heappop(events)
        while upcoming < len(arriving) and candidates.ready[arriving[upcoming]] <= now:
            row = int(arriving[upcoming])
            place = (int(candidates.project[row]), int(candidates.openings[row]))
            queue = queues.setdefault(place, _Queue([], openings[place[1]]))
            heappush(queue.rows, (-float(candidates.price[row]), int(candidates.order[row]), row))
            upcoming += 1
        while recent and recent[0][0] <= now - PERIOD:
            by_project[recent.popleft()[1]] -= 1
        while len(recent) < per_day:
            row_place = _next(queues, candidates.until, now, by_project, per_project)
            if row_place is None:
                break
            row, project = row_place
            removed[row] = now
            recent.append((now, project))
            by_project[project] += 1
        _schedule(events, queues, candidates.until, now, recent)
    return removed


def _next(
    queues: dict[tuple[int, int], _Queue],
    until: Floats,
    now: float,
    by_project: Counter[int],
    per_project: int | None,
) -> tuple[int, int] | None:
    """Take the dearest that may go now out of its queue."""
    best: tuple[float, int, int] | None = None
    where: tuple[int, int] | None = None
    for place, queue in queues.items():
        if per_project is not None and by_project[place[0]] >= per_project:
            continue
        head = queue.dearest(now, until)
        if head is None or (best is not None and head >= best):
            continue
        if float(queue.openings.first_look(np.array([now]))[0]) == now:
            best, where = head, place
    if best is None or where is None:
        return None
    heappop(queues[where].rows)
    return best[2], where[0]


def _schedule(
    events: list[float],
    queues: dict[tuple[int, int], _Queue],
    until: Floats,
    now: float,
    recent: deque[tuple[float, int]],
) -> None:
    """Look again where somebody is still waiting: at the first look after the next slot is free."""
    waiting = [queue for queue in queues.values() if queue.dearest(now, until) is not None]
    if not waiting or not recent:
        return
    free = np.array([recent[0][0] + PERIOD])
    for at in {float(queue.openings.first_look(free)[0]) for queue in waiting}:
        if now < at < np.inf and at not in events:
            heappush(events, at)
