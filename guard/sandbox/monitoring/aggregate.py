"""Alignment of each series to common buckets, and reduction across series, as Cloud Monitoring defines them.

Source: google.monitoring.v3 `Aggregation` (google-cloud-monitoring 2.32.0, types/common.py), read 2026-11-24.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from guard.sandbox.errors import ApiError, invalid
from guard.sandbox.monitoring.metrics import Metric
from guard.sandbox.monitoring.window import Mask, Minutes, Numbers

ALIGNERS: Final = {
    "ALIGN_NONE": 0,
    "ALIGN_DELTA": 1,
    "ALIGN_RATE": 2,
    "ALIGN_INTERPOLATE": 3,
    "ALIGN_NEXT_OLDER": 4,
    "ALIGN_MIN": 10,
    "ALIGN_MAX": 11,
    "ALIGN_MEAN": 12,
    "ALIGN_COUNT": 13,
    "ALIGN_SUM": 14,
    "ALIGN_STDDEV": 15,
    "ALIGN_COUNT_TRUE": 16,
    "ALIGN_FRACTION_TRUE": 17,
    "ALIGN_PERCENTILE_99": 18,
    "ALIGN_PERCENTILE_95": 19,
    "ALIGN_PERCENTILE_50": 20,
    "ALIGN_PERCENTILE_05": 21,
    "ALIGN_PERCENT_CHANGE": 23,
    "ALIGN_COUNT_FALSE": 24,
}
REDUCERS: Final = {
    "REDUCE_NONE": 0,
    "REDUCE_MEAN": 1,
    "REDUCE_MIN": 2,
    "REDUCE_MAX": 3,
    "REDUCE_SUM": 4,
    "REDUCE_STDDEV": 5,
    "REDUCE_COUNT": 6,
    "REDUCE_COUNT_TRUE": 7,
    "REDUCE_FRACTION_TRUE": 8,
    "REDUCE_PERCENTILE_99": 9,
    "REDUCE_PERCENTILE_95": 10,
    "REDUCE_PERCENTILE_50": 11,
    "REDUCE_PERCENTILE_05": 12,
    "REDUCE_COUNT_FALSE": 15,
}
_SERVED_ALIGNERS: Final = frozenset(
    {*("ALIGN_NONE", "ALIGN_DELTA", "ALIGN_RATE", "ALIGN_MIN", "ALIGN_MAX", "ALIGN_MEAN", "ALIGN_COUNT", "ALIGN_SUM")}
)
_SERVED_REDUCERS: Final = frozenset(
    {*("REDUCE_NONE", "REDUCE_MEAN", "REDUCE_MIN", "REDUCE_MAX", "REDUCE_SUM", "REDUCE_COUNT")}
)


@dataclass(frozen=True, slots=True)
class Aggregation:
    """How points become buckets and series become groups; `period` in seconds, 0 where none was given."""

    period: int = 0
    aligner: str = "ALIGN_NONE"
    reducer: str = "REDUCE_NONE"
    group_by: tuple[str, ...] = ()

    def check(self, metric: Metric) -> None:
        """Raise the ApiError that the platform would raise."""
        if self.aligner == "ALIGN_NONE":
            if self.reducer != "REDUCE_NONE":
                raise invalid(
                    "Field aggregation.perSeriesAligner had an invalid value of "
                    '"ALIGN_NONE": The aggregation must have a perSeriesAligner to use a crossSeriesReducer.'
                )
            return
        if self.period < 60:
            raise invalid(
                f'Field aggregation.alignmentPeriod had an invalid value of "{self.period}s": '
                "The alignment period must be at least 60 seconds when a perSeriesAligner is given."
            )
        if self.aligner not in _SERVED_ALIGNERS or self.reducer not in _SERVED_REDUCERS:
            numeric = {"ALIGN_STDDEV", "ALIGN_PERCENT_CHANGE", "ALIGN_INTERPOLATE", "ALIGN_NEXT_OLDER", "ALIGN_NONE"}
            if self.aligner in _SERVED_ALIGNERS | numeric:
                raise ApiError("UNIMPLEMENTED", f"The sandbox does not do {self.aligner} with {self.reducer}.")
            raise self._misfit(metric)
        if self.aligner in {"ALIGN_DELTA", "ALIGN_RATE"} and metric.kind != "DELTA":
            raise self._misfit(metric)

    def _misfit(self, metric: Metric) -> ApiError:
        return invalid(
            f'Field aggregation.perSeriesAligner had an invalid value of "{self.aligner}": The aligner cannot be applied '
            f"to metrics with kind {metric.kind} and value type {metric.value_type}."
        )

    def kind(self, metric: Metric) -> Literal["DELTA", "GAUGE"]:
        """The metric kind of the result."""
        return "GAUGE" if self.aligner == "ALIGN_RATE" else metric.kind

    def value_type(self, metric: Metric) -> Literal["INT64", "DOUBLE"]:
        """The value type of the result."""
        if self.reducer == "REDUCE_COUNT":
            return "INT64"
        if self.reducer == "REDUCE_MEAN" or self.aligner in {"ALIGN_MEAN", "ALIGN_RATE"}:
            return "DOUBLE"
        return "INT64" if self.aligner == "ALIGN_COUNT" else metric.value_type


class Grid:
    """Buckets that end at the interval's end and go back from there, as far as there are minutes to fill them.

    `ends` are epoch seconds, ascending; the first bucket may reach back before the interval's start. Without an alignment
    period every minute is a bucket.
    """

    def __init__(self, minutes: Minutes, end: int, period: int) -> None:
        self.width = period or 60
        stamps = minutes.starts + 60
        self.ends, self._edges = stamps, None
        if period:
            before_end = (end - stamps) // period
            self._edges = np.flatnonzero(np.diff(before_end, prepend=-1))
            self.ends = end - before_end[self._edges] * period

    def align(self, aligner: str, values: Numbers, present: Mask) -> tuple[Numbers, Mask]:
        """One value a bucket, and which buckets have one."""
        if self._edges is None:
            return values, present
        count = np.add.reduceat(present, self._edges, dtype=np.int64)
        match aligner:
            case "ALIGN_COUNT":
                found = count
            case "ALIGN_MAX":
                found = np.maximum.reduceat(np.where(present, values, -1), self._edges)
            case "ALIGN_MIN":
                found = np.minimum.reduceat(np.where(present, values, values.max()), self._edges)
            case "ALIGN_MEAN":
                found = np.add.reduceat(values, self._edges) / np.maximum(count, 1)
            case _:
                found = np.add.reduceat(values, self._edges)
        has = count > 0
        if aligner in {"ALIGN_DELTA", "ALIGN_RATE"}:
            found, has = _interpolated(found, has)
            found = found / self.width if aligner == "ALIGN_RATE" else found
        return found, has


def _interpolated(values: Numbers, present: Mask) -> tuple[Numbers, Mask]:
    """Fill empty buckets between filled ones, which is what makes these two aligners wrong for counting requests."""
    known = np.flatnonzero(present)
    if len(known) < 2:
        return values, present
    between = np.zeros(len(values), dtype=bool)
    between[known[0] : known[-1] + 1] = True
    filled = np.interp(np.arange(len(values)), known, values[known])
    return np.where(between, filled.astype(values.dtype), values), between


def reduce(reducer: str, members: Sequence[tuple[Numbers, Mask]]) -> tuple[Numbers, Mask]:
    """Combine aligned series, bucket by bucket, over those that have a point there."""
    if len(members) == 1 and reducer in {"REDUCE_SUM", "REDUCE_MAX", "REDUCE_MIN"}:
        return members[0]
    values = np.stack([member[0] for member in members])
    present = np.stack([member[1] for member in members])
    count: Numbers = present.sum(axis=0)
    has: Mask = count > 0
    match reducer:
        case "REDUCE_COUNT":
            return count, has
        case "REDUCE_MAX":
            return np.where(present, values, -1).max(axis=0), has
        case "REDUCE_MIN":
            return np.where(present, values, values.max()).min(axis=0), has
        case "REDUCE_MEAN":
            return np.where(present, values, 0).sum(axis=0) / np.maximum(count, 1), has
        case _:
            return np.where(present, values, 0).sum(axis=0), has
