"""12. When the instruments are doubtful in a scope, nothing is removed in that scope, and people are told. End to end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from guard.core.plan import Acknowledgement
from guard.core.reasons import BlockReason
from guard.core.removal import ActState
from tests.e2e.fleets import FOUR_IDLE
from tests.e2e.harness import Harness, a_harness

HERE = {"1001": ["11"], "1003": ["13"], "1004": ["14"]}


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Harness]:
    """Four idle things, all announced, three of them in one place; due in the next cycle."""
    with a_harness(tmp_path, scenario=FOUR_IDLE) as harness:
        harness.steps(2)
        assert {act.state for act in harness.acts()} == {ActState.NOTICED}
        yield harness


def here(harness: Harness) -> dict[str, list[str]]:
    return {endpoint: harness.deployed(endpoint) for endpoint in HERE}


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "labels_empty", "location": "us-central1"},
        {"kind": "listing_shrinks", "location": "us-central1", "method": "ListEndpoints", "keep": 0.25},
    ],
    ids=["marks vanish together", "the listing shrinks"],
)
def test_a_doubt_stops_removals_in_its_place_only_and_is_told(fleet: Harness, fault: dict[str, object]) -> None:
    fleet.fault(**fault)  # type: ignore[arg-type]

    fleet.steps(3)

    assert here(fleet) == HERE
    assert fleet.deployed("2001", "europe-west4") == []
    assert "us-central1" in fleet.told()
    assert "doubt" in fleet.told().lower()
    assert "tuneguard_scopes_doubted 1.0" in fleet.guard.metrics.render().decode()


def test_what_stood_on_a_page_that_was_left_out_stays(fleet: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    """The platform says nothing of it: the listing looks whole, and shorter than it was."""
    monkeypatch.setattr("guard.adapters.vertex.listing.PAGE_SIZE", 2)
    fleet.fault("page_missing", location="us-central1", method="ListEndpoints")

    snapshot = fleet.steps(3)[-1].snapshot

    assert snapshot is not None
    left_out = set(HERE) - {one.name.rsplit("/", 1)[-1] for one in snapshot.endpoints}
    assert left_out == {"1003", "1004"}
    assert {endpoint: fleet.deployed(endpoint) for endpoint in left_out} == {"1003": ["13"], "1004": ["14"]}


def test_a_doubt_ends_with_recovery(fleet: Harness) -> None:
    fleet.fault("labels_empty", location="us-central1")
    fleet.steps(2)
    fleet.clear_faults()

    fleet.steps(10)

    assert here(fleet) == {"1001": [], "1003": [], "1004": []}


def test_a_doubt_ends_when_a_person_has_looked(fleet: Harness) -> None:
    fleet.fault("labels_empty", location="us-central1")
    fleet.steps(1)
    now = fleet.guard.clock.now()
    scope = "scope:projects/100000000001/locations/us-central1"
    fleet.guard.ledger.acknowledge(
        Acknowledgement(what=scope, who="ada", made_at=now, expires_at=now + timedelta(days=1))
    )

    fleet.steps(6)

    assert here(fleet) == {"1001": [], "1003": [], "1004": []}


def test_the_block_is_named(fleet: Harness) -> None:
    fleet.fault("labels_empty", location="us-central1")

    plan = fleet.cycle().plan

    assert plan is not None
    blocked = {planned.verdict.subject.name.rsplit("/", 1)[-1]: planned.blocks for planned in plan.blocked}
    assert {"11", "13", "14"} <= set(blocked)
    assert all(BlockReason.INSTRUMENTS_DOUBTFUL in blocks for blocks in blocked.values())
