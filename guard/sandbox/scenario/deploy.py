"""What a scenario's `deploy` entry means: the deployed model's document, and how its replicas go."""

from datetime import datetime, time, timedelta
from typing import Any

from guard.sandbox import operations, scaling
from guard.sandbox.errors import ApiError
from guard.sandbox.scenario import resolve
from guard.sandbox.scenario.load import ScenarioError
from guard.sandbox.scenario.schema import DeploySpec
from guard.sandbox.vertex import fleet, registry
from guard.sandbox.vertex.deploying import deploy_time
from guard.sandbox.vertex.documents import Document
from guard.sandbox.vertex.names import parent_of
from guard.sandbox.world import Creation, World

_MESSAGES = "type.googleapis.com/google.cloud.aiplatform.v1beta1"
SUPPORTED = {
    "custom": ["DEDICATED_RESOURCES", "SHARED_RESOURCES"],
    "model_garden": ["DEDICATED_RESOURCES"],
    "automl": ["AUTOMATIC_RESOURCES"],
    "tuned_gemini": [],
}


def model_document(source: str, display_name: str, labels: dict[str, str], base_model: str = "") -> Document:
    """A registry model's document."""
    kinds = {"custom": "CUSTOM", "model_garden": "MODEL_GARDEN", "automl": "AUTOML", "tuned_gemini": "GENIE"}
    document: Document = {
        "displayName": display_name,
        "modelSourceInfo": {"sourceType": kinds[source]},
        "supportedDeploymentResourcesTypes": SUPPORTED[source],
    }
    if source == "tuned_gemini":
        labels = {**labels, "tune-type": "sft"}
    if base_model:
        document["baseModelSource"] = {"genieSource": {"baseModelUri": base_model}}
    if labels:
        document["labels"] = labels
    return document


def deployed_document(world: World, endpoint: Document, spec: DeploySpec, at: datetime) -> Document:
    """The deployed model's document; a model that the scenario does not name is made for it. Raises ScenarioError."""
    parent = parent_of(endpoint["name"])
    model = _model(world, endpoint, spec, at)
    version = f"@{spec.model_version}" if spec.model_version else ""
    document: Document = {"id": spec.id or world.new_id()[-10:].lstrip("0"), "model": f"{model['name']}{version}"}
    if spec.display_name:
        document["displayName"] = spec.display_name
    if spec.service_account:
        document["serviceAccount"] = spec.service_account
    document.update(_resources(spec, parent))
    if spec.pool and world.store.get(document["sharedResources"]) is None:
        raise ScenarioError(f"unknown pool {spec.pool!r} in {parent}.")
    return document


def _resources(spec: DeploySpec, parent: str) -> Document:
    if spec.gemini:
        return {}
    if spec.pool:
        return {"sharedResources": f"{parent}/deploymentResourcePools/{spec.pool}"}
    if spec.automatic:
        return {"automaticResources": {"minReplicaCount": max(spec.replicas, 1), "maxReplicaCount": most(spec)}}
    return {"dedicatedResources": machines(spec)}


def machines(spec: DeploySpec) -> Document:
    """`dedicatedResources` of a deployment."""
    resources: Document = {
        "machineSpec": machine_spec(spec.machine, spec.accelerator, spec.accelerators),
        "minReplicaCount": 0 if spec.scale_to_zero else max(spec.replicas, 1),
        "maxReplicaCount": most(spec),
    }
    if spec.spot:
        resources["spot"] = True
    if spec.scale_to_zero:
        resources["initialReplicaCount"] = max(spec.replicas, 1)
        resources["scaleToZeroSpec"] = {"idleScaledownPeriod": f"{spec.scale_to_zero.idle.total_seconds():.0f}s"}
        if spec.scale_to_zero.min_scale_up is not None:
            period = f"{spec.scale_to_zero.min_scale_up.total_seconds():.0f}s"
            resources["scaleToZeroSpec"]["minScaleupPeriod"] = period
    return resources


def machine_spec(machine: str, accelerator: str | None, accelerators: int) -> Document:
    """`machineSpec` of a machine with or without accelerators."""
    spec: Document = {"machineType": machine}
    if accelerator:
        spec.update(acceleratorType=accelerator, acceleratorCount=accelerators)
    return spec


def most(spec: DeploySpec) -> int:
    """The largest number of replicas that a deployment may get to."""
    return spec.max_replicas or max([spec.replicas, 1, *(step.count for step in spec.steps), *spec.daily.values()])


def schedule(
    world: World,
    endpoint_name: str,
    spec: DeploySpec,
    *,
    not_before: datetime,
    split: dict[str, int] | None = None,
    principal: str | None = None,
) -> None:
    """Deploy by an operation that ends at `spec.at`, or as soon as it can where that is not said."""
    wait = spec.takes if spec.takes is not None else deploy_time(world, _resources(spec, ""))
    done_at = resolve.instant(world, spec.at, not_before + wait)
    begin_at = max(done_at - wait, not_before)

    def begin(when: datetime) -> None:
        endpoint = world.store.get(endpoint_name)
        if endpoint is None:
            raise ScenarioError(f"there is no endpoint {endpoint_name}.")
        document = deployed_document(world, endpoint, spec, when)

        def apply(at: datetime) -> Document:
            current = world.store.get(endpoint_name)
            if current is None:
                raise ApiError("NOT_FOUND", f"The Endpoint does not exist: {endpoint_name}.")
            shares = split if split is not None else _split(current, document["id"], spec)
            attached = fleet.attach(world, endpoint_name, document, shares, at)
            _replicas_by_plan(world, endpoint_name, document["id"], spec, at)
            return {"@type": f"{_MESSAGES}.DeployModelResponse", "deployedModel": attached}

        operations.start(
            world,
            method="DeployModel",
            resource=endpoint_name,
            subject=document["id"],
            takes=max(done_at - when, timedelta(0)),
            apply=apply,
            metadata_type=f"{_MESSAGES}.DeployModelOperationMetadata",
            at=when,
        )
        if principal:
            method = "google.cloud.aiplatform.v1.EndpointService.DeployModel"
            world.creations.append(Creation(at=when, method=method, resource=endpoint_name, principal=principal))

    world.at(begin_at, world.careful(begin))


def _model(world: World, endpoint: Document, spec: DeploySpec, at: datetime) -> Document:
    parent = parent_of(endpoint["name"])
    if spec.model:
        found = [
            one
            for one in world.store.documents(f"{parent}/models")
            if spec.model in {one["name"].rpartition("/")[2], one["displayName"]}
        ]
        if len(found) != 1:
            raise ScenarioError(
                f"one model named {spec.model!r} in {parent} is expected; there is {len(found) or 'none'}."
            )
        return found[0]
    source = "tuned_gemini" if spec.gemini else "automl" if spec.automatic else "custom"
    name = f"{parent}/models/{world.new_id()}"
    body = model_document(source, f"{endpoint['displayName']}-model", {})
    return registry.add_version(world, name, body, at - timedelta(hours=1))


def _split(endpoint: Document, deployed_id: str, spec: DeploySpec) -> dict[str, int]:
    current: dict[str, int] = endpoint.get("trafficSplit", {})
    share = spec.share if spec.share is not None else (0 if current else 100)
    if not share:
        return dict(current)
    rest = {key: value * (100 - share) // 100 for key, value in current.items()}
    return {**{key: value for key, value in rest.items() if value}, deployed_id: 100 - sum(rest.values())}


def _replicas_by_plan(world: World, endpoint_name: str, deployed_id: str, spec: DeploySpec, at: datetime) -> None:
    """Put the deployment's own replica steps on the agenda."""

    def scale(count: int) -> Any:
        return lambda when: fleet.set_replicas(world, endpoint_name, deployed_id, count, when)

    if spec.replicas > 1 and not spec.pool and not spec.gemini:
        scale(spec.replicas)(at)
    for step in spec.steps:
        world.at(max(resolve.instant(world, step.at, at), at), scale(step.count))
    if spec.daily:
        times = {time.fromisoformat(clock): count for clock, count in spec.daily.items()}
        scaling.repeat_daily(world, endpoint_name, deployed_id, times, at)
    if spec.scale_to_zero is not None:
        scaling.scale_to_zero(world, endpoint_name, deployed_id, spec.scale_to_zero.idle, at)
