"""Who shares a pool goes together or not at all: one removal, one saving."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from guard.core.reasons import BlockReason
from guard.core.removal import ActState
from tests.e2e.fleets import POOL
from tests.e2e.harness import CONFIG, Harness, a_harness


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Harness]:
    with a_harness(
        tmp_path, scenario=POOL, config=CONFIG.replace("removals_per_day: 10", "removals_per_day: 1")
    ) as one:
        yield one


def sharers(harness: Harness) -> list[list[str]]:
    return [harness.deployed("1001"), harness.deployed("1003")]


def test_the_sharers_are_one_removal_for_the_limits(pool: Harness) -> None:
    pool.steps(6)

    assert sharers(pool) == [[], []], "the dearest goes first, whole"
    assert pool.deployed("1002") == ["12"], "and the day's one removal is used up"
    pool.steps(24)
    assert pool.deployed("1002") == []


def test_the_saving_counts_once_and_only_when_the_replicas_read_zero(pool: Harness) -> None:
    pool.steps(4)
    assert sharers(pool) == [[], []]
    early = [saving.claimed for saving in pool.guard.ledger.savings()]
    pool.steps(12)

    savings = pool.guard.ledger.savings()
    counted = [saving for saving in savings if saving.rate is not None]
    assert early == [None, None], "no hour without replicas has been seen yet"
    assert len(counted) == 1
    assert counted[0].claimed is not None
    assert counted[0].measured is not None
    assert counted[0].claimed.amount >= counted[0].measured.amount > 0


def test_a_keep_on_one_sharer_keeps_both(pool: Harness) -> None:
    pool.steps(2)
    one = pool.acts()[0].key.subject
    pool.guard.ledger.add_keep(one, "ada", "needed", pool.guard.clock.now(), None)

    pool.steps(6)

    assert sharers(pool) == [["11"], ["13"]]


def test_a_keep_on_one_sharer_after_the_plan_holds_the_other_in_its_transaction(pool: Harness) -> None:
    pool.steps(2)
    name = "projects/100000000001/locations/us-central1/endpoints/1003/deployedModels/13"
    pool.before_acting(lambda: pool.guard.ledger.add_keep(name, "ada", "needed", pool.guard.clock.now(), None))

    result = pool.cycle()

    assert {one.act.display_name: one.block for one in result.did} == {
        "left": BlockReason.KEPT,
        "right": BlockReason.KEPT,
    }
    assert sharers(pool) == [["11"], ["13"]]


def test_a_call_to_one_sharer_keeps_both(pool: Harness) -> None:
    pool.steps(2)

    def call() -> None:
        pool.change(requests={"endpoint": "left", "requests": 2})
        pool.advance(0.2)

    pool.before_acting(call)
    pool.steps(3)

    assert sharers(pool) == [["11"], ["13"]]


def test_a_label_on_the_other_sharer_between_plan_and_act_keeps_both(pool: Harness) -> None:
    pool.steps(2)
    pool.before_acting(lambda: pool.change(label={"endpoint": "right", "set": {"tuneguard-keep": "true"}}))

    result = pool.cycle()

    assert {one.block for one in result.did} == {BlockReason.CHANGED_SINCE_PLAN}
    assert sharers(pool) == [["11"], ["13"]]


def test_a_sharer_whose_notice_did_not_arrive_holds_the_other(pool: Harness) -> None:
    pool.change(label={"endpoint": "right", "set": {"owner": "lost"}})
    pool.configure(
        CONFIG.replace("removals_per_day: 10", "removals_per_day: 1").replace(
            "notify: {", 'notify: {lost: "json://127.0.0.1:9", '
        )
    )

    pool.steps(3)

    assert {act.display_name: act.state for act in pool.acts() if act.display_name in {"left", "right"}} != {}
    assert sharers(pool) == [["11"], ["13"]]
    assert ActState.STARTED not in {act.state for act in pool.acts()}


def test_sharers_on_one_endpoint_go_one_after_the_other(tmp_path: Path) -> None:
    scenario = POOL.replace(
        "deploy: [{id: 11, pool: shared}]",
        "deploy: [{id: 11, pool: shared, share: 50}, {id: 19, pool: shared, share: 50}]",
    )
    with a_harness(tmp_path, scenario=scenario) as harness:
        harness.steps(8)

        assert sharers(harness) == [[], []]
        assert len([saving for saving in harness.guard.ledger.savings() if saving.rate is not None]) == 2, (
            "pool and cheap"
        )
