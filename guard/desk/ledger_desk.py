"""The desk on a ledger: each method hands the ledger and the time to the file of its concept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from guard.desk import (
    approving,
    budgets,
    costs,
    history,
    jobs,
    keeping,
    pausing,
    planned,
    prices,
    removing,
    report,
    restoring,
    savings,
    status,
    story,
)
from guard.desk.accounts import Accounting
from guard.desk.finding import found
from guard.desk.fleet import Boards
from guard.desk.looking import Look, Looking
from guard.desk.outlooks import Made, Outlooks
from guard.desk.paging import Paging
from guard.desk.removed import found_removed
from guard.desk.selecting import Selection
from guard.ports.clock import Clock
from guard.ports.errors import GuardError, NotUnderstood
from guard.ports.ledger import Ledger

Document = dict[str, Any]


class LedgerDesk(Paging, Outlooks):
    """Implements guard.ports.desk.Desk.

    Args:
        ledger: Where everything is read and written; `close()` closes it.
        clock: Of the world that the ledger belongs to.
        accounting: guard.yaml and prices, for questions about money; they raise ConfigInvalid where the file is wrong.
        look: Looks now, for `fresh`; None where nobody here can.
        user: The user of this machine, who speaks where nobody else is named.
    """

    def __init__(
        self, ledger: Ledger, clock: Clock, accounting: Accounting, look: Looking | None, *, user: Callable[[], str]
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._accounting = accounting
        self._look = look
        self._user = user
        self._boards = Boards()
        self._made = Made()

    # questions ------------------------------------------------------------------------------------

    def now(self) -> datetime:
        return self._clock.now()

    def speaker(self, given: str | None) -> str:
        return given or self._user()

    def find(self, name: str, *, removed: bool = False) -> Document:
        return found_removed(self._ledger, name) if removed else found(self._ledger, name)

    def status(self, *, fresh: bool = False, project: str | None = None, policy: str | None = None) -> Document:
        return status.status(self._ledger, self.now(), Selection(project=project, policy=policy), self._looked(fresh))

    def plan(self, *, fresh: bool = False, project: str | None = None, policy: str | None = None) -> Document:
        look = self._looked(fresh)
        return planned.plan(self._ledger, self._now_or_last(), Selection(project=project, policy=policy), look)

    def explain(self, name: str) -> Document:
        now = self._now_or_last()
        return story.explain(self._ledger, name, now, keeping.costing(self._ledger, self._accounting, now))

    def history(self, name: str | None = None, *, limit: int = 50) -> Document:
        return history.history(self._ledger, name, self._now_or_last(), limit=limit)

    def jobs(self, *, project: str | None = None, policy: str | None = None) -> Document:
        return jobs.jobs(self._ledger, self._now_or_last(), Selection(project=project, policy=policy))

    def costs(self, *, by: str = "thing", project: str | None = None, policy: str | None = None) -> Document:
        selection = Selection(project=project, policy=policy)
        return costs.costs(self._ledger, self._accounting, self.now(), by, selection)

    def budgets(self) -> Document:
        return budgets.budgets(self._ledger, self._accounting, self.now())

    def prices(self) -> Document:
        return prices.prices(self._ledger, self._accounting, self.now())

    def savings(self) -> Document:
        return savings.savings(self._ledger, self._accounting.settings(), self.now())

    def report(self, *, month: str | None = None) -> Document:
        now = self.now()
        return report.report(self._ledger, self._accounting, now, report.month_named(month, now))

    # words ----------------------------------------------------------------------------------------

    def keep(self, name: str, *, until: datetime | None, why: str, who: str) -> Document:
        return keeping.keep(self._ledger, self._accounting, self.now(), name=name, until=until, why=why, who=who)

    def unkeep(self, name: str, *, who: str) -> Document:
        return keeping.unkeep(self._ledger, self.now(), name=name, who=who)

    def approve(
        self,
        name: str | None,
        *,
        who: str,
        accept_loss: bool = False,
        scope: str | None = None,
        breaker: bool = False,
        widening: bool = False,
    ) -> Document:
        return approving.approve(
            self._ledger,
            self.now(),
            name=name,
            who=who,
            accept_loss=accept_loss,
            scope=scope,
            breaker=breaker,
            widening=widening,
        )

    def remove(self, name: str, *, who: str) -> Document:
        return removing.remove(self._ledger, self.now(), name=name, who=who)

    def restore(self, name: str | None, *, who: str, cycle: str | None = None, dry_run: bool = False) -> Document:
        return restoring.restore(self._ledger, self.now(), name=name, cycle=cycle, dry_run=dry_run, who=who)

    def give_up_restore(self, name: str | None, *, who: str, cycle: str | None = None) -> Document:
        return restoring.give_up(self._ledger, self.now(), name=name, cycle=cycle, who=who)

    def pause(self, *, who: str, why: str) -> Document:
        return pausing.pause(self._ledger, self.now(), who=who, why=why)

    def resume(self, *, who: str, why: str) -> Document:
        return pausing.resume(self._ledger, self.now(), who=who, why=why)

    def accept_price(self, number: int, *, who: str) -> Document:
        return prices.accept_price(self._ledger, number, who, self.now())

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
            raise NotUnderstood(
                "--fresh: a look is taken with the credentials of the machine that asks, and here it can't be.",
                hint="Ask without it: the daemon looks every few minutes.",
            )
        return self._look()
