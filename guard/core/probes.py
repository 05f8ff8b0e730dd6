"""Declared probes: which hours hold nothing but them. Pure.

Probes carry no mark in the metrics, so traffic is probe only where count and cadence fit in every bucket; any deviation,
more or fewer, is use. An hour without any call is silence, whatever was declared.
"""

from __future__ import annotations

from guard.core.rules import Probes
from guard.core.units import HOUR
from guard.core.usage import Usage


def probe_hours(usage: Usage, probes: Probes, settled: int) -> int:
    """Return the mask of hours (from the record's origin) in which the calls are exactly the declared probes.

    Hours from `settled` on are not over: there, no more than the declared calls is enough.
    """
    mask = 0
    if probes.every <= HOUR:
        rounds = HOUR // probes.every
        fits = {probes.count * rounds}
        if HOUR % probes.every:
            fits.add(probes.count * (rounds + 1))
        most = max(fits)
        for hour, count in usage.counts.items():
            if count in fits or (hour >= settled and count <= most):
                mask |= 1 << (hour - usage.origin)
        return mask
    apart = int(probes.every / HOUR)
    called = sorted(usage.counts)
    for index, hour in enumerate(called):
        before = hour - called[index - 1] if index else None
        after = called[index + 1] - hour if index + 1 < len(called) else None
        steady = all(gap is None or (gap >= apart and gap <= apart + 1) for gap in (before, after))
        if steady and usage.counts[hour] == probes.count:
            mask |= 1 << (hour - usage.origin)
    return mask
