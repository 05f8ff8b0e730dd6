"""What the platform refuses, the sandbox refuses, in the platform's envelope."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from guard.sandbox.server import Running

P = "/v1/projects/demo-research/locations/us-central1"
MODEL = "projects/demo-research/locations/us-central1/models/2001"
MACHINES = {"machineSpec": {"machineType": "n1-standard-4"}, "minReplicaCount": 1}
HOUR = timedelta(hours=1)


def error(answer: httpx.Response) -> tuple[int, str, str]:
    body = answer.json()["error"]
    assert body["code"] == answer.status_code
    return answer.status_code, body["status"], body["message"]


def made(http: httpx.Client, running: Running, endpoint_id: str = "7") -> str:
    assert http.post(f"{P}/endpoints?endpointId={endpoint_id}", json={"displayName": "e"}).status_code == 200
    running.world.advance(timedelta(minutes=1))
    return f"{P}/endpoints/{endpoint_id}"


def deploy(http: httpx.Client, endpoint: str, deployed_id: str, split: dict[str, int] | None = None) -> httpx.Response:
    model = {"id": deployed_id, "model": MODEL, "dedicatedResources": MACHINES}
    return http.post(f"{endpoint}:deployModel", json={"deployedModel": model, "trafficSplit": split or {}})


@pytest.mark.parametrize(
    "path", ["endpoints/9", "models/9", "models/2001@9", "deploymentResourcePools/p", "tuningJobs/9"]
)
def test_what_is_not_there_is_not_found(http: httpx.Client, path: str) -> None:
    code, status, message = error(http.get(f"{P}/{path}"))
    assert (code, status) == (404, "NOT_FOUND")
    assert "does not exist" in message


def test_an_unknown_method_and_location_are_refused(http: httpx.Client) -> None:
    assert error(http.post(f"{P}/endpoints/9:explode"))[:2] == (404, "NOT_FOUND")
    assert error(http.get("/v1/projects/demo-research/locations/atlantis-1/endpoints"))[:2] == (400, "INVALID_ARGUMENT")


def test_a_project_without_permission_is_denied_with_the_reason(http: httpx.Client) -> None:
    answer = http.get("/v1/projects/demo-closed/locations/us-central1/endpoints")
    assert error(answer)[:2] == (403, "PERMISSION_DENIED")
    detail = answer.json()["error"]["details"][0]
    assert (detail["reason"], detail["metadata"]["permission"]) == (
        "IAM_PERMISSION_DENIED",
        "aiplatform.endpoints.list",
    )


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"displayName": "x" * 129},
        {"displayName": "e", "labels": {"Upper": "x"}},
        {"displayName": "e", "labels": {"k": "x" * 65}},
        {"displayName": "e", "labels": {f"k{number}": "" for number in range(65)}},
        {"displayName": "e", "deployedModels": [{"id": "1"}]},
    ],
)
def test_a_wrong_endpoint_is_refused(http: httpx.Client, body: dict[str, Any]) -> None:
    assert error(http.post(f"{P}/endpoints", json=body))[:2] == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize("chosen", ["012", "1234567890", "Upper", "-dash", "4611686018427387904"])
def test_an_endpoint_id_that_the_platform_would_not_take_is_refused(http: httpx.Client, chosen: str) -> None:
    assert error(http.post(f"{P}/endpoints?endpointId={chosen}", json={"displayName": "e"}))[0] == 400


def test_a_body_that_is_no_json_object_is_refused(http: httpx.Client) -> None:
    assert error(http.post(f"{P}/endpoints", content=b"{"))[:2] == (400, "INVALID_ARGUMENT")
    assert error(http.post(f"{P}/endpoints", content=b"[]"))[:2] == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    ("deployed", "said"),
    [
        ({"model": "nonsense", "dedicatedResources": MACHINES}, "Invalid resource name"),
        ({"model": MODEL}, "needs prediction resources"),
        ({"model": MODEL, "dedicatedResources": MACHINES, "automaticResources": {"minReplicaCount": 1}}, "Exactly one"),
        ({"model": MODEL, "automaticResources": {"minReplicaCount": 1}}, "not supported for Model"),
        ({"model": MODEL, "dedicatedResources": MACHINES, "id": "12345678901"}, "1 to 10 digits"),
        ({"model": MODEL, "dedicatedResources": {**MACHINES, "maxReplicaCount": 0}}, "less than min_replica_count"),
        ({"model": MODEL, "dedicatedResources": {**MACHINES, "scaleToZeroSpec": {}}}, 'Unknown name "scaleToZeroSpec"'),
        (
            {"model": MODEL, "dedicatedResources": {**MACHINES, "machineSpec": {"acceleratorType": "NVIDIA_L4"}}},
            "go together",
        ),
        (
            {"model": MODEL.replace("us-central1", "europe-west4"), "dedicatedResources": MACHINES},
            "not in the location",
        ),
    ],
)
def test_a_wrong_deployment_is_refused(slow: Running, http: httpx.Client, deployed: dict[str, Any], said: str) -> None:
    code, status, message = error(http.post(f"{made(http, slow)}:deployModel", json={"deployedModel": deployed}))
    assert (code, status) == (400, "INVALID_ARGUMENT")
    assert said in message


@pytest.mark.parametrize("split", [{"0": 90}, {"0": 50, "99": 50}, {"0": 101}, {"0": "100"}])
def test_a_wrong_traffic_split_is_refused(slow: Running, http: httpx.Client, split: dict[str, Any]) -> None:
    answer = deploy(http, made(http, slow), "1", split)
    assert error(answer)[:2] == (400, "INVALID_ARGUMENT")


def test_a_model_that_is_not_there_cannot_be_deployed(slow: Running, http: httpx.Client) -> None:
    body = {"deployedModel": {"model": MODEL.replace("2001", "9"), "dedicatedResources": MACHINES}}
    assert error(http.post(f"{made(http, slow)}:deployModel", json=body))[:2] == (404, "NOT_FOUND")


def test_an_id_in_use_is_refused_while_deploying_and_after(slow: Running, http: httpx.Client) -> None:
    endpoint = made(http, slow)
    assert deploy(http, endpoint, "1").status_code == 200
    assert error(deploy(http, endpoint, "1"))[:2] == (409, "ALREADY_EXISTS")
    slow.world.advance(HOUR)
    assert error(deploy(http, endpoint, "1"))[:2] == (409, "ALREADY_EXISTS")


def test_an_endpoint_is_not_deleted_while_a_model_is_being_deployed(slow: Running, http: httpx.Client) -> None:
    endpoint = made(http, slow)
    deploy(http, endpoint, "1")
    assert "deployedModels" not in http.get(endpoint).json()
    code, status, message = error(http.delete(endpoint))
    assert (code, status) == (400, "FAILED_PRECONDITION")
    assert message.startswith("Endpoint has deployed or being-deployed DeployedModel(s)")


def test_a_model_with_traffic_is_undeployed_only_if_the_traffic_moves(slow: Running, http: httpx.Client) -> None:
    endpoint = made(http, slow)
    deploy(http, endpoint, "1", {"0": 100})
    slow.world.advance(HOUR)
    deploy(http, endpoint, "2", {"0": 40, "1": 60})
    slow.world.advance(HOUR)
    refused = http.post(f"{endpoint}:undeployModel", json={"deployedModelId": "2"})
    assert error(refused)[:2] == (400, "FAILED_PRECONDITION")
    moved = {"deployedModelId": "2", "trafficSplit": {"1": 100}}
    assert http.post(f"{endpoint}:undeployModel", json=moved).status_code == 200
    slow.world.advance(HOUR)
    assert http.get(endpoint).json()["trafficSplit"] == {"1": 100}
    assert http.post(f"{endpoint}:undeployModel", json={"deployedModelId": "1"}).status_code == 200
    slow.world.advance(HOUR)
    assert not {"deployedModels", "trafficSplit"} & set(http.get(endpoint).json())


def test_a_model_that_is_being_undeployed_is_busy(slow: Running, http: httpx.Client) -> None:
    endpoint = made(http, slow)
    deploy(http, endpoint, "1")
    slow.world.advance(HOUR)
    undeploy = {"deployed_model_id": "1"}
    assert http.post(f"{endpoint}:undeployModel", json=undeploy).status_code == 200
    code, status, message = error(http.post(f"{endpoint}:undeployModel", json=undeploy))
    assert (code, status) == (400, "FAILED_PRECONDITION")
    assert "other operations running" in message
    assert error(http.delete(endpoint))[1] == "FAILED_PRECONDITION"


def test_a_model_is_deletable_only_some_time_after_its_undeploy(slow: Running, http: httpx.Client) -> None:
    endpoint = made(http, slow)
    deploy(http, endpoint, "1")
    slow.world.advance(HOUR)
    http.post(f"{endpoint}:undeployModel", json={"deployedModelId": "1"})
    slow.world.advance(timedelta(seconds=91))
    assert "deployedModels" not in http.get(endpoint).json()
    assert error(http.delete(f"{P}/models/2001"))[1] == "FAILED_PRECONDITION"
    slow.world.advance(timedelta(minutes=2))
    assert http.delete(f"{P}/models/2001").status_code == 200


def test_the_default_version_cannot_be_deleted_alone(http: httpx.Client) -> None:
    assert error(http.delete(f"{P}/models/2001@2:deleteVersion"))[1] == "FAILED_PRECONDITION"


def test_an_endpoint_without_models_does_not_answer(slow: Running, http: httpx.Client) -> None:
    endpoint = made(http, slow)
    assert error(http.post(f"{endpoint}:predict", json={"instances": []}))[1] == "FAILED_PRECONDITION"


def test_a_mutation_of_what_cannot_change_is_refused(slow: Running, http: httpx.Client) -> None:
    endpoint = made(http, slow)
    deploy(http, endpoint, "1")
    slow.world.advance(HOUR)
    body = {"deployedModel": {"id": "1"}, "updateMask": "dedicatedResources.machineSpec"}
    assert error(http.post(f"{endpoint}:mutateDeployedModel", json=body))[1] == "INVALID_ARGUMENT"
    assert error(http.patch(f"{endpoint}?updateMask=createTime", json={}))[1] == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    "query", ["filter=colour%3Dred", "filter=a b c", "orderBy=colour", "pageSize=-1", "pageToken=x"]
)
def test_a_wrong_list_call_is_refused(http: httpx.Client, query: str) -> None:
    assert error(http.get(f"{P}/endpoints?{query}"))[:2] == (400, "INVALID_ARGUMENT")


def test_a_pool_is_checked(http: httpx.Client) -> None:
    pool = {"dedicatedResources": MACHINES}
    for body in ({"deploymentResourcePool": pool, "deploymentResourcePoolId": "P"}, {"deploymentResourcePoolId": "p"}):
        assert error(http.post(f"{P}/deploymentResourcePools", json=body))[:2] == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    ("call", "body", "where"),
    [
        ("endpoints", {"displayName": 5}, "displayName"),
        ("endpoints", {"displayName": "e", "labels": ["a"]}, "labels"),
        ("endpoints/7:deployModel", {"deployedModel": 5}, "deployedModel"),
        (
            "endpoints/7:deployModel",
            {"deployedModel": {"dedicatedResources": {"minReplicaCount": "two"}}},
            "minReplicaCount",
        ),
        ("endpoints/7:undeployModel", {"deployedModelId": "1", "trafficSplit": [1]}, "trafficSplit"),
        ("models:upload", {"model": "m"}, "model"),
        ("models:upload", {"model": {"containerSpec": 5}}, "model.containerSpec"),
        ("models/2001@1:mergeVersionAliases", {"versionAliases": [1]}, "versionAliases"),
        ("deploymentResourcePools", {"deploymentResourcePool": []}, "deploymentResourcePool"),
        ("tuningJobs", {"supervisedTuningSpec": {"hyperParameters": {"epochCount": 1.5}}}, "epochCount"),
    ],
)
def test_a_value_of_the_wrong_type_is_named(
    slow: Running, http: httpx.Client, call: str, body: dict[str, Any], where: str
) -> None:
    made(http, slow)
    code, status, message = error(http.post(f"{P}/{call}", json=body))
    assert (code, status) == (400, "INVALID_ARGUMENT")
    assert re.search(rf"Invalid value at '[\w.]*{where}'", message)


@pytest.mark.parametrize("action", ["predict", "rawPredict", "generateContent", "countTokens"])
def test_a_call_to_a_model_wants_a_json_object(slow: Running, http: httpx.Client, action: str) -> None:
    endpoint = made(http, slow)
    for body in (b"[]", b"{"):
        assert error(http.post(f"{endpoint}:{action}", content=body))[:2] == (400, "INVALID_ARGUMENT")
