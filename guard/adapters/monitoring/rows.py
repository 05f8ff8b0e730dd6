"""Hourly figures of one project, kept as packed numbers, and the rows that are made of them one at a time.

Six weeks of a thousand deployments are ten million figures: as objects they would not fit beside the daemon.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from guard.adapters.monitoring.queries import Column, Query
from guard.adapters.monitoring.series import Point
from guard.core.usage import HourRow

_ABSENT = float("nan")
_COUNTED = (
    Column.PREDICTIONS,
    Column.RESPONSES,
    Column.FAILED_RESPONSES,
    Column.ERRORS,
    Column.PRIVATE,
    Column.FAILED_PRIVATE,
)


class Hours:
    """The figures of one deployed model or pool over whole hours [first, last); NaN where there was no series."""

    __slots__ = ("_columns", "_first", "_length")

    def __init__(self, first: int, last: int) -> None:
        self._first = first
        self._length = last - first
        self._columns: list[array[float] | None] = [None] * len(Column)

    def add(self, column: Column, hour: int, value: float, *, largest: bool = False) -> None:
        """Add a value to an hour, or keep the larger of the two (`largest`, for shares)."""
        values = self._columns[column]
        if values is None:
            values = self._columns[column] = array("d", [_ABSENT]) * self._length
        before = values[hour - self._first]
        if before != before:  # noqa: PLR0124  # only NaN differs from itself
            values[hour - self._first] = value
        else:
            values[hour - self._first] = max(before, value) if largest else before + value

    def get(self, column: Column, hour: int) -> float | None:
        """Return the figure, or None."""
        values = self._columns[column]
        if values is None:
            return None
        value = values[hour - self._first]
        return None if value != value else value  # noqa: PLR0124  # only NaN differs from itself

    def add_requests_of(self, other: Hours) -> None:
        """Count another's requests here too."""
        for column in _COUNTED:
            for hour in range(self._first, self._first + self._length):
                if (value := other.get(column, hour)) is not None:
                    self.add(column, hour, value)


class Rows(Sequence[HourRow]):
    """Rows of every hour of the window, made when they are read."""

    __slots__ = ("_covered_until", "_first", "_hours", "_last")

    def __init__(self, hours: Hours, first: int, last: int, covered_until: int) -> None:
        self._hours = hours
        self._first = first
        self._last = last
        self._covered_until = covered_until

    def __len__(self) -> int:
        return self._last - self._first

    @overload
    def __getitem__(self, index: int) -> HourRow: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[HourRow]: ...
    def __getitem__(self, index: int | slice) -> HourRow | Sequence[HourRow]:
        if isinstance(index, slice):
            return [self._row(hour) for hour in range(self._first, self._last)[index]]
        return self._row(range(self._first, self._last)[index])

    def __iter__(self) -> Iterator[HourRow]:
        return map(self._row, range(self._first, self._last))

    def _row(self, hour: int) -> HourRow:
        get = self._hours.get
        errors = get(Column.ERRORS, hour) or 0
        public = max(get(Column.PREDICTIONS, hour) or 0, get(Column.RESPONSES, hour) or 0, errors)
        failed = max(get(Column.FAILED_RESPONSES, hour) or 0, errors)
        received = get(Column.RECEIVED, hour)
        return HourRow(
            hour=hour,
            # The counters tell of the same calls, each in its own way; the larger one is believed.
            requests=round(public + (get(Column.PRIVATE, hour) or 0)),
            failed=round(failed + (get(Column.FAILED_PRIVATE, hour) or 0)),
            covered=hour < self._covered_until,
            replicas=get(Column.REPLICAS, hour),
            duty=get(Column.DUTY, hour),
            cpu=get(Column.CPU, hour),
            received_bytes=None if received is None else round(received),
        )


def assemble(answers: Iterable[tuple[Query, Iterable[Point]]], first: int, last: int) -> dict[str, Hours]:
    """Sort the points of all queries by what they belong to.

    Requests that name an endpoint but no deployed model count for every deployed model of that endpoint: more use than
    there was, never less.
    """
    found: dict[str, Hours] = {}
    unnamed: dict[str, Hours] = {}
    for query, points in answers:
        for point in points:
            place = found if point.names_deployed_model else unnamed
            hours = place.get(point.owner)
            if hours is None:
                hours = place[point.owner] = Hours(first, last)
            hours.add(query.column, point.hour, point.value, largest=query.reduce == "REDUCE_MAX")
            if query.failed is not None and point.code and not point.code.startswith("2"):
                hours.add(query.failed, point.hour, point.value)
    for endpoint, hours in unnamed.items():
        for name, of_model in found.items():
            if name.startswith(f"{endpoint}/"):
                of_model.add_requests_of(hours)
    return found
