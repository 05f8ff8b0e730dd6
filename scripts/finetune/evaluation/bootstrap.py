"""Paired bootstrap: how sure is a mean, and how sure is a difference between two variants on the same examples?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 10_000
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A value and the bounds between which 95 % of the resampled values lie."""

    value: float
    low: float
    high: float

    @property
    def proven(self) -> bool:
        """Whether a difference is on one side of zero throughout."""
        return self.low > 0 or self.high < 0


def mean(scores: Sequence[float], *, seed: int = 0) -> Interval:
    """The mean score with its interval."""
    return _interval(np.asarray(scores, dtype=float), seed)


def difference(left: Sequence[float], right: Sequence[float], *, seed: int = 0) -> Interval:
    """Mean of left minus mean of right, resampling examples, not scores: both variants keep their answer to the same question."""
    return _interval(np.asarray(left, dtype=float) - np.asarray(right, dtype=float), seed)


def _interval(values: np.ndarray, seed: int) -> Interval:
    if not len(values):
        return Interval(value=0.0, low=0.0, high=0.0)
    draws = np.random.default_rng(seed)
    means = np.empty(RESAMPLES)
    step = max(
        1, 2_000_000 // len(values)
    )  # rows at a time, so that memory stays small whatever the number of examples
    for start in range(0, RESAMPLES, step):
        rows = min(step, RESAMPLES - start)
        means[start : start + rows] = values[draws.integers(0, len(values), size=(rows, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(value=float(values.mean()), low=float(low), high=float(high))
