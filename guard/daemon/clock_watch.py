"""Does domain time go at machine time's pace? A clock that was set, back or forward, puts all instruments in doubt."""

from __future__ import annotations

from datetime import datetime, timedelta

from guard.core.sanity import CLOCK_TOLERANCE
from guard.ports.clock import Clock

BELIEVED_AGAIN = timedelta(hours=24)
"""Machine time after which a clock that was set and stayed so is believed: by then somebody would have set it back."""


class ClockWatch:
    """Compares domain time with machine time from look to look; a sandbox's time is stepped, there it may only not go back."""

    def __init__(self, clock: Clock, *, stepped: bool) -> None:
        self._clock = clock
        self._stepped = stepped
        self._anchor: tuple[datetime, float] | None = None
        self._parted_at: float | None = None

    def jump(self, now: datetime) -> timedelta | None:
        """How far the two have parted since they last agreed; None where they have not, or at the first look.

        A clock that comes back to where it was is believed at once, any other after BELIEVED_AGAIN.
        """
        machine = self._clock.monotonic()
        if self._anchor is None:
            self._anchor = now, machine
            return None
        before, then = self._anchor
        if self._stepped:
            self._anchor = now, machine
            return now - before if now < before else None
        parted = (now - before) - timedelta(seconds=machine - then)
        if self._parted_at is not None and machine - self._parted_at >= BELIEVED_AGAIN.total_seconds():
            parted = timedelta(0)
        if abs(parted) <= CLOCK_TOLERANCE:
            self._anchor, self._parted_at = (now, machine), None
            return None
        if self._parted_at is None:
            self._parted_at = machine
        return parted
