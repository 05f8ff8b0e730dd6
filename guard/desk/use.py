"""How much a thing was called, hour by hour and as small pictures of the last week. What is not known is None, never 0.

A pool is called through the models that share it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from guard.core.units import hour_number, hour_start
from guard.core.usage import Usage
from guard.ports.ledger import Ledger

Parts = Mapping[str, Sequence[str]]
"""A thing -> what is called: itself, or its sharers."""

SPAN = timedelta(days=7)
STEP = 3
"""Hours to a bar: 56 bars are as many as a small picture can show."""
HEIGHT = 26
"""Of the highest bar; any call at all is at least 2 high, so that it is seen."""


def parts_of(document: Mapping[str, Any]) -> Parts:
    """What is called where this thing is."""
    subject = str(document["subject"])
    return {subject: [str(one) for one in document.get("members") or ()] or [subject]}


def pictures(ledger: Ledger, parts: Parts, now: datetime) -> dict[str, dict[str, Any]]:
    """Name -> `{bars, total, since, text}`; a thing whose calls were never counted has none."""
    hours = range(hour_number(now - SPAN) // STEP * STEP, hour_number(now))
    return {
        name: _picture(found, hours)
        for name, found in requests(ledger, parts, hours).items()
        if any(one is not None for one in found)
    }


def requests(ledger: Ledger, parts: Parts, hours: range) -> dict[str, list[int | None]]:
    """Requests of each hour; None where they are not known."""
    names = sorted({part for group in parts.values() for part in group})
    usage = ledger.load_usage(from_hour=hours.start, subjects=names) if names else {}
    return {
        name: _sum([_of_hours(usage[part], hours) for part in group if part in usage], len(hours))
        for name, group in parts.items()
    }


def _of_hours(usage: Usage, hours: range) -> list[int | None]:
    covered, counts = usage.covered, usage.counts
    found: list[int | None] = []
    for hour in hours:
        count = counts.get(hour, 0)
        offset = hour - usage.origin
        found.append(count if count or (offset >= 0 and covered >> offset & 1) else None)
    return found


def _sum(records: Sequence[list[int | None]], length: int) -> list[int | None]:
    """Hour by hour; where some record knows nothing, calls that another one saw are calls, and none of them prove nothing."""
    if len(records) == 1:
        return records[0]
    total: list[int | None] = []
    for index in range(length):
        known = [count for record in records if (count := record[index]) is not None]
        calls = sum(known)
        total.append(calls if calls or (known and len(known) == len(records)) else None)
    return total


def _picture(found: Sequence[int | None], hours: range) -> dict[str, Any]:
    sums: list[int | None] = []
    for start in range(0, len(found), STEP):
        known = [one for one in found[start : start + STEP] if one is not None]
        sums.append(sum(known) if known else None)
    most = max((one for one in sums if one), default=0)
    total = sum(one for one in sums if one)
    gaps = sum(1 for one in found if one is None)
    text = f"{total:,} requests in the last {SPAN.days} days" + (f"; nothing known of {gaps} h" if gaps else "")
    return {
        "bars": [None if one is None else (max(2, round(HEIGHT * one / most)) if one else 0) for one in sums],
        "total": total,
        "since": hour_start(hours.start).isoformat(),
        "text": text,
    }
