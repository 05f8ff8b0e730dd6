"""A daemon that is killed (SIGKILL) before any commit or call of an act, and what its successor makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from guard.core.removal import Act, ActState
from guard.core.restore import restore_act
from guard.core.verdict import Stage
from tests.e2e.crashing import KILLED, Crasher, Ended, a_crasher
from tests.e2e.harness import Harness, a_harness

pytestmark = pytest.mark.slow


@pytest.fixture
def crasher(tmp_path: Path) -> Iterator[Crasher]:
    with a_crasher(tmp_path / "daemons.log") as one:
        yield one


def accepted(harness: Harness, method: str) -> int:
    """How many calls of a method the sandbox accepted."""
    return sum(1 for call in harness.changes() if call.method == method and call.status == 200)


def settled_by_successor(harness: Harness, stage: Stage) -> list[Act]:
    """Let a fresh daemon take over and run until nothing is open; returns the acts of a stage, oldest first."""
    harness.take_over()
    for _ in range(16):
        harness.cycle()
        if not harness.guard.ledger.acts(open_only=True):
            break
        harness.advance(0.5)
    harness.cycle()  # what was settled is accounted for once more: nothing may change by that
    return sorted(harness.acts(stage), key=lambda act: act.key.attempt)


def died_before(ended: Ended) -> str:
    return f"killed before step {len(ended.steps)} ({ended.steps[-1]}) of {ended.steps}"


def test_an_undeploy_happens_once_wherever_its_daemon_is_killed(crasher: Crasher, tmp_path: Path) -> None:
    seen: set[str] = set()
    for kill_before in count():
        (folder := tmp_path / str(kill_before)).mkdir()
        with a_harness(folder) as harness:
            harness.steps(1)
            harness.guards.pop().close()
            ended = crasher.run(harness, kill_before=kill_before)
            assert ended.code in {None, 0}, (tmp_path / "daemons.log").read_text()
            where = died_before(ended)
            acts = settled_by_successor(harness, Stage.UNDEPLOY)

            assert harness.deployed("1001") == [], where
            assert harness.deployed("1002") == ["12"], where
            assert accepted(harness, "UndeployModel") == 1, where
            [done] = [act for act in acts if act.state is ActState.VERIFIED]
            assert {act.state for act in acts} <= {ActState.VERIFIED, ActState.FAILED}, where
            assert done.noticed_at is not None, where
            assert done.intended_at is not None, where
            assert done.recipe_id is not None, where
            assert harness.guard.ledger.recipe(done.recipe_id) is not None, where
            [saving] = harness.guard.ledger.savings()
            assert saving.act_id == done.id, where
            states = [event.state for event in harness.guard.ledger.act_events(done.id)]
            assert states.count(ActState.INTENDED) == 1, where
        seen |= set(ended.steps)
        if ended.signal != KILLED:
            break
    assert {"intend", "call undeploy_model", "move intended -> started", "move started -> verified"} <= seen
    assert {"write claims", "write recipes", "save_savings", "end"} <= seen


def test_a_restore_happens_once_wherever_its_daemon_is_killed(crasher: Crasher, tmp_path: Path) -> None:
    seen: set[str] = set()
    for kill_before in count():
        (folder := tmp_path / str(kill_before)).mkdir()
        with a_harness(folder) as harness:
            harness.until_settled()
            [removal] = harness.acts()
            harness.change(delete_endpoint={"endpoint": "forgotten"})  # so that the shell has to be made again too
            order = restore_act(removal, 1, harness.guard.clock.now(), asked_by="a person")
            harness.guard.ledger.propose(order)
            harness.guards.pop().close()
            ended = crasher.run(harness, kill_before=kill_before)
            assert ended.code in {None, 0}, (tmp_path / "daemons.log").read_text()
            where = died_before(ended)
            acts = settled_by_successor(harness, Stage.RESTORE)

            assert accepted(harness, "CreateEndpoint") == 1, where
            assert accepted(harness, "DeployModel") == 1, where
            [done] = acts
            assert done.state is ActState.VERIFIED, where
            name = done.detail.removeprefix("restored as ")
            endpoint = name.partition("/deployedModels/")[0].rsplit("/", 1)[-1]
            assert harness.deployed(endpoint) == [name.rsplit("/", 1)[-1]], where
            assert [keep.why for keep in harness.guard.ledger.keeps(name)] == ["it was restored"], where
            assert harness.guard.ledger.seen()[name].wait_factor == 2, where
            states = [event.state for event in harness.guard.ledger.act_events(done.id)]
            assert states.count(ActState.INTENDED) == 1, where
        seen |= set(ended.steps)
        if ended.signal != KILLED:
            break
    assert {"intend", "call create_endpoint", "call deploy_model", "move started -> started"} <= seen
    assert {"add_keep", "move started -> verified", "end"} <= seen
