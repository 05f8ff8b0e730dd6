"""11. A failure in one project, provider or endpoint stops nothing elsewhere, and removes nothing there. The acting side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from guard.core.removal import ActState
from tests.e2e.fleets import FOUR_IDLE, TWO_PROJECTS
from tests.e2e.harness import CONFIG, Harness, a_harness


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Harness]:
    with a_harness(tmp_path, scenario=FOUR_IDLE) as one:
        yield one


FAULTS = [
    {"kind": "rate_limited", "method": "UndeployModel"},
    {"kind": "server_error", "method": "UndeployModel"},
    {"kind": "operation_fails", "method": "UndeployModel"},
    {"kind": "operation_never_ends", "method": "UndeployModel"},
    {"kind": "permission_lost", "permission": "aiplatform.endpoints.undeploy"},
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault["kind"]))
def test_one_endpoint_that_fails_stops_no_other(fleet: Harness, fault: dict[str, str]) -> None:
    fleet.fault(**fault, resource="*/endpoints/1003")

    fleet.steps(8)

    assert [fleet.deployed(endpoint) for endpoint in ("1001", "1003", "1004")] == [[], ["13"], []]
    assert fleet.deployed("2001", "europe-west4") == []


def test_a_bug_of_ours_in_one_act_stops_no_other(fleet: Harness) -> None:
    acting = fleet.guard.cycle._p.acting
    undeploy = acting._mutations.undeploy  # type: ignore[union-attr]  # the wiring's own class

    def broken(endpoint: str, deployed: str, **kwargs: object) -> object:
        if deployed == "13":
            raise KeyError(deployed)
        return undeploy(endpoint, deployed, **kwargs)

    acting._mutations.undeploy = broken  # type: ignore[union-attr]
    fleet.steps(8)

    assert [fleet.deployed(endpoint) for endpoint in ("1001", "1003", "1004")] == [[], ["13"], []]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "permission_lost"},
        {"kind": "server_error", "service": "aiplatform"},
        {"kind": "server_error", "service": "monitoring"},
        {"kind": "monitoring_execution_error"},
    ],
    ids=["forbidden", "vertex", "monitoring", "half an answer"],
)
def test_a_project_that_fails_stops_no_other_and_loses_nothing(tmp_path: Path, fault: dict[str, str]) -> None:
    config = CONFIG.replace("projects: [demo-research]", "projects: [demo-research, demo-serving]").replace(
        "locations: [us-central1, europe-west4]", "locations: [us-central1]"
    )
    with a_harness(tmp_path, scenario=TWO_PROJECTS, config=config) as harness:
        harness.steps(2)
        harness.fault(**fault, project="demo-serving")

        harness.steps(5)

        assert harness.deployed("1001") == []
        assert harness.states()["served"] is not ActState.VERIFIED
        assert harness.deployed("3001", project="100000000002") == ["31"]


def test_a_webhook_that_fails_stops_no_other_owner_and_nothing_of_his_goes(fleet: Harness) -> None:
    fleet.change(label={"endpoint": "three", "set": {"owner": "lost"}})
    fleet.configure(CONFIG.replace("notify: {", 'notify: {lost: "json://127.0.0.1:9", '))

    fleet.steps(3)

    assert fleet.deployed("1003") == ["13"]
    assert fleet.deployed("1004") == []
