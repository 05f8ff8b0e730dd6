"""The desk on a ledger: each method hands the ledger and the time to the file of its concept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from guard.core.settings import Settings
from guard.desk import (
    planned,
    status,
    story,
)
from guard.desk.looking import Look, Looking
from guard.desk.selecting import Selection
from guard.ports.clock import Clock
from guard.ports.errors import ConfigInvalid, GuardError
from guard.ports.ledger import Ledger

Document = dict[str, Any]


class LedgerDesk:
    """Implements guard.ports.desk.Desk.

    Args:
        ledger: Where everything is read and written; `close()` closes it.
        clock: Of the world that the ledger belongs to.
        settings: guard.yaml as it is in force; read by questions about money only. May raise ConfigInvalid.
        look: Looks now, for `fresh`; None where nobody here can.
        user: The user of this machine, who speaks where nobody else is named.
    """

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        settings: Callable[[], Settings],
        look: Looking | None,
        *,
        user: Callable[[], str],
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._settings = settings
        self._look = look
        self._user = user

    # questions ------------------------------------------------------------------------------------

    def now(self) -> datetime:
        return self._clock.now()

    def speaker(self, given: str | None) -> str:
        return given or self._user()

    def status(self, *, fresh: bool = False, project: str | None = None, policy: str | None = None) -> Document:
        return status.status(self._ledger, self.now(), Selection(project=project, policy=policy), self._looked(fresh))

    def plan(self, *, fresh: bool = False, project: str | None = None, policy: str | None = None) -> Document:
        return planned.plan(self._ledger, self.now(), Selection(project=project, policy=policy), self._looked(fresh))

    def explain(self, name: str) -> Document:
        return story.explain(self._ledger, name, self._now_or_last())

    def close(self) -> None:
        self._ledger.close()

    def _now_or_last(self) -> datetime:
        """The time; that of the latest look where the world of the ledger is gone (a sandbox that has ended)."""
        try:
            return self.now()
        except GuardError:
            latest = self._ledger.latest_cycle()
            if latest is None:
                raise
            return latest.taken_at

    def _looked(self, fresh: bool) -> Look | None:
        if not fresh:
            return None
        if self._look is None:
            raise ConfigInvalid(
                "--fresh: a look is taken with the credentials of the machine that asks, and here it can't be.",
                hint="Ask without it: the daemon looks every few minutes.",
            )
        return self._look()
