"""What happens to the fleet at an instant: models attached to endpoints, taken off, scaled; shares of traffic moved.

Calls of the API, acts of people and the scenario all come through here, each with its own instant.
"""

import copy
from datetime import datetime

from guard.sandbox.clock import rfc3339
from guard.sandbox.deployments import Deployment, DeploymentKind, PoolRun
from guard.sandbox.timings import takes
from guard.sandbox.vertex import registry
from guard.sandbox.vertex.documents import Document, save
from guard.sandbox.vertex.names import last, parent_of, split_version
from guard.sandbox.world import World

OUTPUT_ONLY = ("createTime", "status", "modelVersionId", "privateEndpoints")


def kind_of(deployed: Document) -> DeploymentKind:
    """How a deployed model runs."""
    if "dedicatedResources" in deployed:
        return "dedicated"
    if "sharedResources" in deployed:
        return "pool"
    if "automaticResources" in deployed:
        return "automatic"
    return "gemini"


def attach(
    world: World, endpoint_name: str, deployed: Document, split: dict[str, int] | None, at: datetime
) -> Document:
    """Put a model on an endpoint as of `at`; `split` is the endpoint's new traffic split (None: unchanged)."""
    endpoint = _endpoint(world, endpoint_name)
    bare, wanted = split_version(deployed["model"])
    model = registry.find(world, bare, wanted)
    document = copy.deepcopy({key: value for key, value in deployed.items() if key not in OUTPUT_ONLY})
    document.update(model=bare, modelVersionId=model["versionId"], createTime=rfc3339(at))
    document.setdefault("displayName", model["displayName"])
    resources = document.get("dedicatedResources") or document.get("automaticResources")
    replicas = 0
    if resources is not None:
        replicas = int(resources.get("initialReplicaCount") or max(int(resources.get("minReplicaCount", 0)), 1))
    _status(document, replicas, at)
    endpoint.setdefault("deployedModels", []).append(document)
    record = _record(world, endpoint, document, model, at)
    world.deployments.append(record)
    world.live[endpoint_name, document["id"]] = record
    if record.kind == "pool":
        join_pool(world, document["sharedResources"], at)
    elif record.kind != "gemini":
        record.replica_steps.append((at, replicas))
    registry.mark_deployed(world, model, endpoint_name, document["id"])
    set_split(world, endpoint, endpoint.get("trafficSplit", {}) if split is None else split, at)
    save(world, endpoint, at)
    return document


def detach(world: World, endpoint_name: str, deployed_id: str, split: dict[str, int] | None, at: datetime) -> None:
    """Take a model off its endpoint as of `at`: its machines go, and its registry entry is released a little later."""
    endpoint = _endpoint(world, endpoint_name)
    document = next(one for one in endpoint["deployedModels"] if one["id"] == deployed_id)
    endpoint["deployedModels"].remove(document)
    record = world.live.pop((endpoint_name, deployed_id))
    record.ended_at = at
    if record.kind == "pool":
        leave_pool(world, document["sharedResources"], at)
    if not endpoint["deployedModels"]:
        del endpoint["deployedModels"]
        split = {}
    if split is None:
        split = {key: share for key, share in endpoint.get("trafficSplit", {}).items() if key != deployed_id}
    set_split(world, endpoint, split, at)
    save(world, endpoint, at)

    def release(_: datetime) -> None:
        if (endpoint_name, deployed_id) not in world.live:
            registry.unmark_deployed(world, document["model"], endpoint_name, deployed_id)

    world.at(at + takes(world, "release_model"), release)


def remove_endpoint(world: World, name: str, at: datetime) -> None:
    """Delete an endpoint, whatever runs on it first (a person's hand may do so; the API refuses before it comes here)."""
    endpoint = _endpoint(world, name)
    for deployed in list(endpoint.get("deployedModels", ())):
        detach(world, name, deployed["id"], None, at)
    world.store.delete(name)


def set_split(world: World, endpoint: Document, split: dict[str, int], at: datetime) -> None:
    """Write a traffic split and note each deployment's share from `at` on."""
    if split:
        endpoint["trafficSplit"] = dict(split)
    else:
        endpoint.pop("trafficSplit", None)
    for deployed in endpoint.get("deployedModels", ()):
        record = world.live[endpoint["name"], deployed["id"]]
        share = int(split.get(deployed["id"], 0))
        if not record.share_steps or record.share_steps[-1][1] != share:
            record.share_steps.append((at, share))


def set_replicas(world: World, endpoint_name: str, deployed_id: str, replicas: int, at: datetime) -> None:
    """Scale a dedicated or automatic deployment; nothing happens where it is gone or already there."""
    record = world.live.get((endpoint_name, deployed_id))
    if record is None or not record.replica_steps or record.replica_steps[-1][1] == replicas:
        return
    record.replica_steps.append((at, replicas))
    endpoint = _endpoint(world, endpoint_name)
    document = next(one for one in endpoint["deployedModels"] if one["id"] == deployed_id)
    _status(document, replicas, at)
    world.store.put(endpoint_name, endpoint)


def rename(world: World, endpoint: Document) -> None:
    """Carry a new display name over to the records that the metrics are labelled from."""
    for deployed in endpoint.get("deployedModels", ()):
        world.live[endpoint["name"], deployed["id"]].endpoint_display_name = endpoint["displayName"]


# -- pools


def sharers(world: World, pool_name: str) -> list[tuple[str, Document]]:
    """(endpoint name, deployed model) of everything that runs on a pool."""
    found = []
    parent = parent_of(pool_name)
    for endpoint in world.store.documents(f"{parent}/endpoints"):
        found += [
            (endpoint["name"], deployed)
            for deployed in endpoint.get("deployedModels", ())
            if deployed.get("sharedResources") == pool_name
        ]
    return found


def pool_run(world: World, pool_name: str) -> PoolRun | None:
    """The machines that a pool holds now."""
    _, number, _, location, _, pool_id = pool_name.split("/")
    for run in reversed(world.pool_runs):
        if (run.project_number, run.location, run.pool_id) == (number, location, pool_id):
            return run if run.ended_at is None else None
    return None


def join_pool(world: World, pool_name: str, at: datetime) -> None:
    """The first model on a pool brings its machines up."""
    if pool_run(world, pool_name) is not None:
        return
    pool = world.store.get(pool_name)
    if pool is None:
        return
    _, number, _, location, _, pool_id = pool_name.split("/")
    resources = pool["dedicatedResources"]
    machine = resources.get("machineSpec", {})
    run = PoolRun(
        project_number=number,
        project_id=world.projects[number].id,
        location=location,
        pool_id=pool_id,
        machine_type=machine.get("machineType", "n1-standard-2"),
        accelerator_type=machine.get("acceleratorType", ""),
        accelerator_count=int(machine.get("acceleratorCount", 0)),
        spot=bool(resources.get("spot")),
        started_at=at,
        replica_steps=[(at, max(int(resources.get("minReplicaCount", 0)), 1))],
    )
    world.pool_runs.append(run)


def leave_pool(world: World, pool_name: str, at: datetime) -> None:
    """The last model off a pool releases its machines."""
    run = pool_run(world, pool_name)
    if run is not None and not sharers(world, pool_name):
        run.ended_at = at


def _endpoint(world: World, name: str) -> Document:
    endpoint = world.store.get(name)
    if endpoint is None:
        raise LookupError(f"no endpoint {name}")
    return endpoint


def _status(document: Document, replicas: int, at: datetime) -> None:
    if "dedicatedResources" in document or "automaticResources" in document:
        document["status"] = {"availableReplicaCount": replicas, "lastUpdateTime": rfc3339(at)}


def _record(world: World, endpoint: Document, deployed: Document, model: Document, at: datetime) -> Deployment:
    _, number, _, location, _, endpoint_id = endpoint["name"].split("/")
    resources = deployed.get("dedicatedResources", {})
    machine = resources.get("machineSpec", {})
    dedicated = bool(resources)
    return Deployment(
        project_number=number,
        project_id=world.projects[number].id,
        location=location,
        endpoint_id=endpoint_id,
        deployed_model_id=deployed["id"],
        endpoint_display_name=endpoint["displayName"],
        model_display_name=model["displayName"],
        model_name=model["name"],
        kind=kind_of(deployed),
        pool_id=last(deployed["sharedResources"]) if "sharedResources" in deployed else None,
        machine_type=machine.get("machineType", "n1-standard-2") if dedicated else "",
        accelerator_type=machine.get("acceleratorType", ""),
        accelerator_count=int(machine.get("acceleratorCount", 0)),
        spot=bool(resources.get("spot")),
        started_at=at,
    )
