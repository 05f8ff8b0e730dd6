"""How long a thing has provably been silent, and if not, why not. Pure; hours are whole hours since the epoch, UTC.

An hour is silence only if its counts are complete, monitoring shows replicas, a resource witness is quiet and nothing was
called. A hole pauses the clock of silence; a use restarts it, also one in the unsettled last hours; a busy machine without
a counted request restarts it too, since something that is not counted may be calling.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from guard.core.probes import probe_hours
from guard.core.reasons import KeepReason, RemoveReason
from guard.core.rules import Probes
from guard.core.units import HOUR, hour_number, hour_start
from guard.core.usage import Usage

RECENT_HOURS = 4
"""The instruments must have shown at least one silent hour among the latest settled ones of this number: with a lag of
minutes, four hours without one is no delay any more."""

LATELY_HOURS = 2
"""A use this recent is told as in use rather than as waiting."""

START_UP_HOURS = 2
"""Busy machines in the first hours of a deployment (weights are loaded) or right after a use (a long request ends) move
the clock, but are not called a disagreement."""


@dataclass(frozen=True, slots=True)
class Silence:
    """What usage proves of one subject. `hours` count since `counted_from`; `holes` are settled hours that do not."""

    hours: int
    counted_from: datetime
    last_used_at: datetime | None  # start of the latest hour with a use
    used_lately: bool
    proven_until: datetime | None
    holes: int
    why_not: KeepReason | None  # the instruments do not work for it now
    disagreed: bool  # what restarted the clock was a busy machine without a counted request
    kind: RemoveReason
    last_call_at: datetime | None  # start of the latest hour with any request, probes and failing ones included

    @property
    def length(self) -> timedelta:
        return timedelta(hours=self.hours)

    def ends_at(self, wait: timedelta) -> datetime:
        """When the wait is over if the silence goes on: stable while it does, later by every hole."""
        return (self.proven_until or self.counted_from) + wait - self.length


def silence(
    usage: Usage | None,
    since: datetime,
    now: datetime,
    *,
    lag: timedelta,
    probes: Probes | None = None,
    failing_is_use: bool = True,
) -> Silence:
    """Return how long the subject has provably been silent.

    Args:
        usage: Its record; None where there is none.
        since: When it was deployed; what lies before belongs to something else.
        now: The instant of the look.
        lag: How late metrics may arrive; hours that end later than `now - lag` are not settled.
        probes: Calls that are declared as probes and count as silence while they fit.
        failing_is_use: False where a call that fails is no use.
    """
    first = _ceil_hour(since)
    settled = hour_number(now - lag)
    if usage is None:
        waited = max(0, settled - first)
        why = KeepReason.METRICS_MISSING if waited >= RECENT_HOURS else None
        return Silence(0, hour_start(first), None, False, None, waited, why, False, RemoveReason.IDLE, None)

    origin = usage.origin
    alive = ~0 << max(0, hour_number(since) - origin)  # hours before the deployment belong to something else
    called = usage.used & alive
    uses, kind = called, RemoveReason.IDLE
    if probes is not None and called:
        uses = called & ~probe_hours(usage, probes, settled)
        kind = RemoveReason.ONLY_PROBES
    if not failing_is_use:
        uses &= usage.answered
        kind = RemoveReason.ONLY_FAILING if kind is RemoveReason.IDLE else kind
    last = origin + uses.bit_length() - 1 if uses else None
    begin = first if last is None else max(first, last + 1)

    suspects = usage.busy & ~usage.used & alive
    disagrees = False
    if suspects:
        busy = origin + suspects.bit_length() - 1
        if busy >= begin:
            disagrees = busy - begin >= START_UP_HOURS
            begin = busy + 1

    shift = max(0, begin - origin)
    silent = ((usage.covered & usage.live & usage.quiet & ~uses) >> shift).bit_count()
    if not (called >> shift):
        kind = RemoveReason.IDLE
    return Silence(
        silent,
        hour_start(begin),
        None if last is None else hour_start(last),
        last is not None and last >= hour_number(now) - LATELY_HOURS,
        usage.covered_until,
        max(0, settled - begin - silent),
        _why_not(usage, uses, begin, settled),
        disagrees,
        kind,
        hour_start(origin + called.bit_length() - 1) if called else None,
    )


def _why_not(usage: Usage, uses: int, begin: int, settled: int) -> KeepReason | None:
    """Why none of the latest settled hours counts as silence; None where one does, or where it is too early to tell."""
    recent = settled - RECENT_HOURS
    if begin > recent:
        return None
    shift = recent - usage.origin
    shift = max(shift, 0)
    covered = usage.covered >> shift
    live = covered & (usage.live >> shift)
    if live & (usage.quiet >> shift) & ~(uses >> shift):
        return None
    if not covered:
        has_any = usage.covered >> max(0, begin - usage.origin)
        return KeepReason.METRICS_STALE if has_any else KeepReason.METRICS_MISSING
    if not live:
        return KeepReason.NOT_LIVE
    return KeepReason.WITNESS_DISAGREES if live & (usage.busy >> shift) else KeepReason.WITNESS_MISSING


def _ceil_hour(at: datetime) -> int:
    return hour_number(at + HOUR - timedelta(microseconds=1))
