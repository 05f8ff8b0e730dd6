"""Another provider's tuning: jobs, tunes and files of a service that speaks OpenAI's protocol. Pure.

A tune there costs nothing while nobody calls it: it bills by tokens. So none is ever idle in the sense of money. What matters is
said instead: jobs that do not move, the day on which a base model is shut down and its tunes with it, when each was last used, and
what training has cost. Judged like everything else (guard.core.provider), and acted on only where guard.yaml opts in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from guard.core.model import JobState
from guard.core.units import Known, Maybe, Money, Unknown, short

NOTHING_IDLE = "costs nothing while idle (it bills by tokens); deleting it saves nothing and cannot be undone"

STATES: Mapping[str, JobState] = {
    "validating_files": JobState.PENDING,
    "queued": JobState.QUEUED,
    "running": JobState.RUNNING,
    "paused": JobState.PAUSED,
    "succeeded": JobState.SUCCEEDED,
    "failed": JobState.FAILED,
    "cancelled": JobState.CANCELLED,
}
"""The service's words; any other one is UNFAMILIAR, which says nothing of the job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TunePrice:
    """What training costs: USD a million trained tokens, with source and day."""

    base: str
    amount: Money
    source: str
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneRules:
    """What guard.yaml says of the provider. `retirement_days`: how many days before a shut-down people are told."""

    name: str
    base_url: str
    stalled_after: timedelta = timedelta(hours=6)
    retirement_days: tuple[int, ...] = (90, 30, 7)
    every: timedelta = timedelta(hours=1)
    to: str | None = None
    prices: Mapping[str, Money] = field(default_factory=dict)  # base model -> a million training tokens


@dataclass(frozen=True, slots=True, order=True)
class Loss:
    """Where training stood after a step; `valid` is None where it was not measured."""

    step: int
    train: float
    valid: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteJob:
    """A fine-tuning job. `progress_at` is its latest event; `losses` are those of its latest events, by step."""

    id: str
    base: str
    state: JobState
    state_text: str
    created_at: datetime
    finished_at: datetime | None = None
    estimated_finish: datetime | None = None
    progress_at: datetime | None = None
    trained_tokens: int | None = None
    tune: str | None = None
    suffix: str = ""
    error: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()  # that it reads
    losses: tuple[Loss, ...] = ()
    last_step: int | None = None  # how many steps there will have been


@dataclass(frozen=True, slots=True, kw_only=True)
class Tune:
    """A tuned model. `last_used` is Known(None) where the usage data says that nobody called it in the time it covers."""

    id: str
    base: str
    created_at: datetime
    shut_down: date | None
    last_used: Maybe[datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """A file that the service stores; it bills nothing."""

    id: str
    name: str
    purpose: str
    size: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneLook:
    """One look at a provider. `spent` is what its costs API says of the UTC month so far."""

    taken_at: datetime
    jobs: tuple[RemoteJob, ...]
    tunes: tuple[Tune, ...]
    files: tuple[RemoteFile, ...]
    spent: Maybe[Mapping[str, Money]]  # line item -> amount
    bases: Mapping[str, date] = field(default_factory=dict)  # base model -> its last day


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that a person should hear once: about what, its own fact, a title and sentences."""

    subject: str
    fact: str
    title: str
    body: str


CURVE = 120
"""Most points of a loss curve that is kept: enough for a picture, little for a ledger."""


def curve(known: Iterable[Loss], more: Iterable[Loss]) -> tuple[Loss, ...]:
    """Join what was known of a loss curve with what a look adds, thinned evenly; the first and the last point, and every
    validation loss as far as there is room, stay.

    >>> [point.step for point in curve([Loss(1, 2.0), Loss(2, 1.5)], [Loss(2, 1.5), Loss(3, 1.2)])]
    [1, 2, 3]
    """
    points = sorted({point.step: point for point in (*known, *more)}.values())
    while len(points) > CURVE:
        plain = [index for index in range(1, len(points) - 1) if points[index].valid is None]
        drop = set((plain or range(1, len(points) - 1))[::2])
        points = [point for index, point in enumerate(points) if index not in drop]
    return tuple(points)


def trouble(job: RemoteJob, rules: TuneRules, now: datetime) -> str | None:
    """Say what is wrong with a running job, or None. Waiting for its turn is not stalling; unknown states say nothing."""
    if job.state is not JobState.RUNNING:
        return None
    seen = job.progress_at or job.created_at
    if now - seen >= rules.stalled_after:
        return f"no event for {short(now - seen)}; {short(rules.stalled_after)} is allowed"
    return overdue(job, rules, now)


def overdue(job: RemoteJob, rules: TuneRules, now: datetime) -> str | None:
    """Say how far a job that still shows events is past the finish that the service expected; None where it is not."""
    seen = job.progress_at or job.created_at
    if job.state is not JobState.RUNNING or now - seen >= rules.stalled_after or job.estimated_finish is None:
        return None
    late = now - job.estimated_finish
    return f"{short(late)} past the finish that the service itself expected" if late >= rules.stalled_after else None


def days_left(shut_down: date | None, now: datetime) -> int | None:
    """Whole days until a model is shut down, 0 on the day itself or later; None where no day is announced."""
    return None if shut_down is None else max(0, (shut_down - now.date()).days)


def training_cost(job: RemoteJob, prices: Mapping[str, TunePrice]) -> Maybe[Money]:
    """What a job cost by its trained tokens; a job that failed or was cancelled reports none."""
    if job.state in {JobState.FAILED, JobState.CANCELLED}:
        return Unknown("the service reports no trained tokens for it")
    if job.trained_tokens is None:
        return Unknown("it has not ended")
    price = prices.get(job.base)
    if price is None:
        return Unknown(f"no training price for {job.base}")
    return Known(price.amount * (Decimal(job.trained_tokens) / 1_000_000))


def findings(look: TuneLook, rules: TuneRules, now: datetime) -> Iterable[Finding]:
    """What people should hear: jobs long past their finish, and tunes whose base is shut down soon, once a step of the countdown.

    A job without events is told by its verdict, like any other tuning job (guard.core.judge_job).
    """
    for job in look.jobs:
        late = overdue(job, rules, now)
        if late is not None:
            yield Finding(
                subject=f"{rules.name}/jobs/{job.id}",
                fact=f"overdue {job.estimated_finish}",
                title=f"Fine-tuning job {job.suffix or job.id} at {rules.name} should have ended",
                body=f"{job.id} on {job.base}: {late}, and it still shows events.\n"
                "To stop it: its page at the service, or the cancel call of its API.",
            )
    for tune in look.tunes:
        left = days_left(tune.shut_down, now)
        step = None if left is None else next((days for days in sorted(rules.retirement_days) if left <= days), None)
        if step is not None and left is not None:
            yield Finding(
                subject=f"{rules.name}/models/{tune.id}",
                fact=f"{tune.shut_down} {step}",
                title=f"{tune.id} is shut down in {left} days" if left else f"{tune.id} is shut down today",
                body=f"Its base {tune.base} ends on {tune.shut_down}, and every tune on it.\n"
                f"Last used: {used_text(tune, now)}.\nMove its callers before; keep data and evaluation to tune another base.",
            )


def used_text(tune: Tune, now: datetime) -> str:
    """When a tune was last used, in words."""
    if isinstance(tune.last_used, Unknown):
        return f"unknown ({tune.last_used.reason})"
    at = tune.last_used.value
    return "not in the time that usage data covers" if at is None else f"{short(now - at)} ago"
