"""Looks at the spend budgets: new crossings are recorded and told, once each.

Once a cycle, and in between every WATCH_EVERY by itself: from prices and replica counts that the ledger holds, without a call to
the cloud, so that a crossing is told within minutes however seldom the guard looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock

from guard.core.billing_month import month_of
from guard.core.budget import Budget, Crossing, Standing, crossings, standing
from guard.core.notice_text import budget_part_text, notice_id, notice_text
from guard.core.own_prices import BookOf
from guard.core.plan import Notice, NoticeKind
from guard.core.settings import Settings
from guard.core.spend import LOOK_BACK, Question, Spend, spend_of
from guard.core.units import Money, Window, hour_number, short
from guard.daemon import telling
from guard.daemon.announce import Announcer
from guard.daemon.books import Books
from guard.daemon.leader import Leadership
from guard.ports.ledger import Ledger
from guard.telemetry import events, logging

log = logging.get()

WATCH_EVERY = timedelta(minutes=5)
"""At the most so long after a threshold is crossed people hear of it."""


class BudgetWatch:
    """Judges the budgets, for the cycle and between cycles; one at a time, so that nothing is recorded twice."""

    def __init__(self, ledger: Ledger, books: Books, announcer: Announcer, leadership: Leadership) -> None:
        self._ledger = ledger
        self._books = books
        self._announcer = announcer
        self._leadership = leadership
        self._lock = Lock()
        self.spent: dict[str, Money] = {}
        """Budget -> what was spent at the latest judgement."""
        self.found: Sequence[Standing] = ()
        """How the budgets stood at the latest judgement."""

    def notices(self, settings: Settings, now: datetime) -> list[Notice]:
        """Record what was crossed and return a notice of every open crossing; the outbox folds those that were told."""
        with self._lock:
            found = standings(self._ledger, settings.budgets, self._books.book_of(settings, now), now)
            self.found = found
            self.spent = {one.budget.name: one.spent for one in found}
            return budget_notices(self._ledger, settings, found, self._announcer.reaches, now)

    def look(self, settings: Callable[[], Settings], now: datetime) -> None:
        """Judge and tell, between two cycles; only while this daemon leads. Raises GuardError where the ledger fails."""
        in_force = settings()
        if not in_force.budgets or self._leadership.ensure() is None:
            return
        notices = self.notices(in_force, now)
        if self._announcer.enqueue(notices, in_force.rules_of, telling.project_of, now):
            self._announcer.deliver(lambda notice: in_force.rules_of(telling.project_of(notice)).owners.fallback, now)


def standings(ledger: Ledger, budgets: Sequence[Budget], book_of: BookOf, now: datetime) -> list[Standing]:
    """Add up every budget from the ledger."""
    if not budgets:
        return []
    windows = {budget.window(now) for budget in budgets}
    earliest = min(window.start for window in windows)
    things = ledger.billed()
    means = ledger.replicas(from_hour=hour_number(min(earliest, now - LOOK_BACK)) - 1)
    month_end = month_of(now).end
    spends: dict[Window, list[Spend]] = {
        window: [
            spend_of(
                thing,
                means.get(thing.name, {}),
                book_of(thing.project_id),
                Question(window=window, now=now, month_end=month_end),
            )
            for thing in things
            if thing.gone_at is None or thing.gone_at > window.start
        ]
        for window in windows
    }
    crossed = ledger.crossings(open_only=True)
    return [standing(budget, spends[budget.window(now)], now, crossed) for budget in budgets]


def budget_notices(
    ledger: Ledger, settings: Settings, found: Sequence[Standing], reaches: Callable[[str], bool], now: datetime
) -> list[Notice]:
    """Record what was crossed since the last look, and return a notice of every open crossing.

    The outbox folds those that were told already; one that was lost with a killed process is told at the next look. Where the
    file names nobody, the fallback hears of the whole, and every owner with a channel (`reaches`) of the part that is theirs.
    """
    notices: list[Notice] = []
    named = {budget.name for budget in settings.budgets}
    stray = [one for one in ledger.crossings(open_only=True) if one.budget not in named]
    ledger.save_crossings([replace(one, ended_at=now) for one in stray])
    for one in found:
        new, over = crossings(one, now)
        ended = {crossing.id for crossing in over}
        ledger.save_crossings([*new, *over])
        open_now = [*(known for known in one.crossed if known.id not in ended), *new]
        notices += _notices(one, open_now, settings, now)
        notices += _parts(one, open_now, settings, reaches, now)
        for crossing in new:
            log.warning(
                events.BUDGET_CROSSED, budget=crossing.budget, threshold=crossing.threshold, detail=str(crossing.value)
            )
    return notices


def _notices(found: Standing, crossed: Sequence[Crossing], settings: Settings, now: datetime) -> Iterator[Notice]:
    budget = found.budget
    at_least = "at least " if found.total.is_lower_bound else ""
    for crossing in crossed:
        about = {
            "subject": f"budgets/{budget.name}",
            "budget": budget.name,
            "detail": f"{crossing.threshold} of {budget.amount} crossed",
            "spent": f"{at_least}{found.spent}",
            "amount": f"{budget.amount} {'a month' if budget.per is None else f'in {short(budget.per)}'}",
            "forecast": f"{at_least}{found.forecast}" if found.forecast is not None else None,
            "unknown": len(found.total.unknown),
            "does": "; ".join(str(one) for one in budget.responses if one.at == crossing.threshold and str(one)),
            "dearest": [f"{one.thing.display_name} {one.known[budget.amount.currency]}" for one in found.dearest],
        }
        title, body = notice_text(NoticeKind.BUDGET_CROSSED, about)
        yield Notice(
            id=notice_id(NoticeKind.BUDGET_CROSSED, str(about["subject"]), crossing.id),
            kind=NoticeKind.BUDGET_CROSSED,
            to=budget.to or settings.default.owners.fallback,
            subject=str(about["subject"]),
            title=title,
            body=body,
            made_at=now,
            data={"threshold": crossing.threshold, "value": str(crossing.value), "project": ""},
        )


def _parts(
    found: Standing, crossed: Sequence[Crossing], settings: Settings, reaches: Callable[[str], bool], now: datetime
) -> Iterator[Notice]:
    """What of a crossed budget is whose: a notice an owner, of their own things only."""
    budget, fallback = found.budget, settings.default.owners.fallback
    if budget.to is not None:
        return
    currency = budget.amount.currency
    costs = {
        one.thing.name: f"{one.thing.display_name} {one.known[currency]}"
        for one in found.dearest
        if currency in one.known
    }
    for part in found.owners:
        spent = part.known.get(currency)
        if spent is None or spent.amount <= 0 or part.group == fallback or not reaches(part.group):
            continue
        about = {
            "budget": budget.name,
            "yours": f"{'at least ' if part.is_lower_bound else ''}{spent}",
            "spent": str(found.spent),
            "amount": str(budget.amount),
            "dearest": [costs[name] for name in part.things if name in costs],
        }
        for crossing in crossed:
            title, body = budget_part_text({**about, "threshold": crossing.threshold})
            yield Notice(
                id=notice_id(NoticeKind.BUDGET_CROSSED, f"budgets/{budget.name}", crossing.id, part.group),
                kind=NoticeKind.BUDGET_CROSSED,
                to=part.group,
                subject=f"budgets/{budget.name}",
                title=title,
                body=body,
                made_at=now,
                data={"threshold": crossing.threshold, "value": str(spent), "project": ""},
            )
