"""The sandbox's own clock: stepped by hand, or running at any speed."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class VirtualClock:
    """Domain time of one world; instants are aware UTC.

    `speed` 0 stands still until someone advances it, 1 follows machine time, N runs N times as fast. Safe to use from
    any thread.
    """

    def __init__(self, start: datetime, *, speed: float = 0.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        if start.tzinfo is None:
            raise ValueError("a virtual clock starts at an aware instant; add a time zone")
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._base = start.astimezone(UTC)
        self._since = monotonic()
        self._speed = _checked(speed)

    @property
    def speed(self) -> float:
        """Virtual seconds that pass in a machine second."""
        return self._speed

    def now(self) -> datetime:
        """The world's instant, aware UTC."""
        if not self._speed:
            return self._base
        with self._lock:
            return self._read()

    def advance(self, step: timedelta) -> datetime:
        """Move forward by `step`, which is not negative (see `jump`), and return the new instant."""
        if step < timedelta(0):
            raise ValueError(f"a clock advances forwards; got {step}. Use a clock_jump fault to go back")
        return self.jump(step)

    def jump(self, delta: timedelta) -> datetime:
        """Move by `delta`, backwards too: the fault of a clock that is set while things run."""
        with self._lock:
            self._base = self._read() + delta
            self._since = self._monotonic()
            return self._base

    def set_speed(self, speed: float) -> None:
        """Change the pace from this moment on."""
        with self._lock:
            self._base = self._read()
            self._since = self._monotonic()
            self._speed = _checked(speed)

    def _read(self) -> datetime:
        return self._base + timedelta(seconds=(self._monotonic() - self._since) * self._speed)


def _checked(speed: float) -> float:
    if speed < 0:
        raise ValueError(f"a clock's speed is 0 or more; got {speed}")
    return speed


def rfc3339(at: datetime) -> str:
    """An instant as the platform writes it, to the microsecond: `2026-11-24T10:00:00.000000Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def machine_seconds() -> int:
    """The machine's wall clock, seconds since 1970: for what others check by their own clock, such as a sign-in's end."""
    return int(time.time())
