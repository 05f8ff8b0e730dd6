"""The bill: where it is read from, an export of the billing account as far as it is written, and where it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from guard.core.bill import Bill
from guard.core.units import Window


class BillSource(Protocol):
    """Reads only."""

    def read(self, projects: Sequence[str], window: Window) -> Bill:
        """Read the days of some projects (ids) afresh: rows are corrected later, so sums are made anew. Raises GuardError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BillRead:
    """One reading of the export: whether it was read whole, which days, and when its latest row was written."""

    at: datetime
    succeeded: bool
    detail: str = ""
    window: Window | None = None
    exported_until: datetime | None = None


class BillBook(Protocol):
    """The ledger's part."""

    def save_bill(self, bill: Bill, now: datetime) -> None:
        """Replace the days of a bill's window by what it holds, all of it or nothing."""
        ...

    def save_bill_failure(self, detail: str, now: datetime) -> None: ...
    def bill_reads(self, limit: int) -> Sequence[BillRead]: ...
    def bill(self, window: Window) -> Bill | None:
        """What is known of a window, cut to what was read; None where the export was never read."""
        ...
