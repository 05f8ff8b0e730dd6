"""The verdict on a pool: judged and costed as one group with its sharers, none of which bills alone. Pure.

It is idle only when every sharer is; a keep or a label on one of them keeps the group, since undeploying the rest would save
nothing. Its wait is the longest of its sharers' policies, and each of them has to opt in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from guard.core.gates import gate, too_young
from guard.core.groups import together
from guard.core.model import DeployedModel, Endpoint, ResourcePool
from guard.core.owners import FALLBACK
from guard.core.reasons import KeepReason, RemoveReason
from guard.core.rules import Policy
from guard.core.sight import Sight
from guard.core.subjects import deployed_subject, pool_subject
from guard.core.usage import Usage
from guard.core.verdict import Idle, Keep, Subject, Undecided, Verdict
from guard.core.weighing import judge_silence

Sharer = tuple[Endpoint, DeployedModel]


def judge_pool(sight: Sight, pool: ResourcePool, found: Sequence[Sharer]) -> Verdict:
    """Judge one pool; `found` are the deployed models in the snapshot that run on it."""
    rules = sight.rules(pool.project_id)
    found = sorted(found, key=lambda sharer: sharer[1].name)
    parts = tuple(deployed_subject(sight, endpoint, deployed, rules, pool.name)[0] for endpoint, deployed in found)
    names = {part.name for part in parts}
    members = tuple(sorted(names | set(pool.sharers or ())))
    subject, price = pool_subject(sight, pool, rules, members, _owner(parts))
    policies = _policies(sight, subject, parts)
    name = policies[0].name if policies else None
    labels = [endpoint.labels for endpoint, _ in found]
    labels += [own for _, deployed in found if (own := sight.model_labels.get(deployed.model))]
    kept = gate(sight, subject, rules, policies[0] if policies else None, labels)
    if kept is not None or rules is None:
        return kept or Keep(subject=subject, reason=KeepReason.NOT_ENROLLED, policy=None, evidence={})
    strangers = [member for member in members if member not in names]
    if (pool.sharers is None and not parts) or strangers:
        why = {"why": "who shares the pool is not known", "not_in_the_listing": strangers}
        return Undecided(subject=subject, reason=KeepReason.STATE_UNKNOWN, policy=name, evidence=why)
    usage = together(sight.usages, pool.name, members)
    if not members:
        return _empty(subject, usage, sight.now_hour, name)
    if len(policies) < len(parts) or not policies:
        return Keep(subject=subject, reason=KeepReason.NO_POLICY, policy=None, evidence={})
    youngest = _youngest(subject, parts)
    verdicts: list[Verdict] = []
    for policy in policies:
        young = too_young(sight, youngest, policy)
        if young is not None:
            return replace(young, subject=subject)
        facts: dict[str, object] = {"machine": subject.machine, "sharers": list(members)}
        verdicts.append(judge_silence(sight, youngest, rules, policy, usage, pool.machine, price, facts))
    verdict = max(verdicts, key=_firmness)
    if isinstance(verdict, Idle):
        reason = RemoveReason.POOL_IDLE if verdict.reason is RemoveReason.IDLE else verdict.reason
        return replace(verdict, subject=subject, reason=reason, parts=parts)
    return replace(verdict, subject=subject)


def _policies(sight: Sight, subject: Subject, parts: Sequence[Subject]) -> list[Policy]:
    """The policy of each sharer, and the pool's own where one matches: all of them have to let it go."""
    rules = sight.rules(subject.project_id)
    if rules is None:
        return []
    found = [sight.policy(part, rules) for part in parts]
    if any(policy is None for policy in found):
        return []
    own = sight.policy(subject, rules)
    return [policy for policy in (*found, own) if policy is not None]


def _empty(subject: Subject, usage: Usage | None, now_hour: int, policy: str | None) -> Verdict:
    """An empty pool holds no machines; one that shows replicas all the same is not understood."""
    evidence: dict[str, object] = {"sharers": [], "replicas": usage.replicas if usage else None}
    # Their series ends with the machines, so the last count is that of before they went.
    still = usage is not None and usage.replicas_hour is not None and usage.replicas_hour >= now_hour - 1
    if still and usage is not None and usage.replicas:
        return Undecided(subject=subject, reason=KeepReason.BILLING_UNKNOWN, policy=policy, evidence=evidence)
    free = replace(subject, billed=False, rate=None, rate_note="an empty pool holds no machines")
    return Keep(subject=free, reason=KeepReason.NOT_BILLED, policy=policy, evidence=evidence)


def _youngest(subject: Subject, parts: Sequence[Subject]) -> Subject:
    """The pool with the age of its youngest part: silence counts from when the group was what it is."""
    ages = [subject.created_at, *(part.created_at for part in parts)]
    known = [age for age in ages if age is not None]
    return replace(subject, created_at=max(known) if len(known) == len(ages) else None)


def _owner(parts: Sequence[Subject]) -> tuple[str | None, str]:
    """A sharer's owner, by name order; one that is only the fallback gives way."""
    named = [(part.owner, part.owner_source) for part in parts if part.owner and part.owner_source != FALLBACK]
    return named[0] if named else ((parts[0].owner, parts[0].owner_source) if parts else (None, ""))


def _firmness(verdict: Verdict) -> tuple[int, float]:
    """Which of several policies' verdicts holds for the group: unknown before keep before idle, then the longest wait."""
    rank = {Idle: 0, Keep: 1, Undecided: 2}[type(verdict)]
    length = verdict.wait.length if verdict.wait is not None else None
    return rank, float("inf") if length is None else length.total_seconds()
