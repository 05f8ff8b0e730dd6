"""Everything one judgement looks at, indexed once: rules and policies, prices and waits (cached by their inputs), keeps,
marks, recipes, tuning jobs. Pure; lives for one call of judge().
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from guard.core.labels import iac_mark
from guard.core.model import Machine, Snapshot, TuningJob
from guard.core.names import endpoint_of
from guard.core.plan import KeepOrder, LedgerView
from guard.core.policy import Matcher
from guard.core.prices import PriceBook, Priced, override_rows
from guard.core.responses import Pressure
from guard.core.rules import Learned, Policy, Rules, WaitRule
from guard.core.units import Known, Maybe, Rate, hour_number, hour_start
from guard.core.usage import Usage
from guard.core.verdict import Subject, Wait
from guard.core.wait import Learner, wait_for

RulesOf = Callable[[str], Rules | None]


class Learning(Protocol):
    """Offers the learning rule for one subject: its name, when its silence began, the worst case its policy allows."""

    def __call__(self, name: str, silence_began_at: datetime, worst_case: Decimal) -> Learner | None: ...


class Sight:
    """The inputs of one judgement, with what is derived from them once."""

    def __init__(
        self,
        snapshot: Snapshot,
        usages: Mapping[str, Usage],
        rules_of: RulesOf,
        prices: PriceBook,
        view: LedgerView,
        now: datetime,
        learned: Learning | None,
        measured_redeploy: Mapping[str, timedelta],
    ) -> None:
        self.snapshot = snapshot
        self.usages = usages
        self.view = view
        self.now = now
        self.learned = learned
        self.measured_redeploy = measured_redeploy
        self.seen = view.seen
        self.incomplete = frozenset((scope.project, scope.location) for scope in snapshot.incomplete())
        self.live_recipes = frozenset(view.live_recipes)
        self._rules_of = rules_of
        self._prices = prices
        self._keeps = _holding(view.keeps, now)
        self._rules: dict[str, Rules | None] = {}
        self._matchers: dict[int, Matcher] = {}
        self._books: dict[int, PriceBook] = {}
        self.now_hour = hour_number(now)
        self.has_keeps = bool(self._keeps)
        self._settled: dict[int, int] = {}
        self._lines: dict[int, str] = {}
        self._rates: dict[tuple[object, ...], tuple[Maybe[Priced], str]] = {}
        self._waits: dict[tuple[object, ...], Wait] = {}
        self._marked = {endpoint_of(seen.name) for seen in view.seen.values() if seen.iac_marked}
        jobs = sorted(snapshot.jobs, key=lambda job: job.name)
        self.jobs_by_endpoint = {name: job for job in jobs for name in job.endpoints}
        self.jobs_by_model = {job.tuned_model: job for job in jobs if job.tuned_model}
        self.being_tuned = {job.base_model.partition("@")[0]: job for job in jobs if not job.state.has_ended}
        self.model_labels = {model.name: model.labels for model in snapshot.models if model.labels}

    def rules(self, project_id: str) -> Rules | None:
        """The rules of a project; None where it is not enrolled."""
        try:
            return self._rules[project_id]
        except KeyError:
            return self._rules.setdefault(project_id, self._rules_of(project_id))

    def policy(self, subject: Subject, rules: Rules) -> Policy | None:
        """The first policy that matches."""
        matcher = self._matchers.get(id(rules))
        if matcher is None:
            matcher = self._matchers.setdefault(id(rules), Matcher(rules.policies))
        return matcher.find(subject)

    def settled(self, rules: Rules) -> int:
        """The first hour for which metrics may still arrive."""
        found = self._settled.get(id(rules))
        if found is None:
            found = self._settled.setdefault(id(rules), hour_number(self.now - rules.metric_lag))
        return found

    def line_of(self, policy: Policy) -> str:
        """Where a policy stands, in words."""
        found = self._lines.get(id(policy))
        return found if found is not None else self._lines.setdefault(id(policy), str(policy.line))

    def book(self, rules: Rules) -> PriceBook:
        """The price book with the overrides of one project group."""
        book = self._books.get(id(rules))
        if book is None:
            own = override_rows(rules.price_overrides, source="prices in guard.yaml", as_of=self.now.date())
            book = self._books.setdefault(id(rules), self._prices.overridden_by(own) if own else self._prices)
        return book

    def rate(self, rules: Rules, machine: Machine, location: str, replicas: float) -> tuple[Maybe[Priced], str]:
        """What so many replicas cost an hour, and the machine in words; one object each for equal inputs."""
        m = machine  # its fields, since hashing plain texts is several times faster than hashing the value
        key = (id(rules), location, replicas, m.machine_type, m.accelerator_type, m.accelerator_count, m.tpu_topology,
               id(m.provisioning))  # fmt: skip
        found = self._rates.get(key)
        if found is None:
            price = self.book(rules).rate(machine, location, Decimal(f"{replicas:.2f}"), self.now)
            found = self._rates.setdefault(key, (price, str(machine)))
        return found

    def keep(self, name: str) -> KeepOrder | None:
        """A keep on the thing, or on what it is part of: its endpoint, its location, its project."""
        project, _, rest = name.partition("/locations/")
        scope = f"{project}/locations/{rest.partition('/')[0]}"
        for holder in (name, endpoint_of(name), scope, project):
            if holder in self._keeps:
                return self._keeps[holder]
        return None

    def shell_mark(self, endpoint: str, labels: Mapping[str, str]) -> str | None:
        """The mark of an IaC tool on an endpoint, now or ever before."""
        return iac_mark(labels) or ("a mark seen before" if endpoint in self._marked else None)

    def job_of(self, endpoint: str, model: str) -> TuningJob | None:
        """The tuning job that made an endpoint or a model, if it is known."""
        if not self.snapshot.jobs:
            return None
        return self.jobs_by_endpoint.get(endpoint) or self.jobs_by_model.get(model)

    def wait(
        self,
        subject: Subject,
        rules: Rules,
        policy: Policy,
        rule: WaitRule,
        notice: timedelta,
        machine: Machine | None,
        rate: Maybe[Priced] | None,
        began: int,
    ) -> Wait:
        """The wait of one subject; computed once for equal inputs, except where it learns from the subject's own past."""
        factor = self._factor(subject) if self.seen else 1
        measured = self.measured_redeploy.get(subject.name) if self.measured_redeploy else None
        learner = None
        if isinstance(rule, Learned) and self.learned is not None:
            learner = self.learned(subject.name, hour_start(began), policy.worst_case)
        priced = rate.value if isinstance(rate, Known) else None
        pressures = _shortening(policy, subject) if policy.pressures and priced is not None else ()
        if learner is not None:
            return self._wait(rules, policy, rule, notice, machine, priced, factor, measured, learner, pressures)
        # The price stands for machine, location and replicas: there is one object for each (see `rate`).
        key = (id(rules), id(policy), id(rule), notice, id(rate), factor, measured, pressures)
        found = self._waits.get(key)
        if found is None:
            found = self._wait(rules, policy, rule, notice, machine, priced, factor, measured, None, pressures)
            self._waits[key] = found
        return found

    def _factor(self, subject: Subject) -> int:
        """Doubled by each restore, of the thing or of a part of it."""
        names = (subject.name, *subject.members)
        return max((seen.wait_factor for name in names if (seen := self.seen.get(name)) is not None), default=1)

    @staticmethod
    def _wait(
        rules: Rules,
        policy: Policy,
        rule: WaitRule,
        notice: timedelta,
        machine: Machine | None,
        priced: Priced | None,
        factor: int,
        measured: timedelta | None,
        learner: Learner | None,
        pressures: tuple[Pressure, ...],
    ) -> Wait:
        rate: Rate | None = priced.rate if priced is not None else None
        return wait_for(
            rule=rule,
            if_wrong=policy.if_wrong,
            rate=rate,
            rate_is_lower_bound=priced is not None and priced.is_lower_bound,
            machine=machine,
            measured_redeploy=measured,
            notice=notice,
            metric_lag=rules.metric_lag,
            longest_request=rules.longest_request,
            worst_case=policy.worst_case,
            factor=factor,
            learned=learner,
            pressures=pressures,
            act_during=policy.act_during,
            removals_per_day=rules.limits.removals_per_day,
        )


def _shortening(policy: Policy, subject: Subject) -> tuple[Pressure, ...]:
    """What shortens the wait of something that bills: pressures of the budgets that count it."""
    return tuple(one for one in policy.pressures if one.to is not None and one.selector.takes(subject))


def _holding(keeps: tuple[KeepOrder, ...], now: datetime) -> dict[str, KeepOrder]:
    """The keeps in force by subject; of several, the one that holds longest (None: for good)."""
    found: dict[str, KeepOrder] = {}
    for order in sorted(keeps, key=lambda k: k.id):
        if order.holds(now):
            other = found.get(order.subject)
            if other is None or (other.until is not None and (order.until is None or order.until > other.until)):
                found[order.subject] = order
    return found
