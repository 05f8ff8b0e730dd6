"""Where list prices come from: a catalogue that is read whole, on a schedule."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from guard.core.catalogue import Reading


class PriceSource(Protocol):
    """Reads only."""

    def read(self, now: datetime) -> Reading:
        """Read the whole catalogue. Raises GuardError; half a catalogue is none."""
        ...
