"""Instants as people type them on the command line: a date, a date and time, or a duration from now. UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from guard.config import values
from guard.ports.errors import ConfigInvalid


def moment(text: str, now: datetime) -> datetime:
    """Read `2026-12-01` (its end of day), `2026-12-01T18:00` or `3d` from now; raises ConfigInvalid, also for the past."""
    try:
        result = _read(text.strip(), now)
    except ValueError:
        raise ConfigInvalid(
            f"--until: found {text!r}. Expected 2026-12-01, 2026-12-01T18:00 (UTC), or a duration such as 3d."
        ) from None
    if result <= now:
        raise ConfigInvalid(
            f"--until: {result:%Y-%m-%d %H:%M} UTC is over already (it is {now:%Y-%m-%d %H:%M}). Nothing was kept."
        )
    return result


def _read(text: str, now: datetime) -> datetime:
    if len(text) == len("2026-12-01") and text[4:5] == "-":
        return datetime.combine(date.fromisoformat(text), time(23, 59, 59), tzinfo=UTC)
    if text[:1].isdigit() and "-" not in text:
        return now + values.duration(text)
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
