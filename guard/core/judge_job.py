"""The verdict on a tuning job: running as expected, over time, stalled, over estimate, ended, not known. Pure.

Waiting for capacity is not stalling. Only jobs in a state that can be cancelled go, and only where the policy says so; the
rest get a warning, which the plan lists as a suggestion. An unfamiliar state is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from guard.core.gates import gate
from guard.core.model import JobState, TuningJob
from guard.core.reasons import KeepReason, RemoveReason
from guard.core.retirements import last_day
from guard.core.rules import JobRule, Policy, Rules
from guard.core.sight import Sight
from guard.core.subjects import iso, job_subject
from guard.core.units import Known, Money, short
from guard.core.verdict import Idle, Keep, Stage, Subject, Undecided, Verdict, Wait

CANCELLABLE = frozenset({JobState.RUNNING, JobState.QUEUED, JobState.PENDING})
DEFAULT_EXPECTED = timedelta(hours=24)
"""Where neither the policy nor like jobs tell: our own figure; tuning jobs of public write-ups end within hours."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a job: why, since when, in one sentence."""

    reason: RemoveReason
    since: datetime
    text: str


def judge_job(sight: Sight, job: TuningJob) -> Verdict:
    """Judge one tuning job."""
    rules = sight.rules(job.project_id)
    subject = job_subject(sight, job, rules)
    policy = sight.policy(subject, rules) if rules is not None else None
    name = policy.name if policy is not None else None
    evidence: dict[str, object] = {
        "state": job.state_text,
        "base_model": job.base_model,
        "started_at": iso(job.started_at),
        "progress_at": iso(job.progress_at),
        "endpoints": list(job.endpoints),
    }
    if rules is not None:
        cost = _estimate(sight, job, rules)
        day = last_day(job.base_model, rules.last_days)
        evidence["last_day"] = day.isoformat() if day is not None else None
        evidence["training_tokens"] = _size(job)
        evidence["training_cost"] = {"amount": f"{cost.amount:f}", "currency": cost.currency} if cost else None
    if rules is not None and job.state.has_ended:
        evidence |= {"ended_at": iso(job.ended_at), "error": job.error}
        return Keep(subject=subject, reason=KeepReason.JOB_ENDED, policy=name, evidence=evidence)
    if rules is not None and job.state is JobState.UNFAMILIAR:
        return Undecided(subject=subject, reason=KeepReason.STATE_UNKNOWN, policy=name, evidence=evidence)
    kept = gate(sight, subject, rules, policy)
    if kept is not None or rules is None:
        return kept or Keep(subject=subject, reason=KeepReason.NOT_ENROLLED, policy=None, evidence={})
    if policy is None:
        return Keep(subject=subject, reason=KeepReason.NO_POLICY, policy=None, evidence=evidence)
    expected, how = _expected(job, policy.jobs, sight.snapshot.jobs)
    estimate = _estimate(sight, job, rules)
    evidence |= {
        "expected_hours": round(expected / timedelta(hours=1), 2),
        "expected_from": how,
        "estimate": str(estimate) if estimate else None,
        "policy_line": str(policy.line),
    }
    stage = policy.stage(Stage.CANCEL_JOB)
    notice = stage.notify_before if stage and stage.notify_before is not None else policy.notify_before
    trouble = _trouble(job, policy.jobs, expected, estimate, sight.now, notice if stage else timedelta(0))
    if trouble is None and stage is not None and policy.pressures:
        trouble = _over_budget(subject, policy, job)
    if trouble is None:
        return Keep(subject=subject, reason=KeepReason.JOB_RUNNING, policy=policy.name, evidence=evidence)
    evidence |= {"warning": trouble.text, "warning_reason": trouble.reason.value, "trouble_since": iso(trouble.since)}
    if stage is None or job.state not in CANCELLABLE:
        return Keep(subject=subject, reason=KeepReason.JOB_RUNNING, policy=policy.name, evidence=evidence)
    return _cancel(subject, policy, trouble, notice, evidence, job, sight.now)


def _cancel(
    subject: Subject,
    policy: Policy,
    trouble: Trouble,
    notice: timedelta,
    evidence: dict[str, object],
    job: TuningJob,
    now: datetime,
) -> Idle:
    since = job.progress_at if trouble.reason is RemoveReason.JOB_STALLED else job.started_at or job.created_at
    began = since or now
    wait = Wait(length=trouble.since - began, because=trouble.text, notice=notice)
    return Idle(
        subject=subject,
        reason=trouble.reason,
        stage=Stage.CANCEL_JOB,
        policy=policy.name,
        evidence=evidence,
        wait=wait,
        silent_for=now - began,
        last_used_at=job.progress_at,
        due_at=trouble.since,
    )


def _trouble(
    job: TuningJob,
    rule: JobRule,
    expected: timedelta,
    estimate: Money | None,
    now: datetime,
    ahead: timedelta,
) -> Trouble | None:
    """What is wrong, or will be within `ahead` (the notice) if nothing changes."""
    if job.state in {JobState.WAITING_FOR_CAPACITY, JobState.PAUSED, JobState.CANCELLING}:
        return None
    began = job.started_at or job.created_at
    if began is not None and _over(estimate, rule.max_cost):
        text = f"its estimate of {estimate} is over the {rule.max_cost} that the policy allows"
        return Trouble(RemoveReason.JOB_OVER_ESTIMATE, began, text)
    if job.state is not JobState.RUNNING:
        return None
    if job.started_at is not None:
        limit = job.started_at + expected * float(rule.over_time_factor)
        if now >= limit - ahead:
            text = (
                f"runs for {short(now - job.started_at)}, {rule.over_time_factor:f}x of {short(expected)} was allowed"
            )
            return Trouble(RemoveReason.JOB_OVER_TIME, limit, text)
    if job.progress_at is not None:
        limit = job.progress_at + rule.stalled_after
        if now >= limit - ahead:
            text = f"no progress for {short(now - job.progress_at)}, {short(rule.stalled_after)} was allowed"
            return Trouble(RemoveReason.JOB_STALLED, limit, text)
    return None


def _over_budget(subject: Subject, policy: Policy, job: TuningJob) -> Trouble | None:
    """A crossed budget that counts the job names its policy (and maybe its name) to be cancelled."""
    began = job.started_at or job.created_at
    if began is None or job.state not in CANCELLABLE:
        return None
    for pressure in policy.pressures:
        if pressure.cancels_job(job.display_name) and pressure.selector.takes(subject):
            text = f"{pressure}, and guard.yaml says to cancel such jobs then"
            return Trouble(RemoveReason.JOB_OVER_BUDGET, max(began, pressure.since), text)
    return None


def _over(estimate: Money | None, most: Money | None) -> bool:
    """Unknown, unlimited, or in another currency: not over."""
    return estimate is not None and most is not None and estimate.currency == most.currency and estimate > most


def _expected(job: TuningJob, rule: JobRule, jobs: Iterable[TuningJob]) -> tuple[timedelta, str]:
    """How long it should take: the policy's word, the job's own, the median of like jobs, else a default."""
    if rule.expected is not None:
        return rule.expected, "the policy"
    if job.expected is not None:
        return job.expected, "the job's estimate"
    size = _size(job)
    like = []
    for other in jobs:
        if (
            other.base_model == job.base_model
            and other.state is JobState.SUCCEEDED
            and other.started_at
            and other.ended_at
        ):
            took = (other.ended_at - other.started_at).total_seconds()
            theirs = _size(other)
            like.append(took * size / theirs if size and theirs else took)
    if like:
        return timedelta(seconds=median(like)), f"{len(like)} like jobs"
    return DEFAULT_EXPECTED, "a default"


def _size(job: TuningJob) -> int | None:
    return job.dataset_tokens * (job.epochs or 1) if job.dataset_tokens else None


def _estimate(sight: Sight, job: TuningJob, rules: Rules) -> Money | None:
    """Training tokens x epochs x price; None where the size or the price is not known."""
    size = _size(job)
    if size is None:
        return None
    location = job.name.split("/", 4)[3]
    found = sight.book(rules).tuning(job.base_model, size, location, sight.now)
    return found.value if isinstance(found, Known) else None
