"""What the page asks beyond the command line's questions: the fleet as a list, one thing in full, and whether there is news."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from guard.core.settings import Settings
from guard.desk import fleet, glimpse, moments, thing
from guard.desk.accounts import Accounting
from guard.desk.asking import asked_of
from guard.desk.collecting import collector_held
from guard.desk.fleet import Boards
from guard.desk.plain import iso
from guard.ports.errors import GuardError
from guard.ports.ledger import Ledger

EVERY = timedelta(minutes=15)
"""How often a guard looks whose guard.yaml cannot be read; the file's own default."""


class Paging:
    """A part of LedgerDesk."""

    _ledger: Ledger
    _accounting: Accounting
    _boards: Boards

    @abstractmethod
    def now(self) -> datetime: ...

    @abstractmethod
    def _now_or_last(self) -> datetime: ...

    def glimpse(self) -> dict[str, Any]:
        settings = self._settings()
        return glimpse.glimpse(self._ledger, self._now_or_last(), settings.every if settings else EVERY)

    def fleet(self, words: Mapping[str, str]) -> dict[str, Any]:
        with collector_held():
            return fleet.fleet(self._ledger, self._boards, asked_of(words), self._now_or_last(), self._accounting)

    def thing(self, name: str) -> dict[str, Any]:
        with collector_held():
            return thing.thing(self._ledger, name, self._now_or_last(), self._accounting)

    def moment(self, text: str, *, zone: str = "UTC") -> dict[str, Any]:
        at = moments.moment(text, self.now(), zone)
        return {"text": text, "zone": zone, "at": iso(at)}

    def _settings(self) -> Settings | None:
        try:
            return self._accounting.settings()
        except GuardError:
            return None  # the page still shows what the ledger knows
