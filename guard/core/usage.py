"""Requests and witnesses by the hour, packed into bits. Pure.

Bit i of a mask stands for the hour [origin + i, origin + i + 1), hours counted from the Unix epoch, UTC. Thirteen months
are 9,500 bits, 1.2 kB a mask; silence is a shift and a count of bits, so a hundred thousand of them are judged in a second.

- `covered`: the request counts of that hour are complete (all pages, no error in the reply, hour settled).
- `used`: at least one request, whatever its response code (a used hour needs no coverage: a request seen is a request).
- `answered`: at least one request succeeded.
- `live`: the replicas series was there, so monitoring works for this deployment.
- `quiet` / `busy`: a resource witness (duty cycle, CPU, network bytes) was there and quiet / busy.

An hour counts as silence only if covered, live and quiet, and not used. A hole pauses the clock of silence. Merging keeps the
larger value of everything: an hourly row may rise later, never fall.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from guard.core.counts import NO_COUNTS, Counts
from guard.core.quick import quick
from guard.core.units import HOUR, hour_number, hour_start


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class HourRow:
    """One hour of one deployed model or pool, as monitoring told it; None where no series was there.

    `duty` is percent (0-100), `cpu` a share (0-1), `bytes` received bytes, `replicas` the mean over the hour.
    """

    hour: int
    requests: int = 0
    failed: int = 0
    covered: bool = False
    replicas: float | None = None
    duty: float | None = None
    cpu: float | None = None
    received_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The packed record of one subject from hour `origin` on."""

    origin: int
    covered: int = 0
    live: int = 0
    used: int = 0
    answered: int = 0
    quiet: int = 0
    busy: int = 0
    counts: Mapping[int, int] = field(default_factory=lambda: NO_COUNTS)  # hour number -> requests, used hours only
    replicas: float | None = None  # mean replicas in the last hour that had a series
    replicas_hour: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.counts, Counts):
            object.__setattr__(self, "counts", Counts(self.counts))

    @property
    def last_used_hour(self) -> int | None:
        """The latest hour with a request, or None."""
        return self.origin + self.used.bit_length() - 1 if self.used else None

    @property
    def covered_until(self) -> datetime | None:
        """End of the latest covered hour, or None."""
        return hour_start(self.origin + self.covered.bit_length()) if self.covered else None

    def silent_hours_since(self, hour: int) -> int:
        """Count the hours from `hour` on that count as silence."""
        silence = self.covered & self.live & self.quiet & ~self.used
        shift = max(0, hour - self.origin)
        return (silence >> shift).bit_count()

    def rebased(self, origin: int) -> Usage:
        """Return the same record with an earlier origin."""
        shift = self.origin - origin
        if shift < 0:
            raise ValueError("an origin only moves to an earlier hour")
        if shift == 0:
            return self
        return Usage(
            origin=origin,
            covered=self.covered << shift,
            live=self.live << shift,
            used=self.used << shift,
            answered=self.answered << shift,
            quiet=self.quiet << shift,
            busy=self.busy << shift,
            counts=self.counts,
            replicas=self.replicas,
            replicas_hour=self.replicas_hour,
        )


def merge(a: Usage, b: Usage) -> Usage:
    """Join two records of one subject; commutative, associative, idempotent; nothing ever falls.

    An hour that either record calls busy is busy, not quiet.
    """
    origin = min(a.origin, b.origin)
    a, b = a.rebased(origin), b.rebased(origin)
    busy = a.busy | b.busy
    newer = max((a, b), key=lambda u: (u.replicas_hour or 0, u.replicas or 0.0))
    return Usage(
        origin=origin,
        covered=a.covered | b.covered,
        live=a.live | b.live,
        used=a.used | b.used,
        answered=a.answered | b.answered,
        quiet=(a.quiet | b.quiet) & ~busy,
        busy=busy,
        counts=Counts.merged(cast("Counts", a.counts), cast("Counts", b.counts)),
        replicas=newer.replicas,
        replicas_hour=newer.replicas_hour,
    )


# A machine that only serves its health check shows a few per cent of CPU and no duty cycle; a served request shows more.
# The thresholds are ours, on the safe side: what lies above is not called quiet.
QUIET_DUTY_PERCENT = 2.0
QUIET_CPU_SHARE = 0.15
QUIET_BYTES_PER_HOUR = 2_000_000


def pack(rows: Iterable[HourRow]) -> Usage:
    """Pack hourly rows into a record; raises ValueError for a negative count."""
    rows = list(rows)
    origin = min((row.hour for row in rows), default=0)
    covered = live = used = answered = quiet = busy = 0
    counts: dict[int, int] = {}
    replicas: float | None = None
    replicas_hour: int | None = None
    for row in rows:
        if row.requests < 0 or row.failed < 0:
            raise ValueError(
                f"a negative request count in hour {row.hour}: {row.requests} requests, {row.failed} failed"
            )
        bit = 1 << (row.hour - origin)
        if row.covered:
            covered |= bit
        if row.replicas is not None:
            live |= bit if row.replicas > 0 else 0
            if replicas_hour is None or row.hour >= replicas_hour:
                replicas, replicas_hour = row.replicas, row.hour
        if row.requests > 0:
            used |= bit
            counts[row.hour] = max(row.requests, counts.get(row.hour, 0))
            if row.failed < row.requests:
                answered |= bit
        match _witness(row):
            case True:
                quiet |= bit
            case False:
                busy |= bit
            case None:
                pass
    return Usage(
        origin=origin,
        covered=covered,
        live=live,
        used=used,
        answered=answered,
        quiet=quiet & ~busy,
        busy=busy,
        counts=counts or NO_COUNTS,
        replicas=replicas,
        replicas_hour=replicas_hour,
    )


def _witness(row: HourRow) -> bool | None:
    """True: a witness is there and every one is quiet; False: one is busy; None: no witness."""
    if row.duty is None and row.cpu is None and row.received_bytes is None:
        return None
    return (
        (row.duty is None or row.duty <= QUIET_DUTY_PERCENT)
        and (row.cpu is None or row.cpu <= QUIET_CPU_SHARE)
        and (row.received_bytes is None or row.received_bytes <= QUIET_BYTES_PER_HOUR)
    )


def hours_between(start: datetime, end: datetime) -> range:
    """Return the numbers of the whole hours within [start, end)."""
    first = hour_number(start + HOUR - timedelta(microseconds=1))
    return range(first, max(first, hour_number(end)))
