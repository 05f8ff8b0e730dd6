"""Patterns by the name that a scenario uses, each with its fields and their defaults."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from guard.sandbox.traffic import patterns, units
from guard.sandbox.traffic.errors import TrafficError
from guard.sandbox.traffic.fields import Fields
from guard.sandbox.traffic.patterns import Pattern

_HISTORY: Final = timedelta(weeks=8)  # a renewal has to begin somewhere: before the six weeks that the platform keeps


def _busy(fields: Fields, seed: tuple[int, ...]) -> Pattern:
    rate = patterns.daily(
        fields.take("per_hour", units.number, 120) / 60,
        swing=fields.take("swing", units.share, 0.8),
        peak=fields.take("peak", units.minute_of_day, "14:00"),
        weekend=fields.take("weekend", units.share, 0.5),
    )
    return patterns.Rate(per_minute=rate, seed=seed)


def _nightly(fields: Fields, _seed: tuple[int, ...]) -> Pattern:
    return patterns.Batch(
        requests=fields.take("requests", units.whole, 600),
        at=fields.take("at", units.minute_of_day, "02:00"),
        lasts=_minutes(fields.take("lasts", units.positive_duration, "40m")),
    )


def _monthly(fields: Fields, _seed: tuple[int, ...]) -> Pattern:
    day = fields.take("day", units.whole, 1)
    if day > 28:
        raise TrafficError("traffic.day", day, "a day that every month has, 1 to 28")
    return patterns.Batch(
        requests=fields.take("requests", units.whole, 300),
        at=fields.take("at", units.minute_of_day, "09:00"),
        lasts=_minutes(fields.take("lasts", units.positive_duration, "2h")),
        day_of_month=day,
    )


def _weekdays(fields: Fields, seed: tuple[int, ...]) -> Pattern:
    rate = patterns.office(
        fields.take("per_hour", units.number, 30) / 60,
        opens=fields.take("opens", units.minute_of_day, "08:00"),
        closes=fields.take("closes", units.minute_of_day, "18:00"),
    )
    return patterns.Rate(per_minute=rate, seed=seed)


def _probes(fields: Fields, _seed: tuple[int, ...]) -> Pattern:
    return patterns.Probes(
        requests=fields.take("requests", units.whole, 1),
        every=fields.take("every", units.positive_duration, "5m").total_seconds(),
        phase=fields.start.timestamp() + fields.take("phase", units.duration, "0s").total_seconds(),
    )


def _calls(fields: Fields, _seed: tuple[int, ...]) -> Pattern:
    def instants(value: Any, field: str) -> list[datetime]:
        return sorted(fields.instant(item, field) for item in (value if isinstance(value, list) else [value]))

    at = fields.take("at", instants)
    seconds = np.array([instant.timestamp() for instant in at])
    return patterns.Events(seconds=seconds, requests=fields.take("requests", units.whole, 1))


def _per_hour(default: float) -> Callable[[Fields, tuple[int, ...]], Pattern]:
    def build(fields: Fields, seed: tuple[int, ...]) -> Pattern:
        return patterns.Rate(per_minute=patterns.steady(fields.take("per_hour", units.number, default) / 60), seed=seed)

    return build


def _sparse(fields: Fields, seed: tuple[int, ...]) -> Pattern:
    per_week = fields.take("per_week", units.number, 3)
    return patterns.Rate(per_minute=patterns.steady(per_week / (7 * 1440)), seed=seed)


def _renewal(fields: Fields, seed: tuple[int, ...]) -> Pattern:
    tail = fields.take("tail", units.positive, 1.5)
    if tail <= 1:
        raise TrafficError("traffic.tail", tail, "a number above 1: at or below it the gaps have no mean")
    return patterns.Renewal(
        mean_gap=fields.take("mean_gap", units.positive_duration, "6h").total_seconds(),
        tail=tail,
        origin=(fields.start - _HISTORY).timestamp(),
        seed=seed,
        requests=fields.take("requests", units.whole, 1),
    )


PATTERNS: Final[Mapping[str, Callable[[Fields, tuple[int, ...]], Pattern]]] = {
    "busy": _busy,
    "nightly": _nightly,
    "weekdays": _weekdays,
    "probes": _probes,
    "calls": _calls,
    "failing": _per_hour(12),
    "monthly": _monthly,
    "burst_then_forgotten": _per_hour(60),
    "renewal": _renewal,
    "poisson": _per_hour(6),
    "sparse": _sparse,
}
"""Patterns by name, each with the reader of its fields; all take `codes`, `since` and `until` as well."""


def _minutes(length: timedelta) -> int:
    return max(round(length.total_seconds() / 60), 1)
