"""When a report is due: a weekday or the first of a month at a local time. Once a local date, whatever the clocks do. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAILY, MONTHLY = "daily", "monthly"
_EVERY = re.compile(r"(?P<when>[a-z]+)(?:\s+(?P<time>\d{1,2}:\d{2}))?(?:\s+(?P<zone>[A-Za-z]\S*))?")
EXPECTED = 'Expected e.g. "monday 08:00 Europe/Madrid", "daily 07:30" or "monthly"; without a zone: UTC'


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """`when` is a weekday, `daily` or `monthly` (the first); the time of day is that of the zone."""

    when: str
    at: time
    zone: str
    text: str

    def latest(self, now: datetime) -> tuple[date, datetime]:
        """The latest local date on which it was due, and that instant (UTC).

        A time that the clocks skip is due as long after midnight as it says; one that comes twice is due the first time.
        """
        zone = ZoneInfo(self.zone)
        day = now.astimezone(zone).date()
        while not (self._falls_on(day) and self._instant(day, zone) <= now):
            day -= timedelta(days=1)
        return day, self._instant(day, zone)

    def _falls_on(self, day: date) -> bool:
        return self.when == DAILY or (day.day == 1 if self.when == MONTHLY else DAYS[day.weekday()] == self.when)

    def _instant(self, day: date, zone: ZoneInfo) -> datetime:
        return datetime.combine(day, self.at, tzinfo=zone).astimezone(UTC)


def read_schedule(text: str) -> Schedule:
    """Read `monday 08:00 Europe/Madrid`; 08:00 and UTC where nothing is said. Raises ValueError saying what is wrong."""
    found = _EVERY.fullmatch(text.strip())
    if found is None or found["when"] not in {*DAYS, DAILY, MONTHLY}:
        raise ValueError(f"found {text!r}. {EXPECTED}")
    zone = found["zone"] or "UTC"
    try:
        at = time.fromisoformat((found["time"] or "08:00").zfill(5))
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"found {text!r}, with a time of day or a zone that does not exist. {EXPECTED}") from None
    return Schedule(when=found["when"], at=at, zone=zone, text=" ".join(text.split()))
