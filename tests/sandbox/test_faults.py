"""Each fault of the wire, of listings, of operations and of the world, once."""

import time
from datetime import timedelta
from typing import Any

import httpx
import pytest

from guard.sandbox import faults
from guard.sandbox.server import Running
from tests.sandbox.test_vertex_refusals import MACHINES, MODEL, P, deploy, made

HOUR = timedelta(hours=1)


def strike(http: httpx.Client, kind: str, **more: Any) -> dict[str, Any]:
    answer = http.post("/sandbox/faults", json={"kind": kind, **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def names(answer: httpx.Response) -> list[str]:
    return [one["name"].rpartition("/")[2] for one in answer.json().get("endpoints", [])]


def fleet(http: httpx.Client, running: Running, size: int = 6) -> None:
    for number in range(size):
        body = {"displayName": f"e{number}", "labels": {"team": "vision"}}
        http.post(f"{P}/endpoints?endpointId={number + 1}", json=body)
    running.world.advance(timedelta(minutes=1))


def test_429_strikes_as_often_as_it_was_told(http: httpx.Client) -> None:
    strike(http, "rate_limited", count=2, method="ListEndpoints")
    assert http.get(f"{P}/models").status_code == 200
    assert [http.get(f"{P}/endpoints").status_code for _ in range(3)] == [429, 429, 200]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_server_errors_come_in_the_envelope(http: httpx.Client, status: int) -> None:
    strike(http, "server_error", status=status, count=1)
    answer = http.get(f"{P}/endpoints")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, status)


def test_a_timeout_never_answers_and_does_nothing(slow: Running, http: httpx.Client) -> None:
    strike(http, "timeout", method="CreateEndpoint")
    with pytest.raises(httpx.ReadTimeout):
        http.post(f"{P}/endpoints?endpointId=7", json={"displayName": "e"}, timeout=0.2)
    slow.world.advance(HOUR)
    assert names(http.get(f"{P}/endpoints")) == []


def test_a_timeout_may_come_after_the_work_was_done(slow: Running, http: httpx.Client) -> None:
    strike(http, "timeout", method="CreateEndpoint", done=True)
    with pytest.raises(httpx.ReadTimeout):
        http.post(f"{P}/endpoints?endpointId=7", json={"displayName": "e"}, timeout=0.2)
    slow.world.advance(HOUR)
    assert names(http.get(f"{P}/endpoints")) == ["7"]


def test_a_dropped_answer_leaves_the_work_done(slow: Running, http: httpx.Client) -> None:
    strike(http, "answer_dropped", method="CreateEndpoint", count=1)
    with pytest.raises(httpx.RemoteProtocolError):
        http.post(f"{P}/endpoints?endpointId=7", json={"displayName": "e"})
    slow.world.advance(HOUR)
    assert names(http.get(f"{P}/endpoints")) == ["7"]
    dropped = [one for one in slow.world.calls if one.method == "CreateEndpoint"]
    assert [(one.status, one.changes) for one in dropped] == [(0, True)]


def test_latency_is_added_in_machine_time(http: httpx.Client) -> None:
    strike(http, "latency", seconds=0.15, location="us-central1")
    began = time.perf_counter()
    http.get(f"{P}/endpoints")
    assert time.perf_counter() - began >= 0.15


def test_a_page_goes_missing(slow: Running, http: httpx.Client) -> None:
    fleet(http, slow)
    strike(http, "page_missing", count=1)
    first = http.get(f"{P}/endpoints?pageSize=2").json()
    rest = http.get(f"{P}/endpoints?pageSize=2&pageToken={first['nextPageToken']}")
    assert names(rest) == ["5", "6"]


def test_a_page_comes_again(slow: Running, http: httpx.Client) -> None:
    fleet(http, slow)
    strike(http, "page_repeated", count=1)
    pages = [names(http.get(f"{P}/endpoints?pageSize=2&pageToken={offset}")) for offset in (0, 2, 4)]
    assert pages == [["1", "2"], ["1", "2"], ["5", "6"]]


def test_a_listing_shrinks_and_says_nothing(slow: Running, http: httpx.Client) -> None:
    fleet(http, slow)
    strike(http, "listing_shrinks", keep=0.34, count=1)
    shrunk = http.get(f"{P}/endpoints")
    assert (names(shrunk), "nextPageToken" in shrunk.json()) == (["1", "2"], False)
    assert len(names(http.get(f"{P}/endpoints"))) == 6


def test_labels_come_back_empty_where_the_fault_says(slow: Running, http: httpx.Client) -> None:
    fleet(http, slow, 2)
    strike(http, "labels_empty", resource="*/endpoints/1", lasts="1h")
    assert ["labels" in one for one in http.get(f"{P}/endpoints").json()["endpoints"]] == [False, True]
    assert "labels" not in http.get(f"{P}/endpoints/1").json()
    slow.world.advance(HOUR)
    assert "labels" in http.get(f"{P}/endpoints/1").json()


def test_names_come_with_the_projects_id(slow: Running, http: httpx.Client) -> None:
    fleet(http, slow, 1)
    strike(http, "name_as_project_id", count=1)
    assert http.get(f"{P}/endpoints/1").json()["name"].startswith("projects/demo-research/")
    assert http.get(f"{P}/endpoints/1").json()["name"].startswith("projects/100000000001/")


def test_no_capacity_ends_the_deployment_in_resource_exhausted(slow: Running, http: httpx.Client) -> None:
    endpoint = made(http, slow)
    strike(http, "no_capacity", machine="n1-*", location="us-central1")
    name = deploy(http, endpoint, "1").json()["name"]
    slow.world.advance(HOUR)
    assert http.get(f"/v1/{name}").json()["error"]["code"] == 8
    assert "deployedModels" not in http.get(endpoint).json()


def test_an_operation_fails_with_the_status_it_was_given(slow: Running, http: httpx.Client) -> None:
    endpoint = made(http, slow)
    strike(http, "operation_fails", method="DeployModel", status="INTERNAL", message="out of luck")
    name = deploy(http, endpoint, "1").json()["name"]
    slow.world.advance(HOUR)
    assert http.get(f"/v1/{name}").json()["error"] == {"code": 13, "message": "out of luck"}


def test_an_operation_never_ends(slow: Running, http: httpx.Client) -> None:
    endpoint = made(http, slow)
    strike(http, "operation_never_ends", method="DeployModel", count=1)
    name = deploy(http, endpoint, "1").json()["name"]
    slow.world.advance(timedelta(days=9))
    assert "done" not in http.get(f"/v1/{name}").json()
    assert http.delete(endpoint).json()["error"]["status"] == "FAILED_PRECONDITION"


@pytest.mark.parametrize(
    ("kind", "state"), [("tuning_stalls", "JOB_STATE_RUNNING"), ("tuning_fails", "JOB_STATE_FAILED")]
)
def test_a_tuning_job_goes_wrong(slow: Running, http: httpx.Client, kind: str, state: str) -> None:
    strike(http, kind, count=1)
    body = {"baseModel": "gemini-2.5-flash", "supervisedTuningSpec": {"trainingDatasetUri": "gs://b/t.jsonl"}}
    name = http.post(f"{P}/tuningJobs", json=body).json()["name"]
    slow.world.advance(timedelta(days=9))
    assert http.get(f"/v1/{name}").json()["state"] == state


def test_a_permission_is_lost_in_one_location_only(http: httpx.Client) -> None:
    strike(http, "permission_lost", location="us-central1", permission="aiplatform.endpoints.*")
    assert http.get(f"{P}/endpoints").status_code == 403
    assert http.get(f"{P}/models").status_code == 200
    assert http.get(f"{P.replace('us-central1', 'europe-west4')}/endpoints").status_code == 200


def test_deploying_as_a_service_account_needs_the_right_to_act_as_it(slow: Running, http: httpx.Client) -> None:
    endpoint = made(http, slow)
    model = {"model": MODEL, "dedicatedResources": MACHINES, "serviceAccount": "serving@demo.iam.gserviceaccount.com"}
    strike(http, "permission_lost", permission="iam.serviceAccounts.actAs", count=1)
    refused = http.post(f"{endpoint}:deployModel", json={"deployedModel": model})
    assert refused.status_code == 403
    assert "serving@demo.iam.gserviceaccount.com" in refused.json()["error"]["message"]
    assert http.post(f"{endpoint}:deployModel", json={"deployedModel": model}).status_code == 200


def test_the_clock_jumps_once_when_its_time_comes(slow: Running, http: httpx.Client) -> None:
    strike(http, "clock_jump", by="-2h", at="1h")
    slow.world.advance(HOUR)
    assert slow.world.now() == slow.world.start - HOUR
    slow.world.advance(timedelta(hours=5))
    assert slow.world.now() == slow.world.start + timedelta(hours=4)


def test_an_endpoint_is_made_again_under_its_name(slow: Running, http: httpx.Client) -> None:
    endpoint = made(http, slow)
    deploy(http, endpoint, "1", {"0": 100})
    slow.world.advance(HOUR)
    before = http.get(endpoint).json()
    strike(http, "resource_recreated", endpoint="7", at="5h")
    slow.world.advance(timedelta(hours=5))
    after = http.get(endpoint).json()
    assert after["name"] == before["name"]
    assert (before["createTime"][:13], after["createTime"][:13]) == ("2026-11-02T00", "2026-11-02T05")
    assert after["deployedModels"][0]["createTime"] > before["deployedModels"][0]["createTime"]
    assert after["trafficSplit"] == before["trafficSplit"]


def test_a_model_gets_a_new_version(http: httpx.Client) -> None:
    strike(http, "new_model_version", model="shared")
    assert http.get(f"/v1/{MODEL}").json()["versionId"] == "3"


def test_a_fault_strikes_by_chance_the_same_way_in_every_run(http: httpx.Client) -> None:
    strike(http, "rate_limited", probability=0.5)
    seen = [http.get(f"{P}/endpoints").status_code for _ in range(40)]
    assert 10 < seen.count(429) < 30
    http.delete("/sandbox/faults")
    assert http.get(f"{P}/endpoints").status_code == 200


def test_a_fault_is_listed_and_removed(http: httpx.Client) -> None:
    added = strike(http, "rate_limited", service="aiplatform", principal="someone@example.com")
    assert http.get("/sandbox/faults").json()["faults"] == [added]
    someone = {"Authorization": "Bearer sandbox:someone@example.com"}
    assert http.get(f"{P}/endpoints", headers=someone).status_code == 429
    assert http.get(f"{P}/endpoints").status_code == 200
    assert http.delete(f"/sandbox/faults/{added['id']}").status_code == 200
    assert http.delete(f"/sandbox/faults/{added['id']}").status_code == 404
    assert http.get(f"{P}/endpoints", headers=someone).status_code == 200


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"kind": "rate_limitd"}, "unknown fault kind 'rate_limitd'; one of answer_dropped"),
        ({"kind": "latency", "second": 1}, "unknown key 'second' for latency"),
        ({"kind": "latency", "lasts": "soon"}, "a duration such as 90s"),
        ({"kind": "clock_jump"}, "needs the parameter 'by'"),
        ({"kind": "rate_limited", "probability": 2}, "probability"),
        ({"kind": "latency", "seconds": "soon"}, "latency.seconds: a number of seconds is expected; found 'soon'"),
        ({"kind": "server_error", "status": 418}, "server_error.status: 500, 502, 503 or 504"),
        ({"kind": ["latency"]}, "unknown fault kind ['latency']"),
        ({}, "kind"),
    ],
)
def test_a_wrong_fault_is_refused(http: httpx.Client, body: dict[str, Any], said: str) -> None:
    answer = http.post("/sandbox/faults", json=body)
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]
    assert http.get("/sandbox/faults").json()["faults"] == []


def test_every_kind_of_fault_has_a_test_somewhere() -> None:
    from pathlib import Path

    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert [kind for kind in faults.KINDS if f'"{kind}"' not in tests] == []
