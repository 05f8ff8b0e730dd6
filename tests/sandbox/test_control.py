"""The sandbox's handles over HTTP, the call log, who calls, Resource Manager, locations."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from guard.sandbox.clock import VirtualClock
from guard.sandbox.server import Running, start_in_thread
from tests.sandbox.conftest import SLOW, a_world
from tests.sandbox.test_vertex_refusals import P, deploy, made

SOMEONE = {"Authorization": "Bearer sandbox:someone@example.com"}


def test_the_state_shows_clock_projects_and_documents(slow: Running, http: httpx.Client) -> None:
    made(http, slow)
    state = http.get("/sandbox/state").json()
    assert (state["world"], state["speed"]) == (slow.world.id, 0)
    assert [one["id"] for one in state["projects"]] == ["demo-research", "demo-product", "demo-closed"]
    assert state["counts"] == {"endpoints": 1, "models": 1, "deploymentResourcePools": 0, "tuningJobs": 0}
    assert list(state["documents"]["endpoints"]) == ["projects/100000000001/locations/us-central1/endpoints/7"]
    assert "documents" not in http.get("/sandbox/state?documents=false").json()


def test_each_start_is_a_world_of_its_own_unless_it_is_named() -> None:
    assert a_world().id != a_world().id
    assert a_world(SLOW, "world_id: w1\n").id == "w1"
    assert a_world().settings["scenario_digest"] == a_world().settings["scenario_digest"]


def test_the_clock_is_advanced_set_and_sped_up(http: httpx.Client) -> None:
    assert http.post("/sandbox/clock", json={"advance": "1h30m"}).json()["now"] == "2026-11-02T01:30:00+00:00"
    assert (
        http.post("/sandbox/clock", json={"set": "2026-11-05T00:00:00Z"}).json()["now"] == "2026-11-05T00:00:00+00:00"
    )
    assert http.post("/sandbox/clock", json={"speed": 3600}).json()["speed"] == 3600
    assert http.get("/sandbox/clock").json()["now"] > "2026-11-05T00:00:00+00:00"


@pytest.mark.parametrize(
    "body", [{}, {"advance": "1"}, {"advance": "-1h"}, {"set": "1999-01-01T00:00:00Z"}, {"stop": 1}]
)
def test_a_wrong_step_is_refused(http: httpx.Client, body: dict[str, Any]) -> None:
    assert http.post("/sandbox/clock", json=body).status_code == 400
    assert http.get("/sandbox/clock").json()["now"] == "2026-11-02T00:00:00+00:00"


def test_every_call_is_logged_with_what_it_was_and_who_called(slow: Running, http: httpx.Client) -> None:
    http.get(f"{P}/endpoints", headers=SOMEONE)
    http.post(f"{P}/endpoints", json={})
    http.get("/sandbox/state")
    answer = http.get("/sandbox/calls").json()
    seen = [(one["service"], one["method"], one["principal"], one["status"], one["changes"]) for one in answer["calls"]]
    assert seen == [
        ("aiplatform", "ListEndpoints", "someone@example.com", 200, False),
        ("aiplatform", "CreateEndpoint", "anonymous", 400, True),
    ]
    assert http.get(f"/sandbox/calls?since={answer['next']}").json()["calls"] == []


def test_what_a_caller_changes_is_noted_under_its_name(slow: Running, http: httpx.Client) -> None:
    http.post(f"{P}/endpoints?endpointId=7", json={"displayName": "e"}, headers=SOMEONE)
    http.post(f"{P}/endpoints?endpointId=7", json={"displayName": "e"}, headers=SOMEONE)
    noted = [(one.method, one.resource, one.principal) for one in slow.world.creations]
    name = "projects/100000000001/locations/us-central1/endpoints/7"
    assert noted == [("google.cloud.aiplatform.v1.EndpointService.CreateEndpoint", name, "someone@example.com")]


def test_a_change_happens_now_or_when_it_says(slow: Running, http: httpx.Client) -> None:
    made(http, slow)
    label = {"label": {"endpoint": "7", "set": {"a": "b"}}}
    assert http.post("/sandbox/change", json=label).status_code == 200
    assert http.get(f"{P}/endpoints/7").json()["labels"] == {"a": "b"}
    later = {"at": "5h", "delete_endpoint": {"endpoint": "7"}}
    assert http.post("/sandbox/change", json=later).status_code == 200
    assert http.get(f"{P}/endpoints/7").status_code == 200
    slow.world.advance(timedelta(hours=5))
    assert http.get(f"{P}/endpoints/7").status_code == 404
    assert [one.method for one in slow.world.calls if one.changes] == ["CreateEndpoint"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"label": {"endpoint": "none"}}, "one of the endpoints named 'none' is expected; there is none"),
        ({"by": "someone@example.com"}, "exactly one of label"),
        ({"labels": {}}, "labels"),
    ],
)
def test_a_wrong_change_is_refused(http: httpx.Client, body: dict[str, Any], said: str) -> None:
    answer = http.post("/sandbox/change", json=body)
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]


def test_locations_are_listed(http: httpx.Client) -> None:
    listed = http.get("/v1/projects/demo-research/locations").json()["locations"]
    assert [one["locationId"] for one in listed] == ["us-central1", "europe-west4", "us"]
    assert http.get("/v1/projects/demo-research/locations/us").json()["name"] == "projects/100000000001/locations/us"


# -- Resource Manager


def test_a_project_is_found_by_id_and_number_and_a_closed_one_is_not(http: httpx.Client) -> None:
    by_id, by_number = (http.get(f"/v3/projects/{one}").json() for one in ("demo-research", "100000000001"))
    assert by_id == by_number
    assert (by_id["name"], by_id["state"]) == ("projects/100000000001", "ACTIVE")
    for one in ("demo-closed", "no-such-project"):
        assert http.get(f"/v3/projects/{one}").status_code == 403


@pytest.fixture
def foldered() -> Iterator[httpx.Client]:
    projects = """start: 2026-11-02T00:00:00Z
projects:
  - {id: demo-one, number: "100000000001", parent: folders/5, labels: {env: dev}}
  - {id: demo-two, number: "100000000002", parent: folders/5}
  - {id: other-one, number: "100000000003"}
"""
    with start_in_thread(a_world(projects)) as running, httpx.Client(base_url=running.http, verify=False) as client:
        yield client


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", ["demo-one", "demo-two", "other-one"]),
        ("id:demo-*", ["demo-one", "demo-two"]),
        ("parent:folders/5 labels.env=dev", ["demo-one"]),
        ("projectId=other-one AND state:ACTIVE", ["other-one"]),
    ],
)
def test_projects_are_searched(foldered: httpx.Client, query: str, ids: list[str]) -> None:
    found = foldered.get("/v3/projects:search", params={"query": query}).json()["projects"]
    assert [one["projectId"] for one in found] == ids


def test_projects_and_folders_are_listed_by_parent(foldered: httpx.Client) -> None:
    found = foldered.get("/v3/projects?parent=folders/5").json()["projects"]
    assert [one["projectId"] for one in found] == ["demo-one", "demo-two"]
    assert foldered.get("/v3/projects").status_code == 400
    folders = foldered.get("/v3/folders?parent=organizations/1").json()["folders"]
    assert [one["name"] for one in folders] == ["folders/5"]


# -- the clock itself


def test_a_clock_follows_machine_time_at_its_speed() -> None:
    machine = 100.0
    clock = VirtualClock(datetime(2026, 11, 2, tzinfo=UTC), speed=60, monotonic=lambda: machine)
    machine = 101.0
    assert clock.now() == datetime(2026, 11, 2, 0, 1, tzinfo=UTC)
    clock.set_speed(0)
    machine = 500.0
    assert clock.advance(timedelta(hours=1)) == clock.now() == datetime(2026, 11, 2, 1, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="advances forwards"):
        clock.advance(timedelta(seconds=-1))
    with pytest.raises(ValueError, match="aware"):
        VirtualClock(datetime(2026, 11, 2))  # noqa: DTZ001  # what is refused


def test_operations_end_by_themselves_at_a_running_clock(slow: Running, http: httpx.Client) -> None:
    endpoint = made(http, slow)
    slow.world.clock.set_speed(36_000)
    deploy(http, endpoint, "1")
    for _ in range(200):
        if "deployedModels" in (found := http.get(endpoint).json()):
            break
    assert found["deployedModels"][0]["id"] == "1"
