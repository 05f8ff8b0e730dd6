"""Hourly figures of one project, kept as packed numbers, and the rows that are made of them one at a time.

Six weeks of a thousand deployments are ten million figures: as objects they would not fit beside the daemon.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from math import isnan
from operator import add
from typing import overload

from guard.adapters.monitoring.queries import Column, Query
from guard.adapters.monitoring.series import ABSENT, HourlySeries
from guard.core.usage import HourRow

COLUMNS = len(Column)
_COUNTED = (
    Column.PREDICTIONS,
    Column.RESPONSES,
    Column.FAILED_RESPONSES,
    Column.ERRORS,
    Column.PRIVATE,
    Column.FAILED_PRIVATE,
)


class Hours:
    """The figures of one deployed model or pool from the hour `first` on; ABSENT where there was no series."""

    __slots__ = ("_columns", "_first")

    def __init__(self, first: int) -> None:
        self._first = first
        self._columns: list[array[float] | None] = [None] * COLUMNS

    def add(self, column: Column, values: array[float], *, largest: bool = False) -> None:
        """Add a series hour by hour, or keep the larger of the two values (`largest`, for shares)."""
        before = self._columns[column]
        if before is None:
            self._columns[column] = values
            return
        join = max if largest else add
        self._columns[column] = array(
            "d",
            (
                new if isnan(old) else old if isnan(new) else join(old, new)
                for old, new in zip(before, values, strict=True)
            ),
        )

    def figures(self, first: int, last: int) -> Iterator[tuple[float, ...]]:
        """The figures of each hour from `first` to before `last`, in the order of Column; ABSENT where there are none."""
        span = slice(first - self._first, last - self._first)
        return zip(
            *(repeat(ABSENT, last - first) if values is None else values[span] for values in self._columns), strict=True
        )

    def add_requests_of(self, other: Hours) -> None:
        """Count another's requests here too."""
        for column in _COUNTED:
            if (values := other._columns[column]) is not None:  # the same class
                self.add(column, values)


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
            return list(self)[index]
        hour = range(self._first, self._last)[index]
        return next(self._from(hour))

    def __iter__(self) -> Iterator[HourRow]:
        return self._from(self._first)

    def _from(self, first: int) -> Iterator[HourRow]:
        hours = range(first, self._last)
        for hour, figures in zip(hours, self._hours.figures(first, self._last), strict=True):
            yield _row(hour, hour < self._covered_until, figures)


def _row(hour: int, covered: bool, figures: tuple[float, ...]) -> HourRow:
    """Make a row of an hour's figures, which come in the order of Column."""
    # What is not equal to itself is ABSENT; asking so is twice as quick as isnan().
    predictions, responses, failed, errors, private, failed_private, replicas, duty, cpu, received = [
        None if figure != figure else figure  # noqa: PLR0124  # see above
        for figure in figures
    ]
    wrong = errors or 0
    return HourRow(
        hour=hour,
        # The counters tell of the same calls, each in its own way; the larger one is believed.
        requests=round(max(predictions or 0, responses or 0, wrong) + (private or 0)),
        failed=round(max(failed or 0, wrong) + (failed_private or 0)),
        covered=covered,
        replicas=replicas,
        duty=duty,
        cpu=cpu,
        received_bytes=None if received is None else round(received),
    )


def assemble(answers: Iterable[tuple[Query, Iterable[HourlySeries]]], first: int) -> dict[str, Hours]:
    """Sort the series of all queries by what they belong to; `first` is the window's first hour.

    Requests that name an endpoint but no deployed model count for every deployed model of that endpoint: more use than
    there was, never less.
    """
    found: dict[str, Hours] = {}
    unnamed: dict[str, Hours] = {}
    for query, answer in answers:
        for series in answer:
            place = found if series.names_deployed_model else unnamed
            hours = place.get(series.owner)
            if hours is None:
                hours = place[series.owner] = Hours(first)
            hours.add(query.column, series.values, largest=query.reduce == "REDUCE_MAX")
            if query.failed is not None and series.code and not series.code.startswith("2"):
                hours.add(query.failed, series.values)
    for endpoint, hours in unnamed.items():
        for name, of_model in found.items():
            if name.startswith(f"{endpoint}/"):
                of_model.add_requests_of(hours)
    return found
