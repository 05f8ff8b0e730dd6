"""What keeps a thing before anybody looks at its use: not enrolled, not listed whole, a person's word, a label. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from guard.core.labels import NotUnderstood, is_ours, label_word
from guard.core.names import endpoint_of
from guard.core.reasons import KeepReason
from guard.core.rules import Policy, Rules
from guard.core.sight import Sight
from guard.core.subjects import iso
from guard.core.verdict import Keep, Stage, Subject, Undecided


def gate(
    sight: Sight,
    subject: Subject,
    rules: Rules | None,
    policy: Policy | None,
    further_labels: Iterable[Mapping[str, str]] = (),
) -> Keep | Undecided | None:
    """Return the verdict that needs no usage, or None where the thing is open to judgement.

    `further_labels` are those of what it belongs to (a deployed model's registry model, the endpoints of a pool's sharers):
    one word on any of them keeps it.
    """
    name = policy.name if policy is not None else None
    if rules is None:
        return Keep(
            subject=subject, reason=KeepReason.NOT_ENROLLED, policy=None, evidence={"project": subject.project_id}
        )
    if sight.incomplete:
        _, project, _, location, _ = subject.name.split("/", 4)
        if (project, location) in sight.incomplete:
            evidence = {"scope": f"projects/{project}/locations/{location}"}
            return Undecided(subject=subject, reason=KeepReason.LISTING_FAILED, policy=name, evidence=evidence)
    if rules.guard_resources:
        mine = next((r for r in rules.guard_resources if r in {subject.name, endpoint_of(subject.name)}), None)
        if mine is not None:
            evidence = {"resource": mine}
            return Keep(subject=subject, reason=KeepReason.GUARD_ITSELF, policy=name, evidence=evidence)
    held = kept_by_person(sight, subject, name, (subject.name, *subject.members)) if sight.has_keeps else None
    if held is not None:
        return held
    for labels in (subject.labels, *further_labels):
        word = label_word(labels, sight.now) if labels and any(map(is_ours, labels)) else None
        if word is None:
            continue
        if isinstance(word, NotUnderstood):
            evidence = {"label": word.label}
            return Keep(subject=subject, reason=KeepReason.LABEL_NOT_UNDERSTOOD, policy=name, evidence=evidence)
        kept = {"label": word.label, "until": iso(word.until)}
        return Keep(subject=subject, reason=KeepReason.KEPT_BY_LABEL, policy=name, evidence=kept)
    return None


def kept_by_person(sight: Sight, subject: Subject, policy: str | None, names: Iterable[str]) -> Keep | None:
    """A keep on the thing itself, on a part of it, or on what it is part of."""
    for name in names:
        order = sight.keep(name)
        if order is not None:
            evidence = {
                "who": order.who,
                "why": order.why,
                "until": iso(order.until),
                "on": order.subject,
                "said_at": iso(order.made_at),
            }
            return Keep(subject=subject, reason=KeepReason.KEPT_BY_PERSON, policy=policy, evidence=evidence)
    return None


def too_young(sight: Sight, subject: Subject, policy: Policy) -> Keep | Undecided | None:
    """Age unknown, within its grace, or restored within its grace."""
    if subject.created_at is None:
        return Undecided(subject=subject, reason=KeepReason.AGE_UNKNOWN, policy=policy.name, evidence={})
    seen = sight.seen.get(subject.name)
    if seen is not None and seen.restored_at is not None and sight.now < seen.restored_at + policy.grace:
        evidence = {"restored_at": iso(seen.restored_at), "grace_hours": _hours(policy.grace)}
        return Keep(subject=subject, reason=KeepReason.RESTORED_RECENTLY, policy=policy.name, evidence=evidence)
    if sight.now < subject.created_at + policy.grace:
        if _comes_back(sight, subject):
            evidence = {"restored_at": iso(subject.created_at), "grace_hours": _hours(policy.grace)}
            return Keep(subject=subject, reason=KeepReason.RESTORED_RECENTLY, policy=policy.name, evidence=evidence)
        evidence = {"created_at": iso(subject.created_at), "grace_hours": _hours(policy.grace)}
        return Keep(subject=subject, reason=KeepReason.YOUNG, policy=policy.name, evidence=evidence)
    return None


def _comes_back(sight: Sight, subject: Subject) -> bool:
    """True for what a restore that is not verified yet has just made: on its endpoint, after its call was intended."""
    return any(
        act.key.stage is Stage.RESTORE
        and act.intended_at is not None
        and act.state.is_in_flight
        and endpoint_of(act.key.subject) == endpoint_of(subject.name)
        and subject.created_at is not None
        and subject.created_at >= act.intended_at
        for act in sight.view.acts
    )


def _hours(length: timedelta) -> float:
    return round(length.total_seconds() / 3600, 3)
