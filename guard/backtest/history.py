"""The guard's own record as silences: hours with a request are use, covered quiet hours are silence, holes are neither."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from guard.backtest.silences import Floats, Silences, silences_of
from guard.core.usage import Usage

HOUR = 3600.0


def silences_of_usage(usages: Mapping[str, Usage], kinds: Mapping[str, str] | None = None) -> Silences:
    """Return the silences of packed hourly records, seconds from the Unix epoch. `kinds`: which of them are alike.

    An hour that is not known to be silent (not covered, no liveness, no quiet witness) counts as use here: no saving is claimed
    where nobody looked. A record ends with the last hour that shows machines or a call: of what was removed, by the guard or by
    somebody, nobody can say whether it would have been called. Subjects never used in their record are left out: they have no
    first use to count from.
    """
    intervals: dict[str, tuple[Floats, Floats]] = {}
    ends: dict[str, float] = {}
    for name, usage in usages.items():
        if not usage.used or not usage.covered:
            continue
        last = ((usage.covered & usage.live) | usage.used).bit_length()
        silent = usage.covered & usage.live & usage.quiet & ~usage.used
        first = (usage.used & -usage.used).bit_length() - 1
        busy = np.array([hour for hour in range(first, last) if not silent >> hour & 1], np.float64)
        starts = (usage.origin + busy) * HOUR
        intervals[name] = (starts, starts + HOUR)
        ends[name] = (usage.origin + last) * HOUR
    return silences_of(intervals, ends, resolution=HOUR, kinds=kinds)
