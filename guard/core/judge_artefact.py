"""The verdict on a tune or a file that another provider keeps: it costs nothing, so it stays unless a person named it. Pure.

Deleting one saves nothing and cannot be undone. It goes only where guard.yaml names this very id with who accepts that, and only
once nobody has used it for the whole wait. What usage data do not show is unknown, and stays.
"""

from __future__ import annotations

from datetime import datetime

from guard.core.gates import gate, too_young
from guard.core.model import Artefact, Kind
from guard.core.names import scope_of
from guard.core.reasons import KeepReason, RemoveReason
from guard.core.rules import Fixed, Policy, Rules, StageRule
from guard.core.sight import Sight
from guard.core.subjects import iso
from guard.core.tunes import NOTHING_IDLE
from guard.core.units import Unknown, short
from guard.core.verdict import Idle, Keep, Stage, Subject, Undecided, Verdict, Wait

STAGES = {Kind.MODEL: Stage.DELETE_MODEL, Kind.FILE: Stage.DELETE_FILE}


def judge_artefact(sight: Sight, artefact: Artefact) -> Verdict:
    """Judge one tune or file."""
    rules = sight.rules(artefact.project_id)
    subject = _subject(artefact, rules)
    policy = sight.policy(subject, rules) if rules is not None else None
    evidence: dict[str, object] = {
        "base_model": artefact.base,
        "shut_down": artefact.shut_down.isoformat() if artefact.shut_down else None,
        "saves": NOTHING_IDLE,
        "used_by": list(artefact.used_by),
    }
    kept = gate(sight, subject, rules, policy)
    if kept is not None or rules is None:
        return kept or Keep(subject=subject, reason=KeepReason.NOT_ENROLLED, policy=None, evidence={})
    stage = policy.stage(STAGES[artefact.kind]) if policy is not None else None
    if policy is None or stage is None or not stage.accepted_by:
        reason = KeepReason.PER_TOKEN if artefact.kind is Kind.MODEL else KeepReason.NOT_BILLED
        return Keep(subject=subject, reason=reason, policy=policy.name if policy else None, evidence=evidence)
    young = too_young(sight, subject, policy)
    if young is not None:
        return young
    if artefact.used_by:
        return Keep(subject=subject, reason=KeepReason.IN_USE, policy=policy.name, evidence=evidence)
    if isinstance(artefact.last_used, Unknown):
        evidence["why"] = artefact.last_used.reason
        return Undecided(subject=subject, reason=KeepReason.METRICS_MISSING, policy=policy.name, evidence=evidence)
    return _weighed(subject, policy, stage, artefact, artefact.last_used.value, evidence, sight.now)


def _weighed(
    subject: Subject,
    policy: Policy,
    stage: StageRule,
    artefact: Artefact,
    used_at: datetime | None,
    evidence: dict[str, object],
    now: datetime,
) -> Verdict:
    """Compare the time since its last use with the wait that its line in the file names."""
    rule = policy.wait
    assert isinstance(rule, Fixed)  # noqa: S101  # the configuration makes no other for these
    since = max(used_at or artefact.covered_from, artefact.created_at)
    silent, notice = now - since, policy.notify_before
    length = max(rule.length, notice)
    because = (
        f"waits {short(length)}: guard.yaml names it; deleting it saves nothing and cannot be undone, "
        f"which {stage.accepted_by} accepts"
    )
    wait = Wait(length=length, because=because, notice=notice)
    evidence |= {"accepted_by": stage.accepted_by, "last_used_at": iso(used_at), "policy_line": str(policy.line)}
    if silent < length - notice:
        reason = KeepReason.IN_USE if used_at is not None and silent < notice else KeepReason.WAITING
        return Keep(
            subject=subject,
            reason=reason,
            policy=policy.name,
            evidence=evidence,
            wait=wait,
            silent_for=silent,
            last_used_at=used_at,
            would_go_at=since + length,
        )
    return Idle(
        subject=subject,
        reason=RemoveReason.MODEL_UNUSED if artefact.kind is Kind.MODEL else RemoveReason.FILE_UNUSED,
        stage=stage.stage,
        policy=policy.name,
        evidence=evidence,
        wait=wait,
        silent_for=silent,
        last_used_at=used_at,
        due_at=since + length,
    )


def _subject(artefact: Artefact, rules: Rules | None) -> Subject:
    return Subject(
        name=artefact.name,
        kind=artefact.kind,
        project_id=artefact.project_id,
        location=scope_of(artefact.name).location,
        display_name=artefact.id,
        labels={},
        generation=artefact.created_at.isoformat(),
        digest=artefact.id,
        created_at=artefact.created_at,
        billed=False,
        rate=None,
        rate_note="bills by tokens, nothing by the hour" if artefact.kind is Kind.MODEL else "storing it bills nothing",
        owner=rules.owners.fallback if rules is not None else None,
        owner_source="fallback",
    )
