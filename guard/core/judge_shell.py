"""Verdicts on what costs nothing by the hour: empty endpoints and registry models. Removing them is housekeeping. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from guard.core.gates import gate, too_young
from guard.core.model import Endpoint, RegistryModel
from guard.core.reasons import KeepReason, RemoveReason
from guard.core.rules import Policy, Rules, StageRule
from guard.core.sight import Sight
from guard.core.subjects import endpoint_subject, iso, model_subject
from guard.core.units import HOUR, hour_number
from guard.core.verdict import Evidence, Idle, Keep, Stage, Subject, Verdict


def judge_empty_endpoint(sight: Sight, endpoint: Endpoint) -> Verdict:
    """Judge an endpoint without deployed models."""
    rules = sight.rules(endpoint.project_id)
    subject = endpoint_subject(sight, endpoint, rules)
    policy = sight.policy(subject, rules) if rules is not None else None
    kept = gate(sight, subject, rules, policy)
    if kept is not None or rules is None:
        return kept or Keep(subject=subject, reason=KeepReason.NOT_ENROLLED, policy=None, evidence={})
    if policy is None:
        return Keep(subject=subject, reason=KeepReason.NO_POLICY, policy=None, evidence={})
    mark = sight.shell_mark(endpoint.name, endpoint.labels)
    if mark is not None:
        return _keep(subject, KeepReason.MANAGED_BY_IAC, policy, {"mark": mark})
    if endpoint.name in sight.live_recipes:
        return _keep(subject, KeepReason.RECIPE_LIVE, policy, {})
    job = sight.jobs_by_endpoint.get(endpoint.name)
    evidence: dict[str, object] = {"tuning_job": job.name} if job is not None else {}
    if job is not None and not job.state.has_ended:
        return _keep(subject, KeepReason.JOB_RUNNING, policy, evidence)
    leftover = job is not None and job.final_endpoint is not None and job.final_endpoint != endpoint.name
    stage = policy.stage(Stage.DELETE_ENDPOINT)
    if stage is None or (leftover and not rules.housekeeping):
        return _keep(subject, KeepReason.NOT_BILLED, policy, {**evidence, "leftover": leftover})
    young = too_young(sight, subject, policy)
    if young is not None:
        return young
    reason = RemoveReason.TUNING_LEFTOVER if leftover else RemoveReason.ENDPOINT_EMPTY
    return _weigh(sight, subject, rules, policy, stage, reason, evidence)


def judge_model(sight: Sight, model: RegistryModel, deployed_on: str | None) -> Verdict:
    """Judge a registry model; `deployed_on` is an endpoint of the snapshot that has it."""
    rules = sight.rules(model.project_id)
    subject = model_subject(sight, model, rules)
    policy = sight.policy(subject, rules) if rules is not None else None
    kept = gate(sight, subject, rules, policy)
    if kept is not None or rules is None:
        return kept or Keep(subject=subject, reason=KeepReason.NOT_ENROLLED, policy=None, evidence={})
    name = policy.name if policy is not None else None
    where = [*model.deployed_at, *([deployed_on] if deployed_on else [])]
    if where:
        evidence: Evidence = {"deployed_at": sorted(set(where))}
        return Keep(subject=subject, reason=KeepReason.DEPLOYED, policy=name, evidence=evidence)
    if policy is None:
        return Keep(subject=subject, reason=KeepReason.NO_POLICY, policy=None, evidence={})
    stage = policy.stage(Stage.DELETE_MODEL)
    if stage is None:
        return _keep(subject, KeepReason.NOT_BILLED, policy, {})
    if model.name in sight.live_recipes:
        return _keep(subject, KeepReason.RECIPE_LIVE, policy, {})
    using = sight.being_tuned.get(model.name)
    if using is not None:
        return _keep(subject, KeepReason.JOB_RUNNING, policy, {"tuning_job": using.name})
    young = too_young(sight, subject, policy)
    if young is not None:
        return young
    facts = {"source": model.source, "has_artifacts": model.has_artifacts, "accepted_by": stage.accepted_by}
    return _weigh(sight, subject, rules, policy, stage, RemoveReason.MODEL_UNUSED, facts)


def _weigh(
    sight: Sight,
    subject: Subject,
    rules: Rules,
    policy: Policy,
    stage: StageRule,
    reason: RemoveReason,
    facts: Evidence,
) -> Verdict:
    """Compare how long it has been empty with its wait; nothing is saved, so only a fixed wait ever ends."""
    since = _empty_since(sight, subject)
    rule = stage.wait if stage.wait is not None else policy.wait
    notice = stage.notify_before if stage.notify_before is not None else policy.notify_before
    wait = sight.wait(subject, rules, policy, rule, notice, None, None, hour_number(since))
    lasted = max(timedelta(0), sight.now - since)
    evidence: dict[str, object] = {
        **facts,
        "empty_since": iso(since),
        "empty_hours": round(lasted / HOUR, 1),
        "wait_hours": None if wait.length is None else round(wait.length / HOUR, 3),
        "policy_line": str(policy.line),
        "price": subject.rate_note,
    }
    if wait.length is None:
        return Keep(
            subject=subject,
            reason=KeepReason.NEVER,
            policy=policy.name,
            evidence=evidence,
            wait=wait,
            silent_for=lasted,
        )
    due_at = since + wait.length
    if lasted < wait.length - notice:
        return Keep(
            subject=subject,
            reason=KeepReason.WAITING,
            policy=policy.name,
            evidence=evidence,
            wait=wait,
            silent_for=lasted,
            would_go_at=due_at,
        )
    return Idle(
        subject=subject,
        reason=reason,
        stage=stage.stage,
        policy=policy.name,
        evidence=evidence,
        wait=wait,
        silent_for=lasted,
        last_used_at=None,
        due_at=due_at,
    )


def _empty_since(sight: Sight, subject: Subject) -> datetime:
    """Since when we know it to be empty: remembered from look to look; at first sight, now."""
    seen = sight.seen.get(subject.name)
    known = seen.empty_since if seen is not None and seen.generation == subject.generation else None
    return known if known is not None else sight.now


def _keep(subject: Subject, reason: KeepReason, policy: Policy, evidence: Evidence) -> Keep:
    return Keep(subject=subject, reason=reason, policy=policy.name, evidence=evidence)
