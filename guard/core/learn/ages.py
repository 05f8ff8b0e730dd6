"""The scale on which silence is measured: bins of age, four to a doubling, and the smoothing between neighbours. Pure.

Silence is heavy-tailed: seconds and months in one record. On a logarithmic scale every stretch carries about as much news as
the next, so 64 bins from 225 seconds on reach 170 days; whole hours that are powers of two are edges.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from math import log, sqrt

PER_DOUBLING = 4
BINS = 64
FIRST = 225.0
"""Seconds. Shorter silence decides nothing: the shortest wait that is ever allowed (ten minutes over three) is about as long."""

WIDTH = log(2) / PER_DOUBLING
"""Width of a bin in e-folds of age."""

EDGES: tuple[float, ...] = tuple(FIRST * 2 ** (k / PER_DOUBLING) for k in range(BINS + 1))
MIDDLES: tuple[float, ...] = tuple(sqrt(a * b) for a, b in pairwise(EDGES))


def bin_of(age: float) -> int:
    """Return the bin in which a silence of `age` seconds stands, the nearest one outside the scale; an edge opens its bin.

    >>> bin_of(3600.0), bin_of(3599.0), bin_of(1.0)
    (16, 15, 0)
    """
    return min(max(bisect_right(EDGES, age * (1 + 1e-12)) - 1, 0), BINS - 1)


def smoothed(values: Sequence[float], keep: float) -> list[float]:
    """Add to each bin what its neighbours hold, weighed by `keep` to the power of their distance.

    >>> smoothed([0.0, 1.0, 0.0], 0.5)
    [0.5, 1.0, 0.5]
    """
    forward, carried = [], 0.0
    for value in values:
        carried = value + keep * carried
        forward.append(carried)
    result, carried = [0.0] * len(forward), 0.0
    for k in range(len(forward) - 1, -1, -1):
        result[k] = forward[k] + keep * carried
        carried = values[k] + keep * carried
    return result
