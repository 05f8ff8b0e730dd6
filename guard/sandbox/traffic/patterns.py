"""Shapes of traffic. Each counts the requests of any whole chunk of minutes, the same ones each time it is asked."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.signedinteger[Any]]
RateOfMinute = Callable[[NDArray[np.int64]], NDArray[np.float64]]
"""Epoch minutes -> mean requests in each."""

CHUNK: Final = 7 * 1440
"""Minutes drawn at once: a week, so that six weeks cost six draws and a cycle's window costs one."""

_MONDAY: Final = 4  # 1970-01-01 was a Thursday: day 4 of the epoch is a Monday


class Pattern(Protocol):
    """A shape of traffic."""

    def chunk(self, first: int) -> Counts:
        """Requests in each of CHUNK minutes from epoch minute `first`, a multiple of CHUNK, on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Independent requests at a rate that may follow the clock: `per_minute(minutes)` is the mean of each minute."""

    per_minute: RateOfMinute
    seed: tuple[int, ...]

    def chunk(self, first: int) -> Counts:
        """Poisson counts; the draw depends on the seed and the chunk only."""
        minutes = np.arange(first, first + CHUNK)
        return np.random.default_rng((*self.seed, first // CHUNK)).poisson(self.per_minute(minutes))


def steady(per_minute: float) -> RateOfMinute:
    """The same rate at all times."""
    return lambda minutes: np.full(len(minutes), per_minute)


def daily(per_minute: float, *, swing: float, peak: int, weekend: float) -> RateOfMinute:
    """A daily wave: `swing` 0 is flat, 1 falls to nothing twelve hours from the `peak` minute; `weekend` scales Sat, Sun."""

    def rate(minutes: NDArray[np.int64]) -> NDArray[np.float64]:
        wave = 1 + swing * np.cos((minutes % 1440 - peak) * (2 * np.pi / 1440))
        return np.asarray(per_minute * wave * np.where(_weekday(minutes) < 5, 1.0, weekend))

    return rate


def office(per_minute: float, *, opens: int, closes: int) -> RateOfMinute:
    """Monday to Friday between two minutes of the day, UTC; nothing else."""

    def rate(minutes: NDArray[np.int64]) -> NDArray[np.float64]:
        of_day = minutes % 1440
        return np.where((_weekday(minutes) < 5) & (of_day >= opens) & (of_day < closes), per_minute, 0.0)

    return rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """`requests` spread evenly over `lasts` minutes from minute `at` of the day on: daily, or on one day of the month."""

    requests: int
    at: int
    lasts: int
    day_of_month: int | None = None

    def chunk(self, first: int) -> Counts:
        """Exact counts, nothing drawn. A run that crosses midnight goes on into the next day."""
        counts = np.zeros(CHUNK, dtype=np.int64)
        steps = np.arange(self.lasts + 1) * self.requests // self.lasts
        run = np.diff(steps)
        for day in range(first // 1440 - 1 - self.lasts // 1440, (first + CHUNK) // 1440):
            if self.day_of_month and datetime.fromtimestamp(day * 86_400, UTC).day != self.day_of_month:
                continue
            begin = day * 1440 + self.at - first
            low, high = max(begin, 0), min(begin + self.lasts, CHUNK)
            if low < high:
                counts[low:high] += run[low - begin : high - begin]
        return counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes:
    """`requests` at once every `every` seconds, first at epoch second `phase`: what a health check does."""

    requests: int
    every: float
    phase: float

    def chunk(self, first: int) -> Counts:
        """Exact counts, nothing drawn."""
        edges = np.arange(first, first + CHUNK + 1) * 60.0
        hits = np.ceil((edges - self.phase) / self.every).astype(np.int64)
        requests: Counts = np.diff(hits) * self.requests
        return requests


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """Requests at known epoch seconds (sorted), `requests` each."""

    seconds: NDArray[np.float64]
    requests: int = 1

    def chunk(self, first: int) -> Counts:
        """Exact counts."""
        low, high = np.searchsorted(self.seconds, (first * 60, (first + CHUNK) * 60))
        minutes = (self.seconds[low:high] // 60).astype(np.int64) - first
        return np.bincount(minutes, minlength=CHUNK).astype(np.int64) * self.requests


@dataclass(slots=True, kw_only=True)
class Renewal:
    """Visits with Lomax (Pareto II) gaps: mean `mean_gap` seconds; the nearer `tail` is to 1, the heavier the tail."""

    mean_gap: float
    tail: float
    origin: float
    seed: tuple[int, ...]
    requests: int = 1
    _seconds: NDArray[np.float64] = field(init=False, repr=False)
    _draw: np.random.Generator = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._draw = np.random.default_rng(self.seed)
        self._seconds = np.array([self.origin])

    def chunk(self, first: int) -> Counts:
        """Counts of one realisation from `origin` (epoch seconds) on, drawn as far as it has been asked for."""
        while self._seconds[-1] < (first + CHUNK) * 60:
            gaps = self.mean_gap * (self.tail - 1) * self._draw.pareto(self.tail, 256)
            self._seconds = np.concatenate([self._seconds, self._seconds[-1] + np.cumsum(gaps)])
        return Events(seconds=self._seconds[1:], requests=self.requests).chunk(first)


def _weekday(minutes: NDArray[np.int64]) -> NDArray[np.int64]:
    return (minutes // 1440 - _MONDAY) % 7
