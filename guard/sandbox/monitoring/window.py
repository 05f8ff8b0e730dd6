"""The minutes that a query covers, and what is known about a deployment in each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

RETENTION_S: Final = 42 * 86_400
"""Six weeks: how long the platform keeps these metrics (Cloud Monitoring quotas page, read 2026-11-24)."""

Numbers = NDArray[Any]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Minutes:
    """Whole minutes since the epoch, from `first` to before `last`. The sample of minute m ends, and is stamped, at 60 (m + 1)."""

    first: int
    last: int

    def __len__(self) -> int:
        return max(self.last - self.first, 0)

    @property
    def starts(self) -> Numbers:
        """Epoch second at which each minute starts."""
        return np.arange(self.first, self.last, dtype=np.int64) * 60

    def within(self, begin: datetime, end: datetime | None) -> tuple[int, int]:
        """Offsets [low, high) of the minutes that touch a life from `begin` to before `end`."""
        low = max(int(begin.timestamp() // 60) - self.first, 0)
        high = len(self) if end is None else min(ceil(end.timestamp() / 60) - self.first, len(self))
        return low, max(high, low)

    def steps(self, steps: Sequence[tuple[datetime, int]], *, before: int = 0) -> Numbers:
        """The value that (instant, value) steps have at the end of each minute; `before` the first step."""
        if len(steps) == 1 and steps[0][0].timestamp() <= self.first * 60:
            return np.full(len(self), steps[0][1], dtype=np.int64)
        values = np.array([before, *(value for _, value in steps)], dtype=np.int64)
        at = np.array([instant.timestamp() for instant, _ in steps])
        return values[np.searchsorted(at, self.starts + 59, side="right")]


def visible(start: float, end: float, *, now: float, lag: float) -> Minutes:
    """The minutes whose samples fall in (start, end], are kept still, and have come in by `now` (all epoch seconds)."""
    begin = max(start, now - RETENTION_S)
    return Minutes(int(begin // 60), max(int(min(end, now - lag) // 60), int(begin // 60)))


def noise(minutes: Minutes, salt: str) -> NDArray[np.float64]:
    """A number from 0 to 1 for each minute, the same whenever it is asked for."""
    mixed = (
        np.arange(minutes.first, minutes.last, dtype=np.uint64) + np.uint64(sum(salt.encode()) * 7919)
    ) * np.uint64(0x9E3779B97F4A7C15)
    return (mixed >> np.uint64(40)).astype(np.float64) / float(1 << 24)
