"""Pools are one group; siblings on one endpoint hold each other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from guard.core.judge import verdict_of
from guard.core.model import HourlyPool
from guard.core.reasons import KeepReason, RemoveReason
from guard.core.rules import Fixed, Match, Never
from guard.core.verdict import Idle, Keep, Stage, Undecided
from tests.builders import (
    DAY,
    NOW,
    PARENT,
    a_deployed_model,
    a_keep,
    a_policy,
    a_pool,
    a_pool_with,
    a_snapshot,
    a_usage,
    a_view,
    an_endpoint,
    endpoint_name,
    h,
    judged,
    stages,
)

POOL = f"{PARENT}/deploymentResourcePools/p1"


def sharer(number: int) -> str:
    return f"{endpoint_name(number)}/deployedModels/7"


def test_a_pool_is_idle_when_all_its_sharers_are_and_bills_once() -> None:
    pool, endpoints = a_pool_with(3)

    verdicts = judged(a_snapshot(*endpoints, pools=[pool]))

    assert list(verdicts) == [POOL]
    verdict = verdicts[POOL]
    assert isinstance(verdict, Idle)
    assert verdict.reason is RemoveReason.POOL_IDLE
    assert [part.name for part in verdict.parts] == [sharer(1), sharer(2), sharer(3)]
    assert all(part.rate is None and not part.billed and part.group == POOL for part in verdict.parts)
    assert str(verdict.subject.rate.per_hour if verdict.subject.rate else None) == "$0.22"


def test_one_sharer_in_use_keeps_the_pool() -> None:
    pool, endpoints = a_pool_with(3)

    assert (
        judged(a_snapshot(*endpoints, pools=[pool]), {sharer(2): a_usage(calls={0: 1})})[POOL].reason
        is KeepReason.IN_USE
    )


def test_a_hole_in_one_sharers_counts_is_a_hole_in_the_pools() -> None:
    pool, endpoints = a_pool_with(2)

    verdict = judged(a_snapshot(*endpoints, pools=[pool]), {sharer(2): a_usage(holes=range(960))})[POOL]

    assert isinstance(verdict, Undecided)


def test_the_pools_own_metrics_prove_liveness_for_sharers_without_any() -> None:
    pool, endpoints = a_pool_with(2)
    bare = a_usage(dead=range(960), blind=range(960))

    assert isinstance(judged(a_snapshot(*endpoints, pools=[pool]), {sharer(1): bare, sharer(2): bare})[POOL], Idle)
    nothing = judged(a_snapshot(*endpoints, pools=[pool]), {sharer(1): bare, sharer(2): bare, POOL: bare})[POOL]
    assert nothing.reason is KeepReason.NOT_LIVE


@pytest.mark.parametrize("on", [POOL, sharer(1), endpoint_name(2)])
def test_a_keep_on_a_part_keeps_the_group(on: str) -> None:
    pool, endpoints = a_pool_with(2)

    verdict = judged(a_snapshot(*endpoints, pools=[pool]), view=a_view(keeps=(a_keep(on),)))[POOL]

    assert verdict.reason is KeepReason.KEPT_BY_PERSON


def test_a_label_on_one_sharers_endpoint_keeps_the_group() -> None:
    pool, (one, two) = a_pool_with(2)
    labelled = replace(two, labels={"tuneguard-keep": "true"})

    assert judged(a_snapshot(one, labelled, pools=[pool]))[POOL].reason is KeepReason.KEPT_BY_LABEL


def test_the_strictest_of_the_sharers_policies_speaks() -> None:
    pool, (one, two) = a_pool_with(2)
    prod = replace(two, labels={"env": "prod"})
    never = a_policy("prod", match=Match(labels={"env": "prod"}), wait=Never())
    long = a_policy("prod", match=Match(labels={"env": "prod"}), wait=Fixed(DAY * 30))

    assert judged(a_snapshot(one, prod, pools=[pool]), {}, never, a_policy())[POOL].reason is KeepReason.NEVER
    verdict = judged(a_snapshot(one, prod, pools=[pool]), {}, long, a_policy())[POOL]
    assert isinstance(verdict, Idle)
    assert verdict.policy == "prod"


def test_a_sharer_without_a_policy_keeps_the_group() -> None:
    pool, (one, two) = a_pool_with(2)
    policy = a_policy(match=Match(names=("endpoint-1",)))

    assert judged(a_snapshot(one, two, pools=[pool]), {}, policy)[POOL].reason is KeepReason.NO_POLICY


def test_sharers_that_are_not_known_keep_the_pool() -> None:
    assert judged(a_snapshot(pools=[a_pool(sharers=None)]))[POOL].reason is KeepReason.STATE_UNKNOWN
    elsewhere = a_pool(sharers=[sharer(9)])
    assert judged(a_snapshot(pools=[elsewhere]))[POOL].reason is KeepReason.STATE_UNKNOWN


def test_an_empty_pool_holds_no_machines_unless_it_shows_some() -> None:
    quiet = a_usage(dead=range(960))

    assert judged(a_snapshot(pools=[a_pool()]), {POOL: quiet})[POOL].reason is KeepReason.NOT_BILLED
    assert judged(a_snapshot(pools=[a_pool()]))[POOL].reason is KeepReason.BILLING_UNKNOWN


def test_a_pools_silence_counts_from_its_youngest_sharer() -> None:
    pool, (one, two) = a_pool_with(2)
    young = replace(two, deployed=(replace(two.deployed[0], created_at=NOW - h(20)),))

    verdict = judged(a_snapshot(one, young, pools=[pool]))[POOL]

    assert verdict.reason is KeepReason.WAITING
    assert verdict.subject.created_at == pool.created_at


def test_the_verdict_on_a_sharer_is_the_pools_about_the_sharer() -> None:
    pool, endpoints = a_pool_with(2)
    verdicts = judged(a_snapshot(*endpoints, pools=[pool]))

    verdict = verdict_of(verdicts.values(), sharer(2))

    assert isinstance(verdict, Idle)
    assert verdict.subject.name == sharer(2)
    assert verdict_of(verdicts.values(), sharer(3)) is None


def two_models(shares: tuple[int, int]) -> tuple[str, str, object]:
    endpoint = endpoint_name()
    models = [a_deployed_model(endpoint=endpoint, id=str(i + 1), share=share) for i, share in enumerate(shares)]
    return models[0].name, models[1].name, a_snapshot(an_endpoint(deployed=models))


def test_a_share_goes_only_when_the_whole_endpoint_is_idle() -> None:
    one, two, snapshot = two_models((60, 40))

    both = judged(snapshot)  # type: ignore[arg-type]  # a snapshot
    busy = judged(snapshot, {two: a_usage(calls={0: 1})})  # type: ignore[arg-type]  # a snapshot

    assert isinstance(both[one], Idle)
    assert isinstance(both[two], Idle)
    assert busy[one].reason is KeepReason.SIBLING_IN_USE
    assert busy[one].evidence["sibling"] == two


def test_a_leftover_of_a_roll_out_goes_by_itself() -> None:
    old, new, snapshot = two_models((0, 100))

    verdicts = judged(snapshot, {new: a_usage(calls={0: 1})})  # type: ignore[arg-type]  # a snapshot

    assert verdicts[old].reason is RemoveReason.ROLLOUT_LEFTOVER
    assert verdicts[new].reason is KeepReason.IN_USE


def test_a_leftover_that_is_called_all_the_same_holds_its_sibling() -> None:
    old, new, snapshot = two_models((0, 100))

    verdicts = judged(snapshot, {old: a_usage(calls={0: 1})})  # type: ignore[arg-type]  # a snapshot

    assert verdicts[old].reason is KeepReason.IN_USE
    assert verdicts[new].reason is KeepReason.SIBLING_IN_USE


def test_siblings_that_go_together_are_due_together() -> None:
    one, two, snapshot = two_models((50, 50))

    verdicts = judged(snapshot, {two: a_usage(calls={90: 1})})  # type: ignore[arg-type]  # a snapshot

    first, second = verdicts[one], verdicts[two]
    assert isinstance(first, Idle)
    assert isinstance(second, Idle)
    assert first.due_at == second.due_at > NOW


def test_a_pool_that_stays_holds_the_siblings_of_its_sharers() -> None:
    """Endpoint 1 splits between a pool's sharer and a dedicated model; another sharer of the pool is in use."""
    pool, (one, two) = a_pool_with(2, shares=(50, 100))
    own = a_deployed_model(endpoint=one.name, id="9", share=50)
    mixed = replace(one, deployed=(*one.deployed, own))

    verdicts = judged(a_snapshot(mixed, two, pools=[pool]), {sharer(2): a_usage(calls={0: 1})})

    assert verdicts[POOL].reason is KeepReason.IN_USE
    assert verdicts[own.name].reason is KeepReason.SIBLING_IN_USE
    idle = judged(a_snapshot(mixed, two, pools=[pool]))
    assert isinstance(idle[POOL], Idle)
    assert isinstance(idle[own.name], Idle)


def test_a_dedicated_sibling_in_use_holds_the_pool() -> None:
    pool, (one, two) = a_pool_with(2, shares=(50, 100))
    own = a_deployed_model(endpoint=one.name, id="9", share=50)
    mixed = replace(one, deployed=(*one.deployed, own))

    verdicts = judged(a_snapshot(mixed, two, pools=[pool]), {own.name: a_usage(calls={0: 1})})

    assert isinstance(verdicts[POOL], Keep)
    assert verdicts[POOL].reason is KeepReason.SIBLING_IN_USE


def test_without_the_opt_in_of_every_policy_the_pool_stays() -> None:
    pool, (one, two) = a_pool_with(2)
    hold = a_policy("hold", match=Match(names=("endpoint-2",)), stages=())

    assert (
        judged(a_snapshot(one, two, pools=[pool]), {}, hold, a_policy())[POOL].reason is KeepReason.STAGE_NOT_OPTED_IN
    )
    assert stages(Stage.UNDEPLOY) == a_policy().stages


def test_a_model_on_a_pool_that_is_listed_nowhere_is_not_judged_alone() -> None:
    lone = a_deployed_model(billing=HourlyPool(pool=f"{PARENT}/deploymentResourcePools/gone"))

    (verdict,) = judged(a_snapshot(an_endpoint(deployed=[lone]))).values()

    assert isinstance(verdict, Undecided)
