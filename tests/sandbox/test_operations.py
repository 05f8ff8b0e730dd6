"""Operations: three prefixes, listed, cancelled, done when the clock gets there."""

from datetime import timedelta

import httpx
import pytest

from guard.sandbox.server import Running
from tests.sandbox.test_vertex_refusals import MACHINES, MODEL, P, deploy, made


@pytest.mark.parametrize("prefix", ["/ui/", "/v1/", "/v1beta1/"])
def test_an_operation_is_read_under_every_prefix_and_ends_with_the_clock(
    slow: Running, http: httpx.Client, prefix: str
) -> None:
    endpoint = made(http, slow)
    started = deploy(http, endpoint, "1").json()
    slow.world.advance(timedelta(minutes=7))
    assert "done" not in http.get(prefix + started["name"]).json()
    slow.world.advance(timedelta(minutes=1))
    ended = http.get(prefix + started["name"]).json()
    assert ended["done"] is True
    assert ended["response"]["@type"].endswith("v1.DeployModelResponse")
    assert ended["response"]["deployedModel"]["id"] == "1"
    assert ended["metadata"]["genericMetadata"]["createTime"] < ended["metadata"]["genericMetadata"]["updateTime"]


@pytest.mark.parametrize(
    ("machine", "minutes"),
    [("n1-standard-4", 8), ("g2-standard-12", 15), ("a3-highgpu-1g", 25), ("ct5lp-hightpu-1t", 30)],
)
def test_the_time_to_deploy_goes_with_the_machine(
    slow: Running, http: httpx.Client, machine: str, minutes: int
) -> None:
    endpoint = made(http, slow)
    resources = {**MACHINES, "machineSpec": {"machineType": machine}}
    http.post(f"{endpoint}:deployModel", json={"deployedModel": {"model": MODEL, "dedicatedResources": resources}})
    slow.world.advance(timedelta(minutes=minutes, seconds=-1))
    assert "deployedModels" not in http.get(endpoint).json()
    slow.world.advance(timedelta(seconds=1))
    assert len(http.get(endpoint).json()["deployedModels"]) == 1


def test_operations_are_listed_of_a_place_and_of_a_resource(slow: Running, http: httpx.Client) -> None:
    endpoint = made(http, slow)
    made(http, slow, "8")
    running = deploy(http, endpoint, "1").json()["name"]
    everywhere = http.get(f"{P}/operations").json()["operations"]
    assert len(everywhere) == 3
    assert [one["name"] for one in http.get(f"{P}/operations?filter=done%3Dfalse").json()["operations"]] == [running]
    assert len(http.get(f"{endpoint}/operations").json()["operations"]) == 2
    first = http.get(f"{P}/operations?pageSize=2").json()
    second = http.get(f"{P}/operations?pageSize=2&pageToken={first['nextPageToken']}").json()
    assert [*first["operations"], *second["operations"]] == everywhere


def test_a_cancelled_operation_changes_nothing(slow: Running, http: httpx.Client) -> None:
    endpoint = made(http, slow)
    name = deploy(http, endpoint, "1").json()["name"]
    assert http.post(f"/v1/{name}:cancel").status_code == 200
    slow.world.advance(timedelta(hours=1))
    assert http.get(f"/v1/{name}").json()["error"]["code"] == 1
    assert "deployedModels" not in http.get(endpoint).json()


def test_an_ended_operation_can_be_forgotten(slow: Running, http: httpx.Client) -> None:
    name = http.post(f"{P}/endpoints", json={"displayName": "e"}).json()["name"]
    assert http.delete(f"/v1/{name}").status_code == 400
    slow.world.advance(timedelta(minutes=1))
    assert http.delete(f"/v1/{name}").status_code == 200
    assert http.get(f"/v1/{name}").status_code == 404


def test_a_redeployment_under_the_same_id_keeps_the_model_in_use(slow: Running, http: httpx.Client) -> None:
    endpoint = made(http, slow)
    deploy(http, endpoint, "1")
    slow.world.advance(timedelta(hours=1))
    http.post("/sandbox/change", json={"undeploy": {"endpoint": "7"}})
    http.post("/sandbox/change", json={"deploy": {"endpoint": "7", "deploy": {"id": 1, "model": 2001, "takes": "10s"}}})
    slow.world.advance(timedelta(hours=1))
    assert http.get(f"/v1/{MODEL}").json()["deployedModels"][0]["deployedModelId"] == "1"
    assert http.delete(f"/v1/{MODEL}").json()["error"]["status"] == "FAILED_PRECONDITION"


def test_a_listing_shows_each_change_at_once(slow: Running, http: httpx.Client) -> None:
    sizes = []
    for number in ("1", "2", "3"):
        made(http, slow, number)
        sizes.append(len(http.get(f"{P}/endpoints").json()["endpoints"]))
    assert sizes == [1, 2, 3]
    http.patch(f"{P}/endpoints/1?updateMask=labels", json={"labels": {"a": "b"}})
    assert http.get(f"{P}/endpoints").json()["endpoints"][0]["labels"] == {"a": "b"}
    http.post("/sandbox/change", json={"deploy": {"endpoint": "1", "deploy": {"id": 1, "daily": {"12:00": 2}}}})
    seen = []
    for _ in range(2):
        slow.world.advance(timedelta(hours=7))
        deployed = http.get(f"{P}/endpoints").json()["endpoints"][0]["deployedModels"][0]
        seen.append(deployed["status"]["availableReplicaCount"])
    assert seen == [1, 2]


def test_what_only_v1beta1_knows_is_not_in_a_v1_answer(slow: Running, http: httpx.Client) -> None:
    endpoint = made(http, slow)
    beta = endpoint.replace("/v1/", "/v1beta1/")
    resources = {"initialReplicaCount": 1, "maxReplicaCount": 1, "scaleToZeroSpec": {"idleScaledownPeriod": "900s"}}
    body = {
        "deployedModel": {"id": "1", "model": MODEL, "dedicatedResources": resources, "enableContainerLogging": True}
    }
    assert http.post(f"{beta}:deployModel", json=body).status_code == 200
    slow.world.advance(timedelta(hours=1))
    for prefix, there in (("/v1beta1/", True), ("/v1/", False)):
        for answer in (http.get(endpoint.replace("/v1/", prefix)), http.get(f"{P.replace('/v1/', prefix)}/endpoints")):
            for key in ("scaleToZeroSpec", "initialReplicaCount", "enableContainerLogging"):
                assert (key in answer.text) is there


def test_a_version_that_is_not_to_be_the_default_leaves_it_alone(slow: Running, http: httpx.Client) -> None:
    body = {
        "parentModel": MODEL,
        "model": {"containerSpec": {"imageUri": "registry.example/serve:2"}, "versionAliases": ["b"]},
    }
    assert http.post(f"{P}/models:upload", json=body).status_code == 200
    slow.world.advance(timedelta(minutes=2))
    assert [http.get(f"/v1/{MODEL}{at}").json()["versionId"] for at in ("", "@b", "@default")] == ["2", "3", "2"]
    assert [one["versionId"] for one in http.get(f"{P}/models").json()["models"]] == ["2"]
    assert len(http.get(f"/v1/{MODEL}:listVersions").json()["models"]) == 3
