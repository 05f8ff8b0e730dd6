"""Durations and instants as a scenario and the control interface write them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)")
_WHOLE: Final = re.compile(rf"^\s*-?\s*(?:{_PART.pattern}\s*)+$")


def parse_duration(value: Any) -> timedelta:
    """`90s`, `15m`, `1h30m`, `-40d`. Raises ValueError for anything else, a bare number too (its unit would be a guess)."""
    text = str(value)
    if not isinstance(value, str) or not _WHOLE.match(text):
        raise ValueError(f"a duration such as 90s, 15m, 1h30m or 2d is expected; found {value!r}")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    return timedelta(seconds=-seconds if text.strip().startswith("-") else seconds)


def parse_instant(value: Any, start: datetime) -> datetime:
    """An instant in ISO 8601 with a zone, or a duration from `start`. Raises ValueError."""
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, str):
        if _WHOLE.match(value):
            return start + parse_duration(value)
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            at = None
        if at is not None and at.tzinfo is not None:
            return at.astimezone(UTC)
    raise ValueError(
        f"an instant such as 2026-11-02T08:00:00Z, or a duration from the start such as 3d, is expected; found {value!r}"
    )
