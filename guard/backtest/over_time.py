"""A rule in time: its waits week by week, and what it did to the things on which it saved least."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from guard.backtest.score import Score
from guard.backtest.silences import Floats, Silences

WEEK = 604_800.0
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = 3600.0
MOST_STRETCHES = 200
LEAST = 3
"""Fewer silences than this in a week say nothing of its waits."""


def by_week(silences: Silences, waits: Floats) -> list[dict[str, Any]]:
    """Return for each week since the record began the waits of the silences that began in it: 10 %, the middle and 90 %, hours.

    A wait that never ends is left out of the figures and counted in `never`.
    """
    if not len(silences.start):
        return []
    began = silences.began
    week = ((silences.start - began) // WEEK).astype(np.intp)
    lines = []
    for number in range(int(week.max()) + 1):
        there = waits[week == number]
        ends = there[np.isfinite(there)] / HOUR
        low, middle, high = np.percentile(ends, [10, 50, 90]) if len(ends) >= LEAST else (None, None, None)
        lines.append(
            {
                "from": (EPOCH + timedelta(seconds=began + number * WEEK)).isoformat(),
                "silences": len(there),
                "never": len(there) - len(ends),
                "low_hours": None if low is None else round(float(low), 3),
                "median_hours": None if middle is None else round(float(middle), 3),
                "high_hours": None if high is None else round(float(high), 3),
            }
        )
    return lines


def worst_in_time(silences: Silences, result: Score, waits: Floats, count: int = 5) -> list[dict[str, Any]]:
    """Return the things on which a rule saved least, with each stretch for which it had them removed (the latest 200).

    Instants are seconds from the Unix epoch; `came_back` tells a wrong removal from one that nobody noticed.
    """
    lines = []
    for endpoint in np.argsort(result.saved, kind="stable")[:count]:
        rows = np.flatnonzero((silences.endpoint == endpoint) & (silences.length > waits))[-MOST_STRETCHES:]
        lines.append(
            {
                "endpoint": silences.names[endpoint],
                "saved": round(float(result.saved[endpoint]), 2),
                "from": float(silences.first[endpoint]),
                "until": float(silences.end[endpoint]),
                "removed": [
                    {
                        "from": float(silences.start[i] + waits[i]),
                        "until": float(silences.start[i] + silences.length[i]),
                        "came_back": bool(silences.returned[i]),
                    }
                    for i in rows
                ],
            }
        )
    return lines
