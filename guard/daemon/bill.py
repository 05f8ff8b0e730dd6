"""Reads the billing export a few times a day, for what removals came to on the bill and what else it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from guard.core.billing_month import month_of
from guard.core.reporting import BillExport
from guard.core.settings import Settings
from guard.core.units import Window
from guard.ports.billing import BillSource
from guard.ports.errors import GuardError
from guard.ports.ledger import Ledger
from guard.telemetry import events, logging

log = logging.get()

READ_EVERY = timedelta(hours=6)
"""The export is written several times a day; each reading is a query that somebody pays for."""
RETRY_AFTER = timedelta(hours=1)
READ_BACK = timedelta(days=40)
"""How far back rows are summed afresh, from the first of that month on: corrections come for weeks, and a saving's horizon of
30 days wants the price of the day before it."""

SourceOf = Callable[[BillExport], BillSource | GuardError]
"""The source for what guard.yaml says, or why there is none."""


class BillWatch:
    """A reading that fails leaves the last one, which says how old it is."""

    def __init__(self, ledger: Ledger, source_of: SourceOf) -> None:
        self._ledger = ledger
        self._source_of = source_of

    def refresh(self, settings: Settings, project_ids: Iterable[str], now: datetime) -> None:
        """Read the export if guard.yaml names one and it is time."""
        if settings.bill is None:
            return
        latest = next(iter(self._ledger.bill_reads(1)), None)
        pause = READ_EVERY if latest is not None and latest.succeeded else RETRY_AFTER
        if latest is not None and latest.at <= now < latest.at + pause:
            return
        try:
            source = self._source_of(settings.bill)
            if isinstance(source, GuardError):
                raise source
            window = Window(month_of(now - READ_BACK).start, now)
            self._ledger.save_bill(source.read(sorted(set(project_ids)), window), now)
        except GuardError as error:
            log.warning(events.BILL_UNREAD, detail=str(error))
            self._ledger.save_bill_failure(str(error), now)
