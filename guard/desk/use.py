"""How much a thing was called, as small pictures: bars over the last week. What is not known is None, never 0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from guard.core.units import hour_number, hour_start
from guard.core.usage import Usage
from guard.ports.ledger import Ledger

SPAN = timedelta(days=7)
STEP = 3
"""Hours to a bar: 56 bars are as many as a small picture can show."""
HEIGHT = 26
"""Of the highest bar; any call at all is at least 2 high, so that it is seen."""


def pictures(ledger: Ledger, subjects: Sequence[str], now: datetime) -> dict[str, dict[str, Any]]:
    """Name -> `{bars, total, since, text}`; a thing whose calls were never counted has none."""
    first = hour_number(now - SPAN) // STEP * STEP
    last = hour_number(now)
    usage = ledger.load_usage(from_hour=first, subjects=subjects) if subjects else {}
    return {name: _picture(record, first, last) for name, record in usage.items()}


def _picture(usage: Usage, first: int, last: int) -> dict[str, Any]:
    sums: list[int | None] = []
    for start in range(first, last, STEP):
        hours = range(start, min(start + STEP, last))
        known = [hour for hour in hours if covered(usage, hour) or usage.counts.get(hour)]
        sums.append(sum(usage.counts.get(hour, 0) for hour in known) if known else None)
    most = max((one for one in sums if one), default=0)
    total = sum(one for one in sums if one)
    gaps = sum(STEP for one in sums if one is None)
    text = f"{total:,} requests in the last {SPAN.days} days" + (f"; nothing known of {gaps} h" if gaps else "")
    return {
        "bars": [None if one is None else (max(2, round(HEIGHT * one / most)) if one else 0) for one in sums],
        "total": total,
        "since": hour_start(first).isoformat(),
        "text": text,
    }


def covered(usage: Usage, hour: int) -> bool:
    """True where the counts of that hour are complete."""
    offset = hour - usage.origin
    return offset >= 0 and bool(usage.covered >> offset & 1)


def requests_by_hour(usage: Usage, hours: range) -> list[int | None]:
    """Requests of each hour; None where they are not known."""
    counts: Mapping[int, int] = usage.counts
    return [counts.get(hour, 0) if covered(usage, hour) or hour in counts else None for hour in hours]
