"""Models on one endpoint: a share of the traffic above 0 goes only when the whole endpoint is idle. Pure.

The guard never rewrites a split between living siblings. Those that go together are due together: at the latest of their
times.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from guard.core.model import DeployedModel, Endpoint, HourlyPool
from guard.core.reasons import KeepReason
from guard.core.verdict import Idle, Keep, Verdict


def hold_together(endpoints: Iterable[Endpoint], verdicts: dict[str, Verdict]) -> None:
    """Turn every idle verdict whose siblings do not let it go into a keep, in place; until nothing changes, since a pool
    that stays holds the siblings of each of its sharers.
    """
    shared = sorted((e for e in endpoints if len(e.deployed) > 1), key=lambda e: e.name)
    changed = True
    while changed:
        changed = False
        for endpoint in shared:
            for deployed in sorted(endpoint.deployed, key=lambda d: d.name):
                if deployed.traffic_share > 0:
                    changed |= _hold(endpoint, deployed, verdicts)
    while any(_due_together(endpoint, verdicts) for endpoint in shared):
        pass


def _hold(endpoint: Endpoint, deployed: DeployedModel, verdicts: dict[str, Verdict]) -> bool:
    key = _key(deployed, verdicts)
    verdict = verdicts.get(key)
    if not isinstance(verdict, Idle):
        return False
    for sibling in sorted(endpoint.deployed, key=lambda d: d.name):
        other = verdicts.get(_key(sibling, verdicts))
        if sibling is deployed or other is verdict or other is None:
            continue
        holds = not isinstance(other, Idle) if sibling.traffic_share > 0 else _is_in_use(other)
        if holds:
            evidence = {**verdict.evidence, "sibling": sibling.name, "sibling_verdict": other.reason.value}
            verdicts[key] = Keep(
                subject=verdict.subject,
                reason=KeepReason.SIBLING_IN_USE,
                policy=verdict.policy,
                evidence=evidence,
                wait=verdict.wait,
                silent_for=verdict.silent_for,
                last_used_at=verdict.last_used_at,
            )
            return True
    return False


def _is_in_use(verdict: Verdict) -> bool:
    """True where a sibling without a share of the traffic is called all the same."""
    return verdict.reason is KeepReason.IN_USE


def _due_together(endpoint: Endpoint, verdicts: dict[str, Verdict]) -> bool:
    """Move the due times of one endpoint's idle models to the latest; True where one moved."""
    keys = {_key(d, verdicts) for d in endpoint.deployed if d.traffic_share > 0}
    idle = [v for key in sorted(keys) if isinstance(v := verdicts.get(key), Idle)]
    due_at = max((verdict.due_at for verdict in idle), default=None)
    early = [verdict for verdict in idle if due_at is not None and verdict.due_at < due_at]
    for verdict in early:
        verdicts[verdict.subject.name] = replace(verdict, due_at=due_at or verdict.due_at)
    return bool(early)


def _key(deployed: DeployedModel, verdicts: dict[str, Verdict]) -> str:
    """Where the verdict on a deployed model is found: its own, or its pool's."""
    pool = deployed.billing.pool if isinstance(deployed.billing, HourlyPool) else None
    return pool if pool is not None and pool in verdicts else deployed.name
