"""Instants as people type them on the command line: a date, a date and time (UTC), a duration from now, or words in their zone."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from guard.config import values
from guard.desk import moments
from guard.ports.errors import NotUnderstood


class Moment(NamedTuple):
    """An instant (UTC), and, where it was given in words, how it reads in the zone that they were read in."""

    at: datetime
    local: str = ""


def moment(text: str, now: datetime, zone: str | None = None) -> Moment:
    """Read `2026-12-01` (its end of day, UTC), `2026-12-01T18:00` (UTC), `3d` from now, or `Friday 18:00` in the zone.

    Raises NotUnderstood for what cannot be read, what can be read in two ways, and the past.
    """
    try:
        at = _read(text.strip(), now)
    except ValueError:
        raise NotUnderstood(
            f"--until: found {text!r}. Expected 2026-12-01, 2026-12-01T18:00 (UTC), 3d, or words such as Friday 18:00."
        ) from None
    if at is None:
        place = zone or own_zone()
        try:
            at = moments.moment(text, now, place)
        except NotUnderstood as error:
            raise NotUnderstood(f"--{error.message}".replace("--zone:", "--tz:"), hint=error.hint) from None
        return Moment(at, f"{at.astimezone(ZoneInfo(place)):%A %Y-%m-%d %H:%M} {place}")
    if at <= now:
        raise NotUnderstood(
            f"--until: {at:%Y-%m-%d %H:%M} UTC is over already (it is {now:%Y-%m-%d %H:%M}). Nothing was kept."
        )
    return Moment(at)


def own_zone() -> str:
    """This machine's time zone: $TZ, else the zone that /etc/localtime points to, else UTC."""
    named = os.environ.get("TZ", "").removeprefix(":")
    linked = os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
    for name in filter(None, (named, linked)):
        try:
            return ZoneInfo(name).key
        except (ValueError, OSError, KeyError):
            continue
    return "UTC"


def _read(text: str, now: datetime) -> datetime | None:
    """None for what is no date, time or duration in figures; raises ValueError for one that is wrong."""
    if len(text) == len("2026-12-01") and text[4:5] == "-":
        return datetime.combine(date.fromisoformat(text), time(23, 59, 59), tzinfo=UTC)
    if text[:5].count("-") == 1 and text[:4].isdigit():
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    if text.isdigit() or (text[:-1].isdigit() and text[-1:].isalpha()):
        return now + values.duration(text)
    return None
