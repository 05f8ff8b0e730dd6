"""What the last cycle found, as the figures of /metrics (guard.telemetry.figures): the same sums as the page's."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from threading import Thread

from guard.core.billing_month import month_of
from guard.core.caps import cap_use
from guard.core.own_prices import BookOf
from guard.core.reasons import BlockReason, KeepReason, RemoveReason
from guard.core.settings import Settings
from guard.core.spend import LOOK_BACK, Question, spend_of
from guard.core.statement import GROUPS, lines
from guard.core.units import Window, hour_number
from guard.core.verdict import Idle, Undecided
from guard.daemon.fleet_sums import (
    Found,
    Sums,
    bounded,
    by_reason,
    dearest_projects,
    money_of,
    of_budgets,
    of_dearest_things,
    of_tunes,
    one,
    projects_of,
    word,
)
from guard.ports.errors import GuardError
from guard.ports.ledger import Ledger
from guard.telemetry import events, logging
from guard.telemetry import figures as f
from guard.telemetry.metrics import Metrics

log = logging.get()

MONTH_EVERY = timedelta(hours=1)
"""The meter counts whole hours, so a month's sums say nothing new sooner; adding up a large fleet takes seconds."""
LARGE = 1000
"""Things above which the month is added up beside the cycle: a cycle must not wait seconds for a metric."""
LOOKED_UP = 100
"""Most undecided things whose first day is looked up in the ledger when a daemon starts; further ones count from now."""


class Gauges:
    """Sets the figures. One at a time, like the cycle that calls it."""

    def __init__(self, ledger: Ledger, metrics: Metrics, things: int = 0) -> None:
        self._ledger = ledger
        self._metrics = metrics
        self._things = things
        self._undecided: dict[str, datetime] = {}
        self._month: dict[f.Figure, f.Values] = {}
        self._month_at: datetime | None = None
        self._adding: Thread | None = None

    def show(self, found: Found, book_of: BookOf) -> None:
        """Set every figure of the fleet at once; the month's of a large fleet follow when they are added up."""
        if self._month_at is None or not self._month_at <= found.now < self._month_at + MONTH_EVERY:
            self._month_at = found.now
            if len(found.verdicts) <= LARGE:
                self._month = self._of_month(found, book_of)
            elif self._adding is None or not self._adding.is_alive():
                self._adding = Thread(target=self._add_up, args=(found, book_of), daemon=True, name="month")
                self._adding.start()
        projects = dearest_projects(found.verdicts)
        values = {
            **self._decided(found),
            **self._state(found),
            **of_tunes(found, self._ledger.provider_looks()),
            **of_budgets(found.standings),
            **self._month,
            **(of_dearest_things(found.verdicts, self._things) if self._things else {}),
        }
        self._metrics.fleet.show({figure: bounded(figure, sums, projects) for figure, sums in values.items()})

    def _decided(self, found: Found) -> dict[f.Figure, f.Values]:
        """Counts and rates of what was decided."""
        things: Sums = dict.fromkeys(
            ((project, verdict) for project in projects_of(found) for verdict in ("keep", "idle", "unknown")), 0.0
        )
        rate: Sums = defaultdict(float)
        idle_rate: Sums = defaultdict(float)
        unpriced: Sums = {}
        kept, idle = Counter[str](), Counter[str]()
        for verdict in found.verdicts:
            subject = verdict.subject
            project = subject.project_id
            things[project, word(verdict)] += 1
            (idle if isinstance(verdict, Idle) else kept)[verdict.reason.value] += 1
            unpriced.setdefault((project,), 0.0)
            if subject.billed and subject.rate is None:
                unpriced[project,] += 1
            if subject.rate is not None and subject.billed:
                money = subject.rate.per_hour
                rate[project, money.currency] += float(money.amount)
                if isinstance(verdict, Idle):
                    idle_rate[project, money.currency] += float(money.amount)
        for document in found.unlisted:
            things[str(document["project"]), "unknown"] += 1
            kept[str(document["reason"])] += 1
        return {
            f.THINGS: things,
            f.KEPT: by_reason(KeepReason, kept),
            f.IDLE: by_reason(RemoveReason, idle),
            f.RATE: rate,
            f.IDLE_RATE: {key: idle_rate.get(key, 0.0) for key in rate},
            f.UNPRICED: unpriced,
            f.UNKNOWN_OLDEST: self._unknown(found),
        }

    def _state(self, found: Found) -> dict[f.Figure, f.Values]:
        """Acts, caps, savings, doubts, prices."""
        plan, now = found.plan, found.now
        use = cap_use(found.view.acts, found.settings.default.limits, now)
        blocked = Counter(block.value for planned in plan.blocked for block in planned.blocks)
        acts = Counter((act.key.stage.value, act.state.value) for act in found.view.acts if act.state.is_open)
        saved: Sums = defaultdict(float)
        for saving in found.savings:
            for basis, money in (("claimed", saving.claimed), ("measured", saving.measured)):
                if money is not None:
                    saved[basis, money.currency] += float(money.amount)
        reads = [read.at for read in self._ledger.price_reads(10) if read.succeeded]
        return {
            f.BLOCKED: by_reason(BlockReason, blocked),
            f.DUE: one(len(plan.actions)),
            f.ANNOUNCED: one(len(plan.upcoming)),
            f.ACTS_NOW: {key: float(count) for key, count in acts.items()},
            f.REMOVALS: one(use.used),
            f.REMOVALS_CAP: one(use.cap),
            f.SAVED: saved,
            f.BREAKER: one(plan.breaker is not None),
            f.PAUSED: one(self._ledger.paused() is not None),
            f.SCOPES_FAILED: one(len(found.snapshot.incomplete())),
            f.SCOPES_DOUBTED: one(sum(1 for doubt in plan.doubts if not doubt.acknowledged)),
            f.PRICES_WAITING: one(found.prices_waiting),
            **({f.PRICES_AGE: one((now - reads[0]).total_seconds())} if reads else {}),
            f.BUDGET_CROSSED: self._crossed(found.settings),
        }

    def _crossed(self, settings: Settings) -> Sums:
        crossed = {(one.budget, one.threshold) for one in self._ledger.crossings(open_only=True)}
        return {
            (budget.name, str(threshold)): float((budget.name, str(threshold)) in crossed)
            for budget in settings.budgets
            for threshold in budget.thresholds
        }

    def _unknown(self, found: Found) -> Sums:
        """Seconds since the longest undecided thing of each project was last decided."""
        names = {v.subject.name: v.subject.project_id for v in found.verdicts if isinstance(v, Undecided)}
        names |= {str(document["subject"]): str(document["project"]) for document in found.unlisted}
        looked_up = 0
        since: dict[str, datetime] = {}
        for name in names:
            at = self._undecided.get(name)
            if at is None and looked_up < LOOKED_UP:
                looked_up += 1
                at = self._undecided_since(name)
            since[name] = at or found.now
        self._undecided = since
        oldest: Sums = dict.fromkeys(((project,) for project in projects_of(found)), 0.0)
        for name, project in names.items():
            oldest[project,] = max(oldest[project,], (found.now - since[name]).total_seconds())
        return oldest

    def _undecided_since(self, name: str) -> datetime | None:
        """What an earlier daemon wrote: the first of the latest run of undecided verdicts."""
        at: datetime | None = None
        for change in self._ledger.verdict_changes(name, 20):
            if change["verdict"] != "unknown":
                break
            at = change["at"]
        return at

    def _add_up(self, found: Found, book_of: BookOf) -> None:
        """Beside the cycle; what it comes to shows with the next cycle's figures."""
        try:
            self._month = self._of_month(found, book_of)
        except GuardError as error:
            log.warning(events.LEDGER_FAILED, detail=str(error))

    def _of_month(self, found: Found, book_of: BookOf) -> dict[f.Figure, f.Values]:
        """The billing month by project."""
        now = found.now
        month = month_of(now)
        means = self._ledger.replicas(from_hour=hour_number(min(month.start, now - LOOK_BACK)) - 1)
        ends = {v.subject.name: v.due_at for v in found.verdicts if isinstance(v, Idle) and v.subject.billed}
        question = Question(window=Window(month.start, now), now=now, month_end=month.end, ends=ends)
        spends = [
            spend_of(thing, means.get(thing.name, {}), book_of(thing.project_id), question)
            for thing in self._ledger.billed()
            if thing.gone_at is None or thing.gone_at > month.start
        ]
        by_project = lines(spends, GROUPS["project"])
        return {
            f.MONTH: money_of(by_project, "known"),
            f.MONTH_FORECAST: money_of(by_project, "forecast"),
            f.MONTH_PLANNED: money_of(by_project, "planned"),
            f.INCOMPLETE: {(line.group,): float(len(line.unknown)) for line in by_project},
        }
