"""What would go when over the next days, if nobody calls and nobody speaks: waits, act windows, and the throttle's 24 hours. Pure.

The same rules as a plan's (limits.throttle: dearest first, what shares a pool once), run ahead look by look. It is an outlook, not
a promise: a call, a keep or a new thing changes it, and each act is decided afresh.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from guard.core.limits import PERIOD, act_window_open, next_open
from guard.core.rules import ActWindow, Limits


class Held(StrEnum):
    """What makes something go later than its wait ends."""

    WINDOW = "window"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Something that may go from `ready_at` on. `unit`: what the limits count it as; `amount` an hour orders the dearest first."""

    subject: str
    unit: str
    project: str
    ready_at: datetime
    amount: Decimal | None
    window: ActWindow | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """When it would go; None: not within the time that was asked for."""

    candidate: Candidate
    goes_at: datetime | None
    held: Held | None


def outlook(
    candidates: Iterable[Candidate],
    begun: Iterable[tuple[str, str, datetime]],
    limits: Limits,
    first: datetime,
    until: datetime,
    every: timedelta,
) -> list[Outlook]:
    """Run the limits ahead, from the `first` look to before `until`; earliest first, what does not come at the end.

    Args:
        candidates: Everything that may go within that time.
        begun: Removals of the last 24 hours: unit, project id, when.
        limits: Those of guard.yaml.
        first: The next look, domain time.
        until: The end of the outlook.
        every: The time between looks.
    """
    waiting = sorted(candidates, key=_order)
    took = {unit: (project, at) for unit, project, at in begun}
    found: dict[str, Outlook] = {}
    at = first
    while waiting and at < until:
        counting = {unit: project for unit, (project, since) in took.items() if since > at - PERIOD}
        left: list[Candidate] = []
        for one in waiting:
            if one.ready_at > at or not act_window_open(one.window, at) or not _fits(one, counting, limits):
                left.append(one)
                continue
            counting[one.unit] = one.project
            took.setdefault(one.unit, (one.project, at))
            found[one.subject] = Outlook(candidate=one, goes_at=at, held=_held(one, at, first, every))
        waiting = left
        following = _next(waiting, [since for _, since in took.values()], at)
        if following is None:
            break
        at = first + -((first - following) // every) * every  # the first look from then on
    gone = sorted(found.values(), key=lambda one: (one.goes_at or until, _order(one.candidate)))
    return [*gone, *(Outlook(candidate=one, goes_at=None, held=_held(one, until, first, every)) for one in waiting)]


def _order(one: Candidate) -> tuple[bool, Decimal, str]:
    return one.amount is None, -(one.amount or Decimal(0)), one.subject


def _fits(one: Candidate, counting: dict[str, str], limits: Limits) -> bool:
    """As limits.throttle: a sharer of a pool that has begun to go is not held back."""
    if one.unit in counting:
        return True
    most = limits.removals_per_project_per_day
    here = sum(1 for project in counting.values() if project == one.project)
    return len(counting) < limits.removals_per_day and (most is None or here < most)


def _next(waiting: Sequence[Candidate], took: Sequence[datetime], at: datetime) -> datetime | None:
    """The next instant at which something may change: a wait ends, a window opens, a removal leaves the 24 hours."""
    frees = [since + PERIOD for since in took if since + PERIOD > at]
    windows = {one.window for one in waiting if one.window is not None and one.ready_at <= at}
    opens = [opening for window in windows if (opening := _opens(window, at)) is not None]
    ready = [one.ready_at for one in waiting if one.ready_at > at]
    return min((*frees, *opens, *ready), default=None)


def _opens(window: ActWindow, at: datetime) -> datetime | None:
    return None if act_window_open(window, at) else next_open(window, at)


def _held(one: Candidate, goes_at: datetime, first: datetime, every: timedelta) -> Held | None:
    """Why it goes later than at the first look after its wait."""
    could = max(one.ready_at, first)
    if goes_at < could + every:
        return None
    opens = next_open(one.window, could)
    return Held.WINDOW if opens is None or opens + every > goes_at else Held.LIMIT
