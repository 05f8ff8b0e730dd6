"""The price book in force: shipped prices, over them the catalogue's from the ledger, read again once a day.

A catalogue that cannot be read changes nothing: the last prices stay, and `tuneguard prices` says how old they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from guard.core.billed import Billed, billed_now, remembered
from guard.core.catalogue import ChangeKind, PriceChange, Quote, Reading, compare, keep_contracted, layered, matters
from guard.core.model import Snapshot
from guard.core.own_prices import BookOf, book_of_project
from guard.core.prices import PriceBook, PriceRow
from guard.core.settings import Settings
from guard.core.verdict import Verdict
from guard.ports.errors import GuardError
from guard.ports.ledger import Ledger, PriceRead
from guard.ports.prices import PriceSource
from guard.telemetry import events, logging

log = logging.get()

READ_EVERY = timedelta(hours=24)
"""The catalogue's own prices are up to 12 hours old (its documentation, read 2026-11-24)."""
RETRY_AFTER = timedelta(hours=1)
TOLD = 200
"""Most lines of a report; a first reading has a thousand new prices, which are only counted."""


class Books:
    """Holds the book and what bills by the hour. One at a time, like the cycle that calls it."""

    def __init__(self, ledger: Ledger, source: PriceSource, shipped: Sequence[PriceRow]) -> None:
        self._ledger = ledger
        self._source = source
        self._shipped = tuple(shipped)
        self._stamp: str | None = None
        self._book = PriceBook(shipped)
        self._quotes: Sequence[Quote] = ()
        self._billed: dict[str, Billed] | None = None
        self.waits = 0
        """Prices that wait for a person, as of the latest refresh()."""

    def book(self) -> PriceBook:
        """The book as of the latest refresh(); before the first one, as the ledger has it."""
        if self._stamp is None:
            self._load()
        return self._book

    def book_of(self, settings: Settings, now: datetime) -> BookOf:
        """The book of each project, with guard.yaml's own prices."""
        return book_of_project(self.book(), settings.rules_of, now.date())

    def waiting(self) -> Sequence[Quote]:
        """Prices that wait for a person and that something here is billed by; one a SKU, whatever its regions."""
        found: dict[str, Quote] = {}
        waiting = [quote for quote in self._quotes if quote.waiting]
        if waiting:
            there = {(thing.machine, thing.location) for thing in self._known().values() if thing.gone_at is None}
            for quote in waiting:
                if matters(quote.row, there):
                    found.setdefault(quote.row.source, quote)
        return list(found.values())

    def refresh(self, now: datetime) -> None:
        """Read the catalogue if it is time, and take up what people accepted meanwhile."""
        latest = self._ledger.price_reads(1)
        pause = READ_EVERY if latest and latest[0].succeeded else RETRY_AFTER
        if not latest or not latest[0].at <= now < latest[0].at + pause:
            self._read(now)
        self._load()

    def remember(self, snapshot: Snapshot, verdicts: Sequence[Verdict], now: datetime) -> None:
        """Keep what bills by the hour, for what it has cost."""
        known = self._known()
        listed = [str(report.scope) for report in snapshot.scopes if report.complete]
        changed = remembered(known, billed_now(snapshot, verdicts, now), listed, now)
        self._ledger.save_billed(changed)
        known |= {thing.name: thing for thing in changed}

    def forget(self) -> None:
        """Read everything afresh: another daemon has led since."""
        self._stamp = None
        self._billed = None

    def _known(self) -> dict[str, Billed]:
        if self._billed is None:
            self._billed = {thing.name: thing for thing in self._ledger.billed() if thing.on_machines}
        return self._billed

    def _read(self, now: datetime) -> None:
        try:
            reading = self._source.read(now)
        except GuardError as error:
            log.warning(events.PRICES_UNREAD, detail=str(error))
            self._ledger.save_price_read(PriceRead(at=now, succeeded=False, detail=str(error)))
            return
        before = next((read.at for read in self._ledger.price_reads(50) if read.succeeded), None)
        quotes = self._ledger.quotes()
        reading = keep_contracted(reading, quotes)
        update = compare(quotes, PriceBook(self._shipped), reading, before, now)
        self._ledger.save_price_update(
            update, PriceRead(at=now, succeeded=True, report=report_of(update.changes, reading))
        )
        jumps = [change for change in update.changes if change.kind is ChangeKind.WAITING]
        if jumps:
            log.warning(
                events.PRICE_WAITS, prices=len(jumps), detail=f"{jumps[0]}, and others" if jumps[1:] else str(jumps[0])
            )

    def _load(self) -> None:
        stamp = self._ledger.quotes_stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            self._quotes = self._ledger.quotes()
            self.waits = sum(1 for quote in self._quotes if quote.waiting)
            self._book = layered(self._shipped, self._quotes)


def report_of(changes: Sequence[PriceChange], reading: Reading) -> dict[str, object]:
    """What a reading changed, as JSON: counts, the lines that a person may want to read, SKUs that give no price."""
    told = [change for change in changes if change.kind is not ChangeKind.NEW]
    return {
        "prices": len(reading.rows),
        "contract": reading.contract,
        "counts": {kind.value: count for kind, count in Counter(change.kind for change in changes).items()},
        "changes": [
            {"kind": change.kind.value, "region": change.row.region, "item": change.row.item, "text": str(change)}
            for change in told[:TOLD]
        ],
        "unmapped": [
            {"sku": one.sku, "description": one.description, "why": one.why} for one in reading.unmapped[:TOLD]
        ],
    }
