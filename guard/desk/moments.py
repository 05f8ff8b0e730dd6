"""An instant in people's words: `Friday 18:00`, `in 3 days`, `2026-12-01`. Read in the reader's zone, counted from domain time.

Words that can be read in two ways are refused with both readings: a keep that ends a week too early is a removal.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from guard.ports.errors import NotUnderstood

EXAMPLES = '"Friday 18:00", "in 3 days", "tomorrow", "2026-12-01", "12h"'
DAY_ENDS = time(23, 59, 59)
_SHORT = re.compile(r"^(\d{1,4})\s*([hdw])$")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAY = re.compile(rf"\b(next\s+)?({'|'.join(_WEEKDAYS)})[a-z]*\b", re.IGNORECASE)
_NAMES_A_TIME = re.compile(r"\d[:h]\d|\b\d{1,2}\s*(am|pm)\b|noon|midnight|tonight|hour|minute|\bnow\b", re.IGNORECASE)
_NAMES_A_DATE = re.compile(r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b|\d[./-]\d", re.IGNORECASE)
READINGS = tuple(
    {"DATE_ORDER": order, "PREFER_DAY_OF_MONTH": day} for order in ("DMY", "MDY") for day in ("first", "last")
)
"""Day or month first; the first or the last day of a month that is named without one. All have to agree."""


def moment(text: str, now: datetime, zone: str = "UTC") -> datetime:
    """The instant that a text means, aware UTC; a day without a time means its end.

    Raises NotUnderstood for what cannot be read, for what can be read in two ways, for the past, and for an unknown zone.
    """
    try:
        place = ZoneInfo(zone)
    except (ValueError, OSError, KeyError):
        raise NotUnderstood(f"zone: found {zone[:60]!r}. Expected a name such as Europe/Madrid.") from None
    shown = text.strip()[:60]
    found = _read(text.strip()[:100], now.astimezone(place))
    if not found:
        raise NotUnderstood(f"until: found {shown!r}. Expected for example {EXAMPLES}. Nothing was kept.")
    if len(found) > 1:
        both = " or ".join(f"{at:%A %Y-%m-%d %H:%M}" for at in found[:2])
        raise NotUnderstood(
            f"until: {shown!r} may mean {both} ({zone}). Nothing was kept.", hint="Write the date: 2026-12-01."
        )
    at = found[0].astimezone(UTC)
    if at <= now:
        raise NotUnderstood(
            f"until: {shown!r} means {at:%Y-%m-%d %H:%M} UTC, which is over already (it is {now:%Y-%m-%d %H:%M}). "
            "Nothing was kept."
        )
    return at


def _read(text: str, there: datetime) -> list[datetime]:
    """What a text may mean, earliest first: nothing, one instant, or several."""
    brief = _SHORT.match(text.casefold())
    if brief:
        return [there + int(brief[1]) * _UNITS[brief[2]]]
    found = {at for reading in READINGS if (at := _parsed(text, there, reading)) is not None}
    weekday = _WEEKDAY.search(text)
    if weekday and len(found) == 1 and not _NAMES_A_DATE.search(text):
        found = _of_weekday(found.pop(), there, is_next=bool(weekday[1]), day=_WEEKDAYS.index(weekday[2].lower()))
    return sorted(found)


def _of_weekday(at: datetime, there: datetime, *, is_next: bool, day: int) -> set[datetime]:
    """The parser takes the coming day of that name. `next Friday` may be the one after; on a Friday, `Friday` may be today."""
    if is_next:
        return {at, at + timedelta(weeks=1)}
    earlier = at - timedelta(weeks=1)
    return {earlier, at} if there.weekday() == day and earlier > there else {at}


def _parsed(text: str, there: datetime, reading: dict[str, str]) -> datetime | None:
    """What a kept parser of dates makes of it; it takes a fifth of a second to import, so only where somebody writes in words."""
    import dateparser  # type: ignore[import-untyped, unused-ignore]  # its stubs are installed in some places

    settings = {
        "RELATIVE_BASE": there.replace(tzinfo=None),
        "PREFER_DATES_FROM": "future",
        "RETURN_AS_TIMEZONE_AWARE": False,
        **reading,
    }
    try:
        parsed: datetime | None = dateparser.parse(text, languages=["en"], settings=settings)
    except (ValueError, OverflowError):
        return None
    if parsed is None:
        return None
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=there.tzinfo)
    return parsed if _NAMES_A_TIME.search(text) else datetime.combine(parsed.date(), DAY_ENDS, parsed.tzinfo)
