"""What people wrote in guard.yaml, as core values: policies, waits, limits, owners. Pure; config.py builds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from guard.core.prices import PriceRow
from guard.core.responses import Pressure
from guard.core.units import Money
from guard.core.verdict import Stage


class Mode(StrEnum):
    """What may happen to a plan: shown, carried out after a person's word, carried out."""

    OBSERVE = "observe"
    APPROVE = "approve"
    ENFORCE = "enforce"


@dataclass(frozen=True, slots=True)
class Line:
    """Where in a file something stands."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Never:
    """Nothing is removed."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A fixed length of silence."""

    length: timedelta


@dataclass(frozen=True, slots=True)
class BreakEven:
    """T = B / r from `if_wrong` and the rate."""


@dataclass(frozen=True, slots=True)
class Learned:
    """Break-even refined by the endpoint's own history, clamped by the worst case."""


WaitRule: TypeAlias = Never | Fixed | BreakEven | Learned


@dataclass(frozen=True, slots=True, kw_only=True)
class IfWrong:
    """What a wrong removal costs the people who call: money a minute down and a fixed amount, the time a redeploy takes
    (None: measured from the endpoint's own deploys, else a default by machine family).
    """

    name: str
    per_minute_down: Money
    fixed: Money
    redeploy: timedelta | None = None
    floor: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes:
    """Declared probes: `count` calls each `every`. Any deviation is use."""

    count: int
    every: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ActWindow:
    """When acts may happen: weekdays (Monday 0), from and to local time, an IANA zone."""

    weekdays: frozenset[int]
    start: time
    end: time
    zone: str
    text: str

    @property
    def longest_closed(self) -> timedelta:
        """The longest stretch in which nothing may happen: Friday 17:00 to Monday 09:00. Changes of clocks left out."""
        week, day = timedelta(days=7), timedelta(days=1)
        if not self.weekdays:
            return timedelta.max
        start, end = (timedelta(hours=at.hour, minutes=at.minute, seconds=at.second) for at in (self.start, self.end))
        length = end - start if end > start else end - start + day
        begins = sorted(weekday * day + start for weekday in self.weekdays)
        nexts = [*begins[1:], begins[0] + week]
        return max(timedelta(0), *(later - (begin + length) for begin, later in zip(begins, nexts, strict=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a policy matches; empty fields match everything. Globs in names, exact label values or `*`."""

    labels: Mapping[str, str] = field(default_factory=dict)
    projects: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    machines: tuple[str, ...] = ()

    @property
    def matches_all(self) -> bool:
        return not (self.labels or self.projects or self.locations or self.names or self.kinds or self.machines)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRule:
    """One stage that a policy opts in to, with a wait and a notice of its own (None: the policy's)."""

    stage: Stage
    wait: WaitRule | None = None
    notify_before: timedelta | None = None
    accepted_by: str | None = None  # delete_model: who accepts that it cannot be undone


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRule:
    """Tuning jobs: when to warn, when to cancel (cancelling is a stage: only with `cancel_job` in `do`)."""

    expected: timedelta | None = None  # None: from like jobs, else a default
    stalled_after: timedelta = timedelta(hours=6)
    over_time_factor: Decimal = Decimal(2)
    max_cost: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """First match wins."""

    name: str
    match: Match
    wait: WaitRule
    if_wrong: IfWrong | None
    line: Line
    worst_case: Decimal = Decimal(4)
    notify_before: timedelta = timedelta(0)
    grace: timedelta = timedelta(hours=1)
    act_during: ActWindow | None = None
    stages: tuple[StageRule, ...] = ()
    probes: Probes | None = None
    jobs: JobRule = JobRule()
    restore_when_wrong: bool = False
    failing_counts_as_use: bool = True
    pressures: tuple[Pressure, ...] = ()  # what crossed budgets do to it now; not part of what the file says

    def stage(self, stage: Stage) -> StageRule | None:
        """The rule of a stage, or None where the policy does not opt in."""
        for rule in self.stages:
            if rule.stage is stage:
                return rule
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may go. Throttle: so many removals a day (dearest first, at least one), a project's share of it.
    Breaker: a run that newly selects more than `breaker_factor` times the usual and at least `breaker_least` things, or
    more than `breaker_share` of a fleet of at least `breaker_least`, removes nothing.
    """

    removals_per_day: int = 3
    removals_per_project_per_day: int | None = None
    breaker_share: Decimal = Decimal("0.5")
    breaker_least: int = 5
    breaker_factor: Decimal = Decimal(4)
    attempts: int = 3


class OwnerSource(StrEnum):
    """Where an owner is looked for, in the order that the file gives."""

    LABEL = "label"
    RUN = "run"
    CREATOR = "creator"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerRules:
    """Order of sources and the fallback that must be there."""

    sources: tuple[tuple[OwnerSource, str], ...]  # (LABEL, "owner"), (RUN, ""), (CREATOR, "")
    fallback: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Everything that decides, of one project group. `digest` names this very content."""

    mode: Mode
    policies: tuple[Policy, ...]
    limits: Limits
    owners: OwnerRules
    digest: str
    housekeeping: bool = False
    keep_prefixes: tuple[str, ...] = ("tuneguard",)
    guard_resources: tuple[str, ...] = ()  # canonical names the guard itself runs on
    metric_lag: timedelta = timedelta(minutes=6)
    longest_request: timedelta = timedelta(hours=1)
    savings_horizon: timedelta = timedelta(days=30)
    price_overrides: Mapping[str, str] = field(default_factory=dict)
    price_rows: tuple[PriceRow, ...] = ()  # further prices that a person gave: of tokens, from a file
    last_days: Mapping[str, date] = field(default_factory=dict)  # base model -> its last day, from the same file

    def asks(self, policy: str) -> bool:
        """True where a policy's acts wait for a person's word: in approve mode, or while a crossed budget asks for it."""
        return self.mode is Mode.APPROVE or any(
            pressure.asks for one in self.policies if one.name == policy for pressure in one.pressures
        )
