"""An instant in people's words: `Friday 18:00`, `in 3 days`, `2026-12-01`. Read in the reader's zone, counted from domain time."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from guard.ports.errors import ConfigInvalid

EXAMPLES = '"Friday 18:00", "in 3 days", "tomorrow", "2026-12-01", "12h"'
_SHORT = re.compile(r"^(\d+)\s*([hdw])$")
_AMBIGUOUS = re.compile(r"^(0?[1-9]|1[0-2])[/.](0?[1-9]|1[0-2])([/.]|$)")
"""`3/4` is a day in March to some and in April to others."""
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def moment(text: str, now: datetime, zone: str = "UTC") -> datetime:
    """The instant that a text means, aware UTC; a day without a time means its end.

    Raises ConfigInvalid for what cannot be read, for the past, and for a zone that is not known.
    """
    try:
        place = ZoneInfo(zone)
    except (ValueError, OSError, KeyError) as error:
        raise ConfigInvalid(f"zone: found {zone[:60]!r}. Expected a name such as Europe/Madrid.") from error
    found = _read(text.strip()[:100], now.astimezone(place))
    if found is None:
        raise ConfigInvalid(f"until: found {text[:60]!r}. Expected for example {EXAMPLES}. Nothing was kept.")
    at = found.astimezone(UTC)
    if at <= now:
        raise ConfigInvalid(
            f"until: {text[:60]!r} means {at:%Y-%m-%d %H:%M} UTC, which is over (it is {now:%Y-%m-%d %H:%M}). Nothing was kept."
        )
    return at


def _read(text: str, there: datetime) -> datetime | None:
    brief = _SHORT.match(text.casefold())
    if brief:
        return there + int(brief[1]) * _UNITS[brief[2]]
    with suppress(ValueError):
        exact = datetime.fromisoformat(text)
        if "T" in text or ":" in text:
            return exact if exact.tzinfo is not None else exact.replace(tzinfo=there.tzinfo)
    if _AMBIGUOUS.match(text):
        return None
    import dateparser  # takes a fifth of a second to import: only where somebody writes in words

    parsed: datetime | None = dateparser.parse(
        text,
        languages=["en"],
        settings={
            "RELATIVE_BASE": there.replace(tzinfo=None),
            "PREFER_DATES_FROM": "future",
            "RETURN_AS_TIMEZONE_AWARE": False,
            "DATE_ORDER": "YMD",
        },
    )
    if parsed is None:
        return None
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=there.tzinfo)
    names_a_time = re.search(r"\d[:h]\d|\b\d{1,2}\s*(am|pm)\b|noon|midnight|hour|minute|\bnow\b", text, re.IGNORECASE)
    return parsed if names_a_time else datetime.combine(parsed.date(), time(23, 59, 59), parsed.tzinfo)
