"""How long a thing has provably been silent, and if not, why not. Pure; hours are whole hours since the epoch, UTC.

An hour is silence only if its counts are complete, monitoring shows replicas, a resource witness is quiet and nothing was
called. A hole pauses the clock of silence; a use restarts it, also one in the unsettled last hours; a busy machine without
a counted request restarts it too, since something that is not counted may be calling.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from guard.core.probes import probe_hours
from guard.core.reasons import KeepReason, RemoveReason
from guard.core.rules import Probes
from guard.core.units import hour_number, hour_start, hours_long
from guard.core.usage import Usage

RECENT_HOURS = 4
"""The instruments must have shown at least one silent hour among the latest settled ones of this number: with a lag of
minutes, four hours without one is no delay any more."""

LATELY_HOURS = 2
"""A use this recent is told as in use rather than as waiting."""

START_UP_HOURS = 2
"""Busy machines in the first hours of a deployment (weights are loaded) or right after a use (a long request ends) move
the clock, but are not called a disagreement."""


class Silence(NamedTuple):
    """What usage proves of one subject. `hours` count since `counted_from`; `holes` are settled hours that do not.

    A tuple: made for everything in every cycle, and several times quicker to make than a frozen dataclass.
    """

    hours: int
    counted_from_hour: int
    last_used_hour: int | None  # the latest hour with a use
    used_lately: bool
    proven_until_hour: int | None  # the hour after the latest with complete counts
    holes: int
    why_not: KeepReason | None  # the instruments do not work for it now
    disagreed: bool  # what restarted the clock was a busy machine without a counted request
    kind: RemoveReason
    last_call_hour: int | None  # the latest hour with any request, probes and failing ones included

    @property
    def length(self) -> timedelta:
        return hours_long(self.hours)

    @property
    def counted_from(self) -> datetime:
        return hour_start(self.counted_from_hour)

    @property
    def last_used_at(self) -> datetime | None:
        """The start of the latest hour with a use."""
        return None if self.last_used_hour is None else hour_start(self.last_used_hour)

    def ends_at(self, wait: timedelta) -> datetime:
        """When the wait is over if the silence goes on: stable while it does, later by every hole."""
        known = self.counted_from_hour if self.proven_until_hour is None else self.proven_until_hour
        return hour_start(max(known, self.counted_from_hour) - self.hours) + wait


def silence(
    usage: Usage | None,
    since: datetime,
    *,
    now_hour: int,
    settled: int,
    probes: Probes | None = None,
    failing_is_use: bool = True,
) -> Silence:
    """Return how long the subject has provably been silent.

    Args:
        usage: Its record; None where there is none.
        since: When it was deployed; what lies before belongs to something else.
        now_hour: The hour in which the look is taken.
        settled: The first hour that is not settled: metrics may still arrive for it and what follows.
        probes: Calls that are declared as probes and count as silence while they fit.
        failing_is_use: False where a call that fails is no use.
    """
    born = hour_number(since)
    first = born if hour_start(born) == since else born + 1
    if usage is None:
        waited = max(0, settled - first)
        why = KeepReason.METRICS_MISSING if waited >= RECENT_HOURS else None
        return Silence(0, first, None, False, None, waited, why, False, RemoveReason.IDLE, None)

    origin = usage.origin
    before = born - origin
    called, suspects = usage.used, usage.busy & ~usage.used
    if before > 0:  # hours before the deployment belong to something else
        called = called >> before << before
        suspects = suspects >> before << before
    uses, kind = called, RemoveReason.IDLE
    if probes is not None and called:
        uses = called & ~probe_hours(usage, probes, settled)
        kind = RemoveReason.ONLY_PROBES
    if not failing_is_use:
        uses &= usage.answered
        kind = RemoveReason.ONLY_FAILING if kind is RemoveReason.IDLE else kind
    last = origin + uses.bit_length() - 1 if uses else None
    begin = first if last is None or last < first else last + 1

    disagrees = False
    if suspects:
        busy = origin + suspects.bit_length() - 1
        if busy >= begin:
            disagrees = busy - begin >= START_UP_HOURS
            begin = busy + 1

    shift = begin - origin if begin > origin else 0
    silent = ((usage.covered & usage.live & usage.quiet & ~uses) >> shift).bit_count()
    if kind is not RemoveReason.IDLE and not called >> shift:
        kind = RemoveReason.IDLE
    proven = origin + usage.covered.bit_length() if usage.covered else None
    end = settled if proven is None or proven < settled else proven
    holes = end - begin - silent
    return Silence(
        silent,
        begin,
        last,
        last is not None and last >= now_hour - LATELY_HOURS,
        proven,
        max(0, holes),
        _why_not(usage, uses, begin, settled),
        disagrees,
        kind,
        origin + called.bit_length() - 1 if called else None,
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
