"""What the page asks about the days ahead, tuning, money, other policies; what takes long is made once a look, meanwhile."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from guard.core.units import hour_number
from guard.desk import job_views, money_view, trials, week
from guard.desk.accounts import Accounting
from guard.desk.later import PATIENCE, Later
from guard.desk.plain import iso
from guard.desk.trials import Trials
from guard.ports.errors import ConfigInvalid
from guard.ports.ledger import Ledger

Document = dict[str, Any]


@dataclass(slots=True)
class Made:
    """What is kept between two questions. Safe to share between threads."""

    patience: timedelta = PATIENCE
    week: Later[Document] = field(init=False)
    money: Later[Document] = field(init=False)
    trials: Trials | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.week = Later(self.patience)
        self.money = Later(self.patience)


class Outlooks:
    """A part of LedgerDesk."""

    _ledger: Ledger
    _accounting: Accounting
    _made: Made

    @abstractmethod
    def now(self) -> datetime: ...

    @abstractmethod
    def _now_or_last(self) -> datetime: ...

    def week(self) -> Document:
        settings = self._accounting.settings()
        return self._held(self._made.week, settings.digest, lambda now: week.week(self._ledger, settings, now))

    def tuning(self) -> Document:
        return job_views.tuning(self._ledger, self._now_or_last())

    def money(self) -> Document:
        digest = self._accounting.settings().digest
        return self._held(
            self._made.money, digest, lambda now: money_view.money_view(self._ledger, self._accounting, now)
        )

    def trial(self, waits: Sequence[str] = (), *, use: tuple[str, str] | None = None) -> Document:
        if self._accounting.replay is None:
            raise ConfigInvalid(
                "A policy cannot be tried here.", hint="Ask on the machine that holds the ledger: tuneguard backtest."
            )
        if self._made.trials is None:
            self._made.trials = Trials(self._accounting.replay, self._accounting.guard_yaml, self._made.patience)
        now = self._now_or_last()
        return trials.trial(self._ledger, self._accounting.settings(), self._made.trials, now, waits, use)

    def _held(self, later: Later[Document], digest: str, make: Callable[[datetime], Document]) -> Document:
        """The document of this state of the ledger and this hour; `pending` (the one before, if there is one) while it is made."""
        now = self._now_or_last()
        seen = self._ledger.glance()
        found = later.get((seen.stamp, digest, hour_number(now)), lambda: make(now))
        if found is None:
            return {"taken_at": iso(seen.taken_at), **(later.last or {}), "now": iso(now), "pending": True}
        return {**found, "now": iso(now), "pending": False}
