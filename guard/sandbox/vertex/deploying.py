"""deployModel, undeployModel and mutateDeployedModel."""

import copy
from datetime import datetime, timedelta
from typing import Any, Final

from guard.sandbox import operations
from guard.sandbox.errors import ApiError, denied, exhausted, invalid, precondition
from guard.sandbox.timings import deploy_kind, takes
from guard.sandbox.vertex import documents, fleet, registry
from guard.sandbox.vertex.documents import Document, save
from guard.sandbox.vertex.labels import check_deployed_model_id
from guard.sandbox.vertex.names import parent_of, split_version
from guard.sandbox.vertex.request import Request
from guard.sandbox.vertex.traffic_split import check_split
from guard.sandbox.vertex.wire import camel
from guard.sandbox.world import World

_KINDS: Final = {
    "dedicatedResources": "DEDICATED_RESOURCES",
    "automaticResources": "AUTOMATIC_RESOURCES",
    "sharedResources": "SHARED_RESOURCES",
}
_MUTABLE: Final = (
    "dedicatedResources.minReplicaCount",
    "dedicatedResources.maxReplicaCount",
    "dedicatedResources.requiredReplicaCount",
    "dedicatedResources.autoscalingMetricSpecs",
    "dedicatedResources.scaleToZeroSpec",
    "disableContainerLogging",
    "enableContainerLogging",
    "autoscalingMetricSpecs",
)


def deploy(request: Request) -> Document:
    """POST endpoints/ID:deployModel -> operation that takes as long as the machine family needs."""
    world, endpoint = request.world, request.resource("Endpoint")
    deployed = copy.deepcopy(request.body.get("deployedModel") or {})
    deployed["model"] = request.canonical(deployed.get("model"), what="deployed_model.model")
    bare, version = split_version(deployed["model"])
    if parent_of(bare).split("/")[3] != request.path.location:
        raise invalid(f"The Model {bare} is not in the location of the Endpoint, {request.path.location}.")
    model = registry.find(world, bare, version)
    _check_resources(request, deployed, model)
    _check_act_as(request, deployed)
    serving = {one["id"] for one in endpoint.get("deployedModels", ())}
    coming = {one.subject for one in operations.running(world, request.name, method="DeployModel")}
    chosen = str(deployed.get("id") or "")
    deployed["id"] = check_deployed_model_id(chosen) if chosen else world.new_id()[-10:].lstrip("0")
    if deployed["id"] in serving | coming:
        raise ApiError("ALREADY_EXISTS", f"DeployedModel {deployed['id']} already exists on {request.name}.")
    split = request.body.get("trafficSplit") or None
    if split is not None:
        check_split(split, serving | {"0"})
        split = {deployed["id"] if key == "0" else key: share for key, share in split.items()}
    shortage = _shortage(request, deployed)

    def apply(at: datetime) -> Document:
        if shortage is not None:
            raise exhausted(shortage)
        if world.store.get(request.name) is None:
            raise ApiError("NOT_FOUND", f"The Endpoint does not exist: {request.name}.")
        document = fleet.attach(world, request.name, deployed, split, at)
        return request.typed("DeployModelResponse", {"deployedModel": document})

    wait = deploy_time(world, deployed)
    return request.operation("DeployModel", request.name, wait, apply, subject=deployed["id"])


def undeploy(request: Request) -> Document:
    """POST endpoints/ID:undeployModel -> operation; the model may have no traffic after the call."""
    world, endpoint = request.world, request.resource("Endpoint")
    deployed_id = str(request.body.get("deployedModelId") or "")
    serving = {one["id"] for one in endpoint.get("deployedModels", ())}
    if deployed_id not in serving:
        if operations.running(world, request.name, method="DeployModel", subject=deployed_id):
            raise precondition(f"DeployedModel {deployed_id} is being deployed; wait for the operation to end.")
        raise ApiError("NOT_FOUND", f"The DeployedModel {deployed_id!r} does not exist on {request.name}.")
    _refuse_if_busy(world, request.name, deployed_id)
    split: dict[str, int] | None = request.body.get("trafficSplit") or None
    others = serving - {deployed_id}
    if split is not None:
        check_split(split, serving)
    share = (split if split is not None else endpoint.get("trafficSplit", {})).get(deployed_id, 0)
    if share and others:
        raise precondition(
            f"DeployedModel {deployed_id} has {share}% of the traffic. Move it to other DeployedModels with "
            "traffic_split before or while undeploying."
        )

    def apply(at: datetime) -> Document:
        if (request.name, deployed_id) in world.live:
            fleet.detach(world, request.name, deployed_id, split, at)
        return request.typed("UndeployModelResponse", {})

    return request.operation("UndeployModel", request.name, takes(world, "undeploy"), apply, subject=deployed_id)


def mutate(request: Request) -> Document:
    """POST endpoints/ID:mutateDeployedModel -> operation; only replica counts, autoscaling and logging can change."""
    world, endpoint = request.world, request.resource("Endpoint")
    change = request.body.get("deployedModel") or {}
    deployed_id = str(change.get("id") or "")
    if deployed_id not in {one["id"] for one in endpoint.get("deployedModels", ())}:
        raise ApiError("NOT_FOUND", f"The DeployedModel {deployed_id!r} does not exist on {request.name}.")
    _refuse_if_busy(world, request.name, deployed_id)
    paths = [camel(part) for part in str(request.body.get("updateMask") or "").split(",") if part]
    paths = [".".join(camel(step) for step in path.split(".")) for path in paths]
    if not paths:
        raise invalid("update_mask is required.")
    for path in paths:
        if path not in _MUTABLE:
            raise invalid(f"Field {path} in update_mask cannot be mutated.")
    current = next(one for one in endpoint["deployedModels"] if one["id"] == deployed_id)
    check_replicas(current, change, paths)

    def apply(at: datetime) -> Document:
        document = next(one for one in endpoint.get("deployedModels", ()) if one["id"] == deployed_id)
        for path in paths:
            documents.put_by_path(document, path, documents.by_path(change, path))
        resources = document.get("dedicatedResources", {})
        low, high = int(resources.get("minReplicaCount", 0)), int(resources.get("maxReplicaCount", 1))
        now = world.live[request.name, deployed_id].replica_steps
        if now:
            fleet.set_replicas(world, request.name, deployed_id, min(max(now[-1][1], low), max(high, low)), at)
        save(world, endpoint, at)
        return request.typed("MutateDeployedModelResponse", {"deployedModel": document})

    return request.operation("MutateDeployedModel", request.name, takes(world, "mutate"), apply, subject=deployed_id)


def check_replicas(current: Document, change: Document, paths: list[str]) -> None:
    """Refuse replica counts that would not fit each other once `paths` of `change` are taken over."""
    merged = copy.deepcopy(current)
    for path in paths:
        documents.put_by_path(merged, path, documents.by_path(change, path))
    resources = merged.get("dedicatedResources", {})
    low, high = resources.get("minReplicaCount", 0), resources.get("maxReplicaCount", 1)
    if low < (0 if "scaleToZeroSpec" in resources else 1) or high < max(low, 1):
        raise invalid(f"min_replica_count {low} and max_replica_count {high} do not go together.")


def deploy_time(world: World, deployed: Document) -> timedelta:
    """How long a deployment takes in this world."""
    kind = fleet.kind_of(deployed)
    if kind == "dedicated":
        machine = deployed["dedicatedResources"].get("machineSpec", {})
        return takes(world, deploy_kind(machine.get("machineType", ""), machine.get("acceleratorType", "")))
    return takes(world, {"pool": "deploy_pool", "gemini": "deploy_gemini"}.get(kind, "deploy_cpu"))


def _check_resources(request: Request, deployed: Document, model: Document) -> None:
    given = [key for key in _KINDS if key in deployed]
    supported = model.get("supportedDeploymentResourcesTypes", [])
    if len(given) > 1:
        raise invalid("Exactly one of dedicated_resources, automatic_resources and shared_resources is expected.")
    if not given:
        if supported:
            raise invalid(f"The DeployedModel needs prediction resources; the Model supports {', '.join(supported)}.")
        return
    kind = given[0]
    if _KINDS[kind] not in supported:
        raise invalid(f"'{_KINDS[kind]}' is not supported for Model {model['name']}.")
    if kind == "sharedResources":
        pool = request.canonical(deployed["sharedResources"], what="shared_resources")
        if request.world.store.get(pool) is None:
            raise ApiError("NOT_FOUND", f"The DeploymentResourcePool does not exist: {pool}.")
        deployed["sharedResources"] = pool
    if kind == "dedicatedResources":
        check_machines(deployed["dedicatedResources"], beta=request.api == "v1beta1")


def check_machines(resources: Any, *, beta: bool) -> None:
    """Fill in the platform's defaults and refuse what it refuses; scale to zero exists in v1beta1 only."""
    spec = resources.setdefault("machineSpec", {})
    spec.setdefault("machineType", "n1-standard-2")
    low = int(resources.get("minReplicaCount", 0))
    if not beta and (
        extra := [key for key in ("scaleToZeroSpec", "initialReplicaCount", "flexStart") if key in resources]
    ):
        raise invalid(
            f"Invalid JSON payload received. Unknown name \"{extra[0]}\" at 'deployed_model.dedicated_resources'."
        )
    if low < 1 and not (beta and "scaleToZeroSpec" in resources):
        raise invalid("dedicated_resources.min_replica_count must be at least 1.")
    high = int(resources.setdefault("maxReplicaCount", max(low, 1)))
    if high < low:
        raise invalid(f"dedicated_resources.max_replica_count ({high}) is less than min_replica_count ({low}).")
    if bool(spec.get("acceleratorType")) != bool(spec.get("acceleratorCount")):
        raise invalid("machine_spec.accelerator_type and accelerator_count go together.")
    for period in resources.get("scaleToZeroSpec", {}).values():
        if not 300 <= float(str(period).removesuffix("s")) <= 28800:
            raise invalid(f"scale_to_zero_spec periods are 300 to 28800 seconds; got {period}.")


def _check_act_as(request: Request, deployed: Document) -> None:
    """Whoever deploys with a service account must be allowed to act as it."""
    account = deployed.get("serviceAccount")
    if not account:
        return
    resource = f"projects/{request.project.number}/serviceAccounts/{account}"
    if not request.world.authorize(request.principal, "iam.serviceAccounts.actAs", resource):
        raise denied("iam.serviceAccounts.actAs", resource, service="iam.googleapis.com")


def _shortage(request: Request, deployed: Document) -> str | None:
    machine = deployed.get("dedicatedResources", {}).get("machineSpec", {}).get("machineType", "")
    fault = request.world.faults.take(
        "no_capacity",
        service="aiplatform",
        method="DeployModel",
        project=request.project.id,
        location=request.path.location,
        resource=request.name,
        machine=machine,
    )
    if fault is None:
        return None
    return (
        f"Machine type temporarily unavailable, please deploy with a different machine type or retry: {machine} in "
        f"{request.path.location}."
    )


def _refuse_if_busy(world: World, endpoint: str, deployed_id: str) -> None:
    if busy := operations.running(world, endpoint, subject=deployed_id):
        raise precondition(
            f"There are other operations running on the DeployedModel {deployed_id} of {endpoint}. "
            f"Operation(s) are: {', '.join(one.name for one in busy)}."
        )
