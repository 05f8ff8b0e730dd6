"""The little languages of guard.yaml: durations, money, act windows, factors. Each raises ValueError with what is expected."""

from __future__ import annotations

import re
from datetime import time, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from guard.core.rules import ActWindow
from guard.core.units import Money

_DURATION = re.compile(r"(?:(\d+)\s*(w|d|h|min|m|s)\s*)+")
_PART = re.compile(r"(\d+)\s*(w|d|h|min|m|s)")
LONGEST = timedelta(days=3660)
"""What is longer is a slip of the keyboard, and would leave the calendar when added to an instant."""

_UNIT = {"w": "weeks", "d": "days", "h": "hours", "min": "minutes", "m": "minutes", "s": "seconds"}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW = re.compile(
    r"(?P<days>[A-Za-z,\s-]+?)\s+(?P<start>\d{1,2}:\d{2})\s*-\s*(?P<end>\d{1,2}:\d{2})(?:\s+(?P<zone>[A-Za-z0-9_+/-]+))?"
)


def duration(found: object) -> timedelta:
    """Read `6h`, `2d`, `1h30m`, `45min`, `30s`, `2w`."""
    text = str(found).strip().lower()
    if not _DURATION.fullmatch(text):
        number = isinstance(found, int | float) or text.replace(".", "", 1).isdigit()
        what = "a number without a unit" if number else "no duration"
        raise ValueError(f'found {found!r}, {what}. Expected a duration such as "6h", "2d" or "1h30m"')
    try:
        length = sum((timedelta(**{_UNIT[unit]: int(n)}) for n, unit in _PART.findall(text)), timedelta(0))
    except (OverflowError, ValueError):  # ValueError: more digits than Python reads
        length = timedelta.max
    if length > LONGEST:
        raise ValueError(f'found {text[:40]!r}, longer than ten years. Use "never" for what has no end')
    return length


def written(length: timedelta) -> str:
    """Write a duration of whole seconds as `duration` reads it: `1h30min`."""
    rest, parts = int(length.total_seconds()), []
    for unit, seconds in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, seconds)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def money(found: object) -> Money:
    """Read `1`, `0.10`, `500 USD`."""
    text = str(found).strip()
    amount, _, currency = text.partition(" ")
    try:
        value = Decimal(amount)
    except InvalidOperation:
        raise ValueError(f'found {found!r}. Expected an amount such as 0.10 or "500 USD"') from None
    if not value.is_finite() or value < 0:
        raise ValueError(f"found {found!r}. Expected an amount of at least 0")
    currency = (currency or "USD").strip().upper()
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise ValueError(f"found the currency {currency!r}. Expected a code of three letters such as USD")
    return Money(value, currency)


def factor(found: object) -> Decimal:
    """Read `3x` or `3`; at least 1."""
    text = str(found).strip().lower().removesuffix("x")
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f'found {found!r}. Expected a factor such as "3x"') from None
    if not value.is_finite() or value < 1:
        raise ValueError(f'found {found!r}. Expected a factor of at least 1, such as "3x"')
    return value


def share(found: object) -> Decimal:
    """Read `50%` or `0.5`; between 0 and 1."""
    text = str(found).strip()
    try:
        value = Decimal(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except InvalidOperation:
        raise ValueError(f'found {found!r}. Expected a share such as "50%"') from None
    if not Decimal(0) < value <= 1:
        raise ValueError(f'found {found!r}. Expected a share above 0 and up to "100%"')
    return value


def shortening(found: object) -> Decimal | timedelta:
    """Read `50%` or `0.5` of a wait, or the wait itself: `24h`."""
    text = str(found).strip()
    if text.endswith("%") or text.replace(".", "", 1).isdigit():
        return share(found)
    try:
        length = duration(found)
    except ValueError:
        raise ValueError(
            f'found {found!r}. Expected a share of the wait such as "50%", or a wait such as "24h"'
        ) from None
    if not length:
        raise ValueError(f'found {found!r}. Expected a wait above 0 such as "24h"')
    return length


def threshold(text: str) -> tuple[Decimal, bool]:
    """Read `90%` or `forecast 100%`: the share, and whether it is of the forecast."""
    return share(text.removeprefix("forecast ").strip()), text.startswith("forecast ")


def act_window(found: object) -> ActWindow:
    """Read `Mon-Fri 09:00-17:00 Europe/Madrid`; without a zone: UTC."""
    text = str(found).strip()
    expected = 'Expected e.g. "Mon-Fri 09:00-17:00 Europe/Madrid"'
    parts = _WINDOW.fullmatch(text)
    if parts is None:
        raise ValueError(f"found {text!r}. {expected}")
    try:
        start, end = (time.fromisoformat(parts[name].zfill(5)) for name in ("start", "end"))
    except ValueError:
        raise ValueError(f"found {text!r}, which holds no time of day. {expected}") from None
    if start == end:
        raise ValueError(f"found {text!r}, which begins and ends at the same time. {expected}")
    zone = parts["zone"] or "UTC"
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"found the time zone {zone!r}, which does not exist. {expected}") from None
    return ActWindow(weekdays=_weekdays(parts["days"], expected), start=start, end=end, zone=zone, text=text)


def _weekdays(text: str, expected: str) -> frozenset[int]:
    days: set[int] = set()
    for part in text.replace(" ", "").lower().split(","):
        first, dash, last = part.partition("-")
        if part in {"daily", "everyday", "mon-sun"}:
            return frozenset(range(7))
        try:
            a = _DAYS.index(first[:3])
            b = _DAYS.index(last[:3]) if dash else a
        except ValueError:
            raise ValueError(f"found the weekday {part!r}. {expected}") from None
        days.update((a + i) % 7 for i in range((b - a) % 7 + 1))
    return frozenset(days)
