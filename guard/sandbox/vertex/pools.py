"""Deployment resource pools: machines that several deployed models share."""

import copy
from datetime import datetime

from guard.sandbox import operations
from guard.sandbox.clock import rfc3339
from guard.sandbox.errors import ApiError, invalid, precondition
from guard.sandbox.timings import takes
from guard.sandbox.vertex import documents, fleet
from guard.sandbox.vertex.deploying import check_machines, check_replicas
from guard.sandbox.vertex.documents import Document
from guard.sandbox.vertex.labels import check_pool_id
from guard.sandbox.vertex.request import Request
from guard.sandbox.vertex.wire import camel
from guard.sandbox.world import World

_PATCHABLE = ("dedicatedResources.minReplicaCount", "dedicatedResources.maxReplicaCount")


def create(request: Request) -> Document:
    """POST deploymentResourcePools {"deploymentResourcePool", "deploymentResourcePoolId"} -> operation."""
    name = f"{request.collection}/{check_pool_id(request.body.get('deploymentResourcePoolId'))}"
    pool = copy.deepcopy(request.body.get("deploymentResourcePool") or {})
    resources = pool.get("dedicatedResources")
    if not isinstance(resources, dict):
        raise invalid("deployment_resource_pool.dedicated_resources is required.")
    check_machines(resources, beta=False)
    if request.world.store.get(name) is not None or operations.running(request.world, name):
        raise ApiError("ALREADY_EXISTS", f"DeploymentResourcePool already exists: {name}.")

    def apply(at: datetime) -> Document:
        document = {key: pool[key] for key in pool if key not in {"name", "createTime", "satisfiesPzs", "satisfiesPzi"}}
        document["name"] = name
        put(request.world, document, at)
        return request.typed("DeploymentResourcePool", document)

    return request.operation("CreateDeploymentResourcePool", name, takes(request.world, "create_pool"), apply)


def put(world: World, document: Document, at: datetime) -> None:
    """Add a pool as of `at`; pools carry neither an update time nor an etag."""
    document["createTime"] = rfc3339(at)
    world.store.put(document["name"], document)


def get(request: Request) -> Document:
    """GET deploymentResourcePools/ID."""
    return request.resource("DeploymentResourcePool")


def patch(request: Request) -> Document:
    """PATCH deploymentResourcePools/ID?updateMask= -> operation; only replica counts change."""
    current = request.resource("DeploymentResourcePool")
    mask = request.query.get("updateMask") or request.query.get("update_mask") or ""
    paths = [".".join(camel(step) for step in part.split(".")) for part in mask.split(",") if part]
    if not paths or any(path not in _PATCHABLE for path in paths):
        raise invalid(f"update_mask may hold {', '.join(_PATCHABLE)}; got {mask!r}.")
    check_replicas(current, request.body, paths)

    def apply(at: datetime) -> Document:
        for path in paths:
            documents.put_by_path(current, path, documents.by_path(request.body, path))
        request.world.store.put(request.name, current)
        if (run := fleet.pool_run(request.world, request.name)) is not None:
            resources = current["dedicatedResources"]
            low, high = resources["minReplicaCount"], resources["maxReplicaCount"]
            run.replica_steps.append((at, min(max(run.replica_steps[-1][1], low), high)))
        return request.typed("DeploymentResourcePool", current)

    return request.operation("UpdateDeploymentResourcePool", request.name, takes(request.world, "mutate"), apply)


def delete(request: Request) -> Document:
    """DELETE deploymentResourcePools/ID -> operation; refused while a model runs on it."""
    request.resource("DeploymentResourcePool")
    if used := fleet.sharers(request.world, request.name):
        raise precondition(
            f"DeploymentResourcePool {request.name} is in use by DeployedModel(s) on: "
            f"{', '.join(dict.fromkeys(endpoint for endpoint, _ in used))}. Undeploy them first."
        )

    def apply(_: datetime) -> Document:
        request.world.store.delete(request.name)
        return request.empty()

    return request.operation(
        "DeleteDeploymentResourcePool",
        request.name,
        takes(request.world, "delete_pool"),
        apply,
        metadata="DeleteOperationMetadata",
    )


def query_deployed_models(request: Request) -> Document:
    """GET deploymentResourcePools/ID:queryDeployedModels: who shares these machines."""
    request.resource("DeploymentResourcePool")
    found = fleet.sharers(request.world, request.name)
    return {
        "deployedModels": [deployed for _, deployed in found],
        "deployedModelRefs": [{"endpoint": endpoint, "deployedModelId": one["id"]} for endpoint, one in found],
        "totalDeployedModelCount": len(found),
        "totalEndpointCount": len({endpoint for endpoint, _ in found}),
    }
