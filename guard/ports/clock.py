"""Two clocks: domain time, which a sandbox may step, and machine time, which nobody steps."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Domain time for waits, notices and ages; machine time for leases, time-outs and the watchdog."""

    def now(self) -> datetime:
        """Domain time, aware UTC."""
        ...

    def monotonic(self) -> float:
        """Machine time in seconds; only differences mean anything."""
        ...
