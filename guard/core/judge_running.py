"""The verdict on what runs on machines of its own: a deployed model. Pure. From top to bottom, the first that holds decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from guard.core.gates import gate, too_young
from guard.core.model import (
    DeployedModel,
    Endpoint,
    HourlyDedicated,
    HourlyPool,
    NotBilled,
    PerToken,
    UnknownBilling,
)
from guard.core.reasons import KeepReason, RemoveReason
from guard.core.rules import Fixed, Policy
from guard.core.sight import Sight
from guard.core.subjects import deployed_subject, iso
from guard.core.units import hour_number
from guard.core.usage import Usage
from guard.core.verdict import Idle, Keep, Stage, Undecided, Verdict
from guard.core.weighing import judge_silence

DEPLOY_TAKES_AT_MOST = timedelta(hours=3)
"""Without a replica ever seen, a deployment younger than this is taken to be in progress; large models on scarce machines
take an hour and more."""

SCALE_TO_ZERO_AFTER = timedelta(hours=8)
"""The longest idleScaledownPeriod that the platform allows (28,800 s; v1beta1 ScaleToZeroSpec, read 2026-11): silent for
longer, the deployment would have been at zero already."""


def judge_deployed(sight: Sight, endpoint: Endpoint, deployed: DeployedModel) -> Verdict:
    """Judge one deployed model by itself; whether its siblings let it go is siblings.py's business."""
    rules = sight.rules(endpoint.project_id)
    subject, price = deployed_subject(sight, endpoint, deployed, rules)
    policy = sight.policy(subject, rules) if rules is not None else None
    own = sight.model_labels.get(deployed.model)
    kept = gate(sight, subject, rules, policy, (own,) if own else ())
    if kept is not None or rules is None:
        return kept or Keep(subject=subject, reason=KeepReason.NOT_ENROLLED, policy=None, evidence={})
    name = policy.name if policy is not None else None
    billing = deployed.billing
    match billing:
        case PerToken():
            evidence = _per_token(sight, endpoint, deployed)
            return Keep(subject=subject, reason=KeepReason.PER_TOKEN, policy=name, evidence=evidence)
        case NotBilled():
            return Keep(subject=subject, reason=KeepReason.NOT_BILLED, policy=name, evidence={"why": billing.why})
        case UnknownBilling():
            why = {"why": billing.why}
            return Undecided(subject=subject, reason=KeepReason.BILLING_UNKNOWN, policy=name, evidence=why)
        case HourlyPool():
            why = {"why": f"its pool {billing.pool} is not in the listing"}
            return Undecided(subject=subject, reason=KeepReason.BILLING_UNKNOWN, policy=name, evidence=why)
        case HourlyDedicated():
            pass
    if policy is None:
        return Keep(subject=subject, reason=KeepReason.NO_POLICY, policy=None, evidence={})
    usage = sight.usages.get(deployed.name)
    if billing.min_replicas == 0 and _at_zero(usage, deployed, sight.now):
        at_zero = replace(subject, billed=False, rate=None, rate_note="scaled to zero, costs nothing now")
        evidence = {"min_replicas": 0, "replicas": 0, "machine": subject.machine}
        return Keep(subject=at_zero, reason=KeepReason.SCALED_TO_ZERO, policy=policy.name, evidence=evidence)
    if _is_deploying(usage, deployed, sight.now):
        evidence = {"created_at": iso(deployed.created_at), "status": deployed.status_message}
        return Keep(subject=subject, reason=KeepReason.DEPLOYING, policy=policy.name, evidence=evidence)
    young = too_young(sight, subject, policy)
    if young is not None:
        return young
    facts: dict[str, object] = {
        "machine": subject.machine,
        "traffic_share": deployed.traffic_share,
        "model": deployed.model,
        "model_version": deployed.model_version,
    }
    verdict = judge_silence(sight, subject, rules, policy, usage, billing.machine, price, facts)
    if isinstance(verdict, Idle) and verdict.reason is RemoveReason.IDLE and _is_leftover(endpoint, deployed):
        verdict = replace(verdict, reason=RemoveReason.ROLLOUT_LEFTOVER)
    return _with_suggestion(verdict, policy, endpoint, billing)


def _at_zero(usage: Usage | None, deployed: DeployedModel, now: datetime) -> bool:
    """Zero replicas by the platform's own word, or by a fresh measurement."""
    if deployed.available_replicas is not None:
        return deployed.available_replicas == 0
    fresh = usage is not None and usage.replicas_hour is not None and usage.replicas_hour >= hour_number(now) - 4
    return fresh and usage is not None and usage.replicas == 0


def _is_deploying(usage: Usage | None, deployed: DeployedModel, now: datetime) -> bool:
    """Never live yet, no replica available, and young enough for a deployment to be in progress."""
    if deployed.available_replicas or deployed.created_at is None or now - deployed.created_at > DEPLOY_TAKES_AT_MOST:
        return False
    since = max(0, hour_number(deployed.created_at) - usage.origin) if usage is not None else 0
    return usage is None or not usage.live >> since


def _is_leftover(endpoint: Endpoint, deployed: DeployedModel) -> bool:
    return deployed.traffic_share == 0 and any(other.traffic_share > 0 for other in endpoint.deployed)


def _per_token(sight: Sight, endpoint: Endpoint, deployed: DeployedModel) -> dict[str, object]:
    """Requests do not prove that a tuned Gemini is idle, and it costs nothing: say whose leftover it is, no more."""
    job = sight.job_of(endpoint.name, deployed.model)
    evidence: dict[str, object] = {"model": deployed.model, "checkpoint_id": deployed.checkpoint_id}
    if job is not None:
        evidence["tuning_job"] = job.name
        evidence["leftover"] = bool(job.final_endpoint) and endpoint.name != job.final_endpoint
    return evidence


def _with_suggestion(verdict: Verdict, policy: Policy, endpoint: Endpoint, billing: HourlyDedicated) -> Verdict:
    """Suggest scale-to-zero where the policy asks for it and the platform allows it (dedicated endpoint, one model, one
    host): v1beta1 ScaleToZeroSpec, read 2026-11.
    """
    rule = policy.stage(Stage.SCALE_TO_ZERO)
    if rule is None or billing.scales_to_zero or not endpoint.dedicated or len(endpoint.deployed) != 1:
        return verdict
    after = rule.wait.length if isinstance(rule.wait, Fixed) else SCALE_TO_ZERO_AFTER
    if billing.machine.tpu_topology or verdict.silent_for is None or verdict.silent_for < after:
        return verdict
    return replace(verdict, evidence={**verdict.evidence, "suggestion": Stage.SCALE_TO_ZERO.value})
