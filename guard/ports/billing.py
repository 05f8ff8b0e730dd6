"""Where the bill is read from: an export of the billing account, as far as it is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from guard.core.bill import Bill
from guard.core.units import Window


class BillSource(Protocol):
    """Reads only."""

    def read(self, projects: Sequence[str], window: Window) -> Bill:
        """Read the days of some projects (ids) afresh: rows are corrected later, so sums are made anew. Raises GuardError."""
        ...
