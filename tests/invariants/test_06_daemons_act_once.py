"""6. No act twice; none by a daemon that is not the leader, whose lease is short, that is paused, or whose ledger has no claim.

The daemons' part, over the wire. tests/e2e/test_crashes.py kills them at every step, tests/e2e/test_who_may_act.py lets two
daemons and two ledgers meet.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from guard import wiring
from guard.core.reasons import BlockReason
from guard.core.removal import ActState
from tests.e2e.harness import Harness


class UnforeseenError(RuntimeError):
    """Something that nobody thought of."""


def sent(harness: Harness) -> int:
    return len([call for call in harness.changes() if call.method == "UndeployModel"])


@pytest.mark.parametrize("point", ["looked", "copied", "intended", "called", "started"])
def test_an_act_that_breaks_off_at_any_point_is_not_sent_twice(harness: Harness, point: str) -> None:
    broken: list[str] = []

    def breaking(here: str) -> None:
        if here == point and not broken:
            broken.append(here)
            raise UnforeseenError

    harness.checkpoints = breaking
    harness.steps(10)

    assert broken == [point]
    assert harness.deployed("1001") == []
    assert harness.done("UndeployModel") == 1
    assert sent(harness) == 1


def pause(guard: wiring.Guard) -> None:
    guard.ledger.pause("ada", "incident", guard.clock.now())


def drop_claim(guard: wiring.Guard) -> None:
    guard.ledger.record_claim("100000000001", None, guard.clock.now())


def change_config(guard: wiring.Guard) -> None:
    guard.ledger.config_seen("another", guard.clock.now())


def lose_lease(guard: wiring.Guard) -> None:
    lease = guard.leadership.ensure()
    assert lease is not None
    guard.ledger.release_lease(lease)


@pytest.mark.parametrize(
    ("happening", "block"),
    [
        (pause, BlockReason.PAUSED),
        (drop_claim, BlockReason.NO_CLAIM),
        (change_config, BlockReason.CONFIG_CHANGED),
        (lose_lease, BlockReason.NOT_LEADER),
    ],
)
def test_what_happens_after_the_second_look_is_seen_in_the_transaction(
    harness: Harness, happening: Callable[[wiring.Guard], None], block: BlockReason
) -> None:
    done: list[str] = []

    def happen(here: str) -> None:
        if here == "copied" and not done:
            done.append(here)
            happening(harness.guard)

    harness.checkpoints = happen
    harness.steps(2)
    result = harness.cycle()

    assert done == ["copied"]
    assert [one.block for one in result.did] == [block]
    assert sent(harness) == 0
    assert [act.state for act in harness.acts()] == [ActState.DUE]


def test_running_a_cycle_again_at_the_same_instant_adds_nothing(harness: Harness) -> None:
    harness.steps(2)
    for _ in range(4):
        harness.cycle()

    assert sent(harness) == 1
    assert len(harness.acts()) == 1
