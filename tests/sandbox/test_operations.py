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
