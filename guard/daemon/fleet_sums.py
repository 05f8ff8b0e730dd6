"""Sums of one cycle by project, state, budget: what the gauges say. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from guard.core.budget import Standing
from guard.core.model import Kind, Snapshot
from guard.core.names import is_provider
from guard.core.plan import LedgerView, Plan
from guard.core.retirements import last_day
from guard.core.settings import Settings
from guard.core.statement import Line
from guard.core.tunes import days_left
from guard.core.verdict import Idle, Keep, Undecided, Verdict
from guard.ports.ledger import Saving
from guard.telemetry import figures as f

DAY_S = 86_400

Sums = dict[tuple[str, ...], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one cycle came to."""

    verdicts: Sequence[Verdict]
    unlisted: Sequence[Mapping[str, Any]]  # documents of what could not be listed: undecided
    plan: Plan
    snapshot: Snapshot
    view: LedgerView
    savings: Sequence[Saving]
    standings: Sequence[Standing]
    prices_waiting: int
    settings: Settings
    now: datetime


def of_budgets(found: Sequence[Standing]) -> dict[f.Figure, f.Values]:
    """Amount, spent, forecast and burn of each budget."""
    amount, spent, forecast, burn = Sums(), Sums(), Sums(), Sums()
    for one in found:
        key = (one.budget.name, one.budget.amount.currency)
        amount[key] = float(one.budget.amount.amount)
        spent[key] = float(one.spent.amount)
        if one.forecast is not None:
            forecast[key] = float(one.forecast.amount)
        if one.share is not None:
            burn[one.budget.name,] = float(one.share)
    return {f.BUDGET: amount, f.BUDGET_SPENT: spent, f.BUDGET_FORECAST: forecast, f.BUDGET_BURN: burn}


def of_tunes(found: Found, looks: Sequence[Mapping[str, Any]]) -> dict[f.Figure, f.Values]:
    """Tuning jobs by state, and the time that the base models of tunes have left."""
    jobs: Sums = defaultdict(float)
    left: Sums = {}
    age: Sums = {}
    for verdict in found.verdicts:
        # A provider's jobs are counted from its look, below.
        if verdict.subject.kind is Kind.TUNING_JOB and not is_provider(verdict.subject.name.split("/")[1]):
            state = str(verdict.evidence.get("state", "unknown")).split(" ")[0].removeprefix("JOB_STATE_").lower()
            jobs["vertex", state] += 1
    for job in found.snapshot.jobs:
        days = days_left(last_day(job.base_model, found.settings.default.last_days), found.now)
        if days is not None and job.endpoints:
            left["vertex", job.base_model.rsplit("/", 1)[-1]] = days * DAY_S
    for look in looks:
        provider = str(look["provider"])
        for job in look["jobs"]:
            jobs[provider, str(job["state"])] += 1
        for tune in look["tunes"]:
            if tune["days_left"] is not None:
                left[provider, str(tune["base"])] = float(tune["days_left"]) * DAY_S
        if look["taken_at"]:
            age[provider,] = (found.now - datetime.fromisoformat(look["taken_at"])).total_seconds()
    return {f.JOBS: jobs, f.RETIREMENT: left, f.PROVIDER_AGE: age}


def of_dearest_things(verdicts: Sequence[Verdict], most: int) -> dict[f.Figure, f.Values]:
    """The dearest things by name; amounts in different currencies are not compared but by number, this is only a choice."""
    rated = [(v.subject.rate.per_hour, v) for v in verdicts if v.subject.rate is not None and v.subject.billed]
    rated.sort(key=lambda one: (-one[0].amount, one[1].subject.name))
    rate, silent = Sums(), Sums()
    for money, verdict in rated[:most]:
        subject = verdict.subject
        rate[subject.project_id, subject.name, money.currency] = float(money.amount)
        if verdict.silent_for is not None:
            silent[subject.project_id, subject.name] = verdict.silent_for.total_seconds()
    return {f.THING_RATE: rate, f.THING_SILENT: silent}


def projects_of(found: Found) -> set[str]:
    """Every project that was looked at, also those without things."""
    listed = {report.project_id for report in found.snapshot.scopes}
    return listed | {v.subject.project_id for v in found.verdicts} | {str(d["project"]) for d in found.unlisted}


def dearest_projects(verdicts: Iterable[Verdict]) -> frozenset[str] | None:
    """The projects that keep their name; None while all of them do."""
    rate = Counter[str]()
    for verdict in verdicts:
        rate[verdict.subject.project_id] += (
            int(verdict.subject.rate.per_hour.amount * 1000) if verdict.subject.rate else 0
        )
    if len(rate) <= f.MOST_PROJECTS:
        return None
    return frozenset(sorted(rate, key=lambda project: (-rate[project], project))[: f.MOST_PROJECTS])


def bounded(figure: f.Figure, sums: f.Values, projects: frozenset[str] | None) -> f.Values:
    """Add the projects beyond the dearest ones up as one; of ages the greatest counts."""
    if projects is None or "project" not in figure.labels or "thing" in figure.labels:
        return sums
    place = figure.labels.index("project")
    joined: Sums = {}
    for labels, value in sums.items():
        project = labels[place] if labels[place] in projects else f.OTHERS
        key = (*labels[:place], project, *labels[place + 1 :])
        before = joined.get(key, 0.0)
        joined[key] = max(before, value) if figure is f.UNKNOWN_OLDEST else before + value
    return joined


def money_of(by_project: Sequence[Line], what: str) -> Sums:
    """One of a line's sums (`known`, `forecast`, `planned`) by project and currency."""
    return {
        (line.group, currency): float(money.amount)
        for line in by_project
        for currency, money in getattr(line, what).items()
    }


def word(verdict: Verdict) -> str:
    """The decision's word, as in documents."""
    match verdict:
        case Keep():
            return "keep"
        case Idle():
            return "idle"
        case Undecided():
            return "unknown"


def by_reason(reasons: Iterable[str], counts: Mapping[str, int]) -> Sums:
    """Every reason, so that "nothing happened" is visible."""
    return {(str(reason),): float(counts.get(str(reason), 0)) for reason in reasons}


def one(value: float) -> Sums:
    """A figure without labels."""
    return {(): float(value)}
