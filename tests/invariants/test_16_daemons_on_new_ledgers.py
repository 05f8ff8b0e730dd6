"""16. A new, restored or not durable ledger only observes until a person adopts it. The daemon's part; a ledger restored from a
backup meets its own claim in tests/e2e/test_who_may_act.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from guard.core.reasons import BlockReason
from tests.e2e.harness import Harness, a_harness


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Harness]:
    with a_harness(tmp_path) as one:
        yield one


def blocks(harness: Harness) -> set[BlockReason | None]:
    return {one.block for result in harness.steps(5) for one in result.did}


def test_a_new_ledger_plans_and_tells_and_changes_nothing(world: Harness) -> None:
    world.open(adopt=False)

    assert BlockReason.LEDGER_NOT_ADOPTED in blocks(world)
    assert world.changes() == []
    assert world.told(), "people hear of the plan all the same"


def test_the_daemon_takes_an_adoption_up_at_once(world: Harness) -> None:
    world.open(adopt=False)
    world.steps(5)
    world.guard.ledger.adopt("ada", "first use", world.guard.clock.now())

    world.steps(3)

    assert world.deployed("1001") == []


def test_a_ledger_in_memory_never_acts(world: Harness) -> None:
    world.open(ledger="sqlite://")

    assert BlockReason.LEDGER_NOT_DURABLE in blocks(world)
    assert world.changes() == []
