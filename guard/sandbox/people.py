"""What people (and the platform) do beside the API: one function a kind of change, each as of its own instant."""

import copy
import zlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from guard.sandbox.scenario import deploy, resolve
from guard.sandbox.scenario.load import ScenarioError
from guard.sandbox.scenario.schema import Change, EndpointSpec, Place, ProjectSpec
from guard.sandbox.traffic import parse as parse_traffic
from guard.sandbox.vertex import documents, fleet, registry
from guard.sandbox.vertex.documents import Document, save
from guard.sandbox.vertex.labels import check_endpoint_id, check_labels
from guard.sandbox.world import Creation, Project, World

_AUDIT: Final = "google.cloud.aiplatform.ui"


def make(world: World, change: Change, at: datetime) -> None:
    """Make one change happen. Raises ScenarioError where it names nothing, ValueError where it cannot be."""
    kind = change.kinds()[0]
    _MAKERS[kind](world, getattr(change, kind), at, change.by)


def add_project(world: World, spec: ProjectSpec) -> None:
    """Make a project known."""
    world.add_project(
        Project(
            id=spec.id,
            number=spec.number,
            display_name=spec.display_name,
            parent=spec.parent,
            labels=spec.labels,
            locations=tuple(spec.locations),
            forbidden=spec.forbidden,
        )
    )


def create_endpoint(world: World, spec: EndpointSpec, at: datetime, by: str | None) -> None:
    """Make an endpoint with its deployments and its traffic."""
    name = f"{resolve.parent_of(world, spec)}/endpoints/{spec.id}"
    if world.store.get(name) is not None:
        raise ScenarioError(f"there is an endpoint {name} already.")
    if not spec.id.isdigit():
        check_endpoint_id(spec.id)
    check_labels(spec.labels)
    body: Document = {
        "displayName": spec.display_name or spec.id,
        "labels": spec.labels,
        "description": spec.description,
        "encryptionSpec": {"kmsKeyName": spec.encryption_key} if spec.encryption_key else None,
        "network": spec.network,
        "dedicatedEndpointEnabled": spec.dedicated,
    }
    save(world, documents.endpoint(name, body), at, created=True)
    if by:
        _note(world, at, "EndpointService.CreateEndpoint", name, by)
    _, number, _, location, _, endpoint_id = name.split("/")
    if spec.traffic is not None:
        seed = world.seed + zlib.crc32(name.encode())
        base = world.settings.get("base_dir")
        world.traffic[number, location, endpoint_id] = parse_traffic(
            spec.traffic, start=world.start, seed=seed, base_dir=base
        )
    for one in spec.deploy:
        deploy.schedule(world, name, one, not_before=at, principal=one.creator or by)


def recreate_endpoint(world: World, name: str, at: datetime) -> None:
    """Delete an endpoint and make it again under its name, with the same models on it: only its times differ."""
    old = world.store.get(name)
    if old is None:
        raise ScenarioError(f"there is no endpoint {name}.")
    old = copy.deepcopy(old)
    fleet.remove_endpoint(world, name, at)
    kept = {key: value for key, value in old.items() if key not in {"deployedModels", "trafficSplit", "etag"}}
    save(world, kept, at, created=True)
    for deployed in old.get("deployedModels", ()):
        version = {"model": f"{deployed['model']}@{deployed['modelVersionId']}"}
        fleet.attach(world, name, {**deployed, **version}, old.get("trafficSplit", {}), at)


def new_model_version(world: World, name: str, at: datetime) -> None:
    """Give a model a further version, its default from now on."""
    registry.add_version(world, name, registry.find(world, name), at)


def _label(world: World, change: Any, at: datetime, _by: str) -> None:
    endpoint = _endpoint(world, change)
    labels = {**endpoint.get("labels", {}), **change.set}
    for key in change.remove:
        labels.pop(key, None)
    check_labels(labels)
    endpoint["labels"] = labels
    save(world, endpoint, at)


def _deploy(world: World, change: Any, at: datetime, by: str) -> None:
    deploy.schedule(world, _endpoint(world, change)["name"], change.deploy, not_before=at, principal=by)


def _undeploy(world: World, change: Any, at: datetime, by: str) -> None:
    endpoint = _endpoint(world, change)
    fleet.detach(world, endpoint["name"], _deployed(endpoint, change.deployed_model)["id"], None, at)
    _note(world, at, "EndpointService.UndeployModel", endpoint["name"], by)


def _split(world: World, change: Any, at: datetime, _by: str) -> None:
    endpoint = _endpoint(world, change)
    for key in change.split:
        _deployed(endpoint, key)
    fleet.set_split(world, endpoint, change.split, at)
    save(world, endpoint, at)


def _scale(world: World, change: Any, at: datetime, _by: str) -> None:
    endpoint = _endpoint(world, change)
    fleet.set_replicas(world, endpoint["name"], _deployed(endpoint, change.deployed_model)["id"], change.replicas, at)


def _requests(world: World, change: Any, at: datetime, _by: str) -> None:
    _, number, _, location, _, endpoint_id = _endpoint(world, change)["name"].split("/")
    world.record_request((number, location, endpoint_id), change.requests, change.code, at=at)


def _delete_endpoint(world: World, change: Any, at: datetime, by: str) -> None:
    name = _endpoint(world, change)["name"]
    fleet.remove_endpoint(world, name, at)
    _note(world, at, "EndpointService.DeleteEndpoint", name, by)


def _recreate(world: World, change: Any, at: datetime, by: str) -> None:
    name = _endpoint(world, change)["name"]
    recreate_endpoint(world, name, at)
    _note(world, at, "EndpointService.CreateEndpoint", name, by)


def _new_version(world: World, change: Any, at: datetime, by: str) -> None:
    name = resolve.find(world, "models", change.model, change)["name"]
    new_model_version(world, name, at)
    _note(world, at, "ModelService.UploadModel", name, by)


def _delete_model(world: World, change: Any, at: datetime, by: str) -> None:
    name = resolve.find(world, "models", change.model, change)["name"]
    registry.remove(world, name)
    _note(world, at, "ModelService.DeleteModel", name, by)


def _price(world: World, change: Any, at: datetime, _by: str) -> None:
    world.settings["prices"].tariff.change(change.skus, change.factor, at)


def _endpoint(world: World, change: Any) -> Document:
    place = Place(project=change.project, location=change.location)
    return resolve.find(world, "endpoints", change.endpoint, place)


def _deployed(endpoint: Document, wanted: str | None) -> Document:
    found = [one for one in endpoint.get("deployedModels", ()) if wanted is None or one["id"] == wanted]
    if len(found) != 1:
        raise ScenarioError(
            f"one deployed model {wanted or ''} on {endpoint['name']} is expected; there is {len(found) or 'none'}."
        )
    document: Document = found[0]
    return document


def _note(world: World, at: datetime, method: str, resource: str, by: str) -> None:
    world.creations.append(Creation(at=at, method=f"{_AUDIT}.{method}", resource=resource, principal=by))


_MAKERS: Final[Mapping[str, Callable[[World, Any, datetime, str], None]]] = {
    "label": _label,
    "deploy": _deploy,
    "undeploy": _undeploy,
    "split": _split,
    "scale": _scale,
    "requests": _requests,
    "create_endpoint": create_endpoint,
    "delete_endpoint": _delete_endpoint,
    "recreate_endpoint": _recreate,
    "new_model_version": _new_version,
    "delete_model": _delete_model,
    "add_project": lambda world, spec, _at, _by: add_project(world, spec),
    "price": _price,
}
