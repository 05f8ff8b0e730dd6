"""The biller's calendar: Google's invoices and budgets run from midnight to midnight in Los Angeles. Pure.

Source: docs.cloud.google.com/billing/docs/how-to/budget-api-overview, read 2026-11-24.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from guard.core.units import Window

ZONE = ZoneInfo("America/Los_Angeles")


def month_of(now: datetime) -> Window:
    """The billing month that an instant lies in, in UTC; 743 or 745 hours long where the clock changes."""
    there = now.astimezone(ZONE)
    return month(there.year, there.month)


def month(year: int, number: int) -> Window:
    """The billing month of a year."""
    following = (year + 1, 1) if number == 12 else (year, number + 1)  # December
    return Window(_begin(year, number), _begin(*following))


def _begin(year: int, number: int) -> datetime:
    return datetime(year, number, 1, tzinfo=ZONE).astimezone(UTC)


def day_of(now: datetime) -> tuple[date, Window]:
    """The biller's day that an instant lies in, and its instants in UTC: 23 or 25 hours where the clock changes."""
    day = now.astimezone(ZONE).date()
    start, end = (datetime.combine(one, time(), tzinfo=ZONE).astimezone(UTC) for one in (day, day + timedelta(days=1)))
    return day, Window(start, end)
