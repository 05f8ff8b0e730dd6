"""A restore that finds no machines keeps its recipe, is tried again with growing pauses, and blocks its machine type."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from guard.core.reasons import BlockReason
from guard.core.removal import Act, ActState
from guard.core.restore import restore_act
from guard.core.verdict import Stage
from guard.daemon.restores import HORIZON, RETRY_FIRST, RETRY_MOST, pause_after
from tests.e2e.harness import ROOT, TUNEGUARD, Harness, a_harness

SCENARIO = """
start: 2026-11-02T00:00:00Z
seed: 5
projects:
  - {id: demo-research, number: "100000000001", locations: [us-central1, europe-west4]}
endpoints:
  - {id: 1001, display_name: forgotten, location: us-central1, labels: {owner: ml}, deploy: [{id: 11}],
     traffic: {pattern: burst_then_forgotten, until: -9d}}
  - {id: 1002, display_name: sleepy, location: us-central1, labels: {owner: ml}, deploy: [{id: 12, at: -2d}],
     traffic: {pattern: burst_then_forgotten, until: -10h}}
"""


@pytest.fixture
def lacking(tmp_path: Path) -> Iterator[Harness]:
    """One thing removed, its restore ordered while there are no machines."""
    with a_harness(tmp_path, scenario=SCENARIO) as harness:
        while harness.states().get("forgotten") is not ActState.VERIFIED:
            harness.steps(1)
        assert harness.deployed("1002") == ["12"], "not due yet"
        [removal] = [act for act in harness.acts(Stage.UNDEPLOY) if act.state is ActState.VERIFIED]
        harness.fault("no_capacity")
        harness.guard.ledger.propose(restore_act(removal, 1, harness.guard.clock.now(), asked_by="ada"))
        yield harness


def restores(harness: Harness) -> list[Act]:
    return sorted(harness.acts(Stage.RESTORE), key=lambda act: act.key.attempt)


def test_it_is_tried_again_until_there_are_machines(lacking: Harness) -> None:
    before = lacking.done("DeployModel")
    lacking.steps(10)

    tried = restores(lacking)
    assert len(tried) >= 3
    assert {act.block for act in tried} == {BlockReason.NO_CAPACITY_TO_RESTORE}
    assert lacking.told().count("could not be restored yet") == 1, "told once, not at each attempt"
    lacking.clear_faults()
    lacking.steps(12)
    assert restores(lacking)[-1].state is ActState.VERIFIED
    assert len(lacking.deployed("1001")) == 1
    assert lacking.done("DeployModel") == before + 1


def test_the_pause_doubles_up_to_a_limit(lacking: Harness) -> None:
    assert [pause_after(attempt) for attempt in (1, 2, 3)] == [RETRY_FIRST, 2 * RETRY_FIRST, 4 * RETRY_FIRST]
    assert pause_after(50) == RETRY_MOST
    lacking.steps(30)

    tried = restores(lacking)
    for failed, again in itertools.pairwise(tried):
        assert failed.settled_at is not None
        assert again.proposed_at - failed.settled_at >= pause_after(failed.key.attempt)


def test_nothing_of_its_machine_type_is_removed_there_meanwhile(lacking: Harness) -> None:
    lacking.steps(40)

    assert lacking.deployed("1002") == ["12"]
    assert lacking.states()["sleepy"] is not ActState.VERIFIED
    plan = lacking.cycle().plan
    assert plan is not None
    blocked = {planned.verdict.subject.name.rsplit("/", 1)[-1]: planned.blocks for planned in plan.blocked}
    assert BlockReason.NO_CAPACITY_TO_RESTORE in blocked["12"]


def test_a_person_can_give_up(lacking: Harness) -> None:
    lacking.steps(3)
    while any(act.state.is_in_flight for act in restores(lacking)):
        lacking.steps(1)
    before = len(restores(lacking))

    told = subprocess.run(
        [*TUNEGUARD, "restore", "forgotten", "--give-up", "--config", str(lacking.config)],
        cwd=ROOT,
        env=dict(os.environ) | lacking.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (told.returncode, told.stderr) == (0, "")
    assert "not restored any more" in told.stdout
    lacking.steps(12)
    last = restores(lacking)[-1]
    assert last.state is ActState.CANCELLED
    assert last.detail.startswith("given up by ")
    assert len(restores(lacking)) in {before, before + 1}
    lacking.clear_faults()
    lacking.steps(60)
    assert lacking.deployed("1002") == [], "its machine type is free to go again"


def test_it_ends_with_its_horizon_and_that_is_told(lacking: Harness) -> None:
    lacking.steps(2)
    first = restores(lacking)[0]
    while lacking.guard.clock.now() < first.proposed_at + HORIZON + timedelta(days=1):
        lacking.cycle()
        lacking.advance(48)
    lacking.cycle()

    last = restores(lacking)[-1]
    assert last.state is ActState.CANCELLED
    assert "30 days are over" in last.detail
    assert "forgotten was not restored" in lacking.told()


def test_a_restore_that_is_refused_is_tried_again_too(tmp_path: Path) -> None:
    with a_harness(tmp_path) as harness:
        harness.until_settled()
        [removal] = harness.acts()
        before = harness.done("DeployModel")
        harness.fault("permission_lost", permission="aiplatform.endpoints.deploy", count=1)
        harness.guard.ledger.propose(restore_act(removal, 1, harness.guard.clock.now(), asked_by="ada"))

        harness.steps(5)

        assert [act.state for act in restores(harness)] == [ActState.REFUSED, ActState.VERIFIED]
        assert harness.done("DeployModel") == before + 1
