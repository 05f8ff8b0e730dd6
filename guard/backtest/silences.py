"""A history as its silences: what lies between two uses of an endpoint, and the tail after the last one. Seconds throughout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Silences:
    """All silences of a fleet, by endpoint and then by beginning; one row is one gap (`returned`) or one tail.

    `first` and `end` are, by endpoint, the first use and the end of observation; `kind` (empty: all are of one) tells which
    endpoints are alike. `resolution` is the shortest silence that the
    record can show: the length of a bucket, 0 for single requests.
    """

    names: tuple[str, ...]
    endpoint: Indices
    start: Floats
    length: Floats
    returned: Flags
    first: Floats
    end: Floats
    resolution: float = 0.0
    kind: tuple[str, ...] = ()

    @property
    def kinds(self) -> tuple[Indices, int]:
        """The number of each endpoint's kind, and how many kinds there are."""
        numbers: dict[str, int] = {}
        found = [numbers.setdefault(name, len(numbers)) for name in self.kind]
        return (np.array(found, np.intp), len(numbers)) if found else (np.zeros(len(self.names), np.intp), 1)

    @property
    def weeks(self) -> Floats:
        """Observed weeks by endpoint."""
        return (self.end - self.first) / 604_800.0

    def of(self, endpoints: Flags) -> tuple[Silences, Flags]:
        """Return the silences of some endpoints alone, and which rows they are."""
        rows = endpoints[self.endpoint]
        number = np.cumsum(endpoints) - 1
        names = tuple(name for name, taken in zip(self.names, endpoints, strict=True) if taken)
        part = Silences(
            names,
            number[self.endpoint[rows]],
            self.start[rows],
            self.length[rows],
            self.returned[rows],
            self.first[endpoints],
            self.end[endpoints],
            self.resolution,
            tuple(kind for kind, taken in zip(self.kind, endpoints, strict=True) if taken) if self.kind else (),
        )
        return part, rows

    @property
    def began(self) -> float:
        """The first use of any endpoint: the beginning of the record."""
        return float(self.first.min()) if len(self.first) else 0.0


def silences_of(
    intervals: Mapping[str, tuple[Floats, Floats]],
    ends: Mapping[str, float],
    *,
    resolution: float = 0.0,
    kinds: Mapping[str, str] | None = None,
) -> Silences:
    """Return the silences between active intervals (starts and ends by endpoint, in order of their starts)."""
    names: list[str] = []
    endpoint: list[Indices] = []
    start: list[Floats] = []
    length: list[Floats] = []
    returned: list[Flags] = []
    first: list[float] = []
    end: list[float] = []
    for name, (starts, stops) in intervals.items():
        if not len(starts):
            continue
        reached = np.maximum.accumulate(stops)
        over = max(ends[name], float(reached[-1]))
        gaps = starts[1:] - reached[:-1]
        real = gaps > 0
        tail = over - float(reached[-1])
        begins, lengths = reached[:-1][real], gaps[real]
        if tail > 0:
            begins, lengths = np.append(begins, reached[-1]), np.append(lengths, tail)
        start.append(begins)
        length.append(lengths)
        came_back = np.ones(len(lengths), bool)
        if tail > 0:
            came_back[-1] = False
        returned.append(came_back)
        endpoint.append(np.full(len(lengths), len(names), np.intp))
        names.append(name)
        first.append(float(starts[0]))
        end.append(over)
    return Silences(
        tuple(names),
        np.concatenate(endpoint) if endpoint else np.empty(0, np.intp),
        np.concatenate(start) if start else np.empty(0),
        np.concatenate(length) if length else np.empty(0),
        np.concatenate(returned) if returned else np.empty(0, bool),
        np.array(first),
        np.array(end),
        resolution,
        tuple(kinds.get(name, "") for name in names) if kinds else (),
    )
