"""When acts may happen, for a whole history at once: the openings of an act window as arrays, the same as `core.limits` says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from guard.backtest.silences import Floats
from guard.core.rules import ActWindow

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=9)
"""As far as `core.limits.next_open` looks ahead: a week and what a change of clocks may add."""


@dataclass(frozen=True, slots=True)
class Openings:
    """Half-open openings in order, seconds from the Unix epoch, and the daemon's looks, every `look` seconds (0: always)."""

    opens: Floats
    closes: Floats
    look: float = 0.0

    def first_look(self, at: Floats) -> Floats:
        """Return the first look at or after each instant that falls into an opening; inf where none does any more."""
        result = _to_look(at, self.look)
        for _ in range(len(self.opens) + 1):
            place = np.searchsorted(self.closes, result, side="right")
            over = place >= len(self.closes)
            opened = np.where(over, np.inf, self.opens[np.minimum(place, len(self.opens) - 1)])
            waiting = result < opened
            if not waiting.any():
                break
            result = np.where(waiting, _to_look(np.maximum(result, opened), self.look), result)
        return result


def always(look: float = 0.0) -> Openings:
    """Acts may happen at every look."""
    return Openings(np.array([-np.inf]), np.array([np.inf]), look)


def openings_of(window: ActWindow | None, first: float, last: float, *, look: float = 0.0) -> Openings:
    """Return the openings of a window between two instants (seconds), and a week beyond."""
    if window is None:
        return always(look)
    zone = ZoneInfo(window.zone)
    day = (EPOCH + timedelta(seconds=first)).astimezone(zone).date() - timedelta(days=1)
    until = (EPOCH + timedelta(seconds=last) + AHEAD).date()
    opens, closes = [], []
    overnight = window.end <= window.start
    while day <= until:
        if day.weekday() in window.weekdays:
            opens.append(_instant(day, window, zone, end=False))
            closes.append(_instant(day + timedelta(days=overnight), window, zone, end=True))
        day += timedelta(days=1)
    return Openings(np.array(opens, np.float64), np.array(closes, np.float64), look)


def _instant(day: date, window: ActWindow, zone: ZoneInfo, *, end: bool) -> float:
    local = datetime.combine(day, window.end if end else window.start, zone)
    return (local.astimezone(UTC) - EPOCH).total_seconds()


def _to_look(at: Floats, look: float) -> Floats:
    return np.ceil(at / look - 1e-9) * look if look else at
