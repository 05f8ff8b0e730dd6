"""Reads durations, instants and numbers out of a traffic specification."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from guard.sandbox.traffic.errors import TrafficError

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGEST_S: Final = 100 * 365 * 86_400
_MOST: Final = 1_000_000_000
_DURATION: Final = re.compile(r"([+-]?)((?:\d+(?:\.\d+)?[smhdw]\s*)+)")
_PIECE: Final = re.compile(r"(\d+(?:\.\d+)?)([smhdw])")
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


def duration(value: Any, field: str) -> timedelta:
    """A duration such as `90s`, `5m`, `1d12h`; a leading `-` is kept. A number without a unit is refused."""
    if isinstance(value, timedelta):
        return value
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise TrafficError(field, value, 'a duration with a unit, e.g. "90s", "5m", "6h", "2d", "1w"')
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in _PIECE.findall(found[2]))
    if seconds > _LONGEST_S:
        raise TrafficError(field, value, "a duration of at most 100 years")
    return timedelta(seconds=-seconds if found[1] == "-" else seconds)


def positive_duration(value: Any, field: str) -> timedelta:
    """A duration above zero."""
    length = duration(value, field)
    if length <= timedelta(0):
        raise TrafficError(field, value, "a duration above zero")
    return length


def instant(start: datetime) -> Callable[[Any, str], datetime]:
    """A reader of instants, aware UTC: RFC 3339 with a zone, or a duration from `start` (`3d`, `-12h`)."""

    def read(value: Any, field: str) -> datetime:
        if isinstance(value, datetime) and value.tzinfo is not None:
            return value.astimezone(UTC)
        if isinstance(value, str) and _DURATION.fullmatch(value.strip()):
            return start + duration(value, field)
        try:
            at = datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            raise TrafficError(
                field, value, 'an instant with a zone ("2026-11-24T08:00:00Z") or a time from the start ("3d", "-12h")'
            )
        return at.astimezone(UTC)

    return read


def number(value: Any, field: str) -> float:
    """A number from 0 to a thousand million."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MOST:
        raise TrafficError(field, value, "a number of at least 0 and at most 1,000,000,000")
    return float(value)


def positive(value: Any, field: str) -> float:
    """A number above 0."""
    if number(value, field) == 0:
        raise TrafficError(field, value, "a number above 0")
    return float(value)


def whole(value: Any, field: str) -> int:
    """A whole number from 1 to a thousand million."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST:
        raise TrafficError(field, value, "a whole number of at least 1 and at most 1,000,000,000")
    return value


def share(value: Any, field: str) -> float:
    """A number from 0 to 1."""
    if number(value, field) > 1:
        raise TrafficError(field, value, "a number from 0 to 1")
    return float(value)


def minute_of_day(value: Any, field: str) -> int:
    """A time of day, UTC, `HH:MM`, as minutes since midnight. YAML 1.1 reads `02:00` unquoted as a number: refused."""
    found = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise TrafficError(field, value, 'a quoted time of day in UTC, e.g. "02:00"')
    return int(found[1]) * 60 + int(found[2])


def text(value: Any, field: str) -> str:
    """A text that is not empty; whole numbers are taken as text too (model names may be digits)."""
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        raise TrafficError(field, value, "a name")
    return str(value)
