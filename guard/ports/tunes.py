"""A provider of tuned models that bill by tokens: read only."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from guard.core.tunes import TuneLook
from guard.ports.inventory import Document


class TuneSource(Protocol):
    """Reads only."""

    def look(self, now: datetime) -> TuneLook:
        """See everything that the keys show. Raises GuardError where jobs, models or files cannot be listed; what only an
        admin key shows is Unknown without one.
        """
        ...

    def fresh(self, name: str, now: datetime) -> Document:
        """Read one thing again, by its canonical name; `body` None where it is not there. Raises GuardError."""
        ...
