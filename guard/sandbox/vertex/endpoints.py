"""Endpoints: create, get, list, patch, delete."""

import copy
from datetime import datetime

from guard.sandbox import operations
from guard.sandbox.errors import ApiError, invalid, precondition
from guard.sandbox.timings import takes
from guard.sandbox.vertex import documents, fleet
from guard.sandbox.vertex.documents import Document, save
from guard.sandbox.vertex.labels import check_display_name, check_endpoint_id, check_labels
from guard.sandbox.vertex.request import Request
from guard.sandbox.vertex.traffic_split import check_split
from guard.sandbox.vertex.wire import camel

_PATCHABLE = frozenset({"displayName", "labels", "trafficSplit", *documents.ENDPOINT_SETTINGS})


def create(request: Request) -> Document:
    """POST endpoints?endpointId= -> operation; the id may be chosen."""
    body = request.body
    check_display_name(body.get("displayName"), what="endpoint")
    check_labels(body.get("labels", {}))
    if body.get("deployedModels"):
        raise invalid("endpoint.deployed_models is output only; use DeployModel.")
    chosen = request.query.get("endpointId") or request.query.get("endpoint_id")
    name = f"{request.collection}/{check_endpoint_id(chosen) if chosen else request.world.new_id()}"
    if request.world.store.get(name) is not None or operations.running(request.world, name, method="CreateEndpoint"):
        raise ApiError("ALREADY_EXISTS", f"Endpoint already exists: {name}.")

    def apply(at: datetime) -> Document:
        document = documents.endpoint(name, body)
        save(request.world, document, at, created=True)
        return request.typed("Endpoint", document)

    return request.operation("CreateEndpoint", name, takes(request.world, "create_endpoint"), apply)


def get(request: Request) -> Document:
    """GET endpoints/ID."""
    return request.resource("Endpoint")


def patch(request: Request) -> Document:
    """PATCH endpoints/ID?updateMask=: a read-modify-write where the body carries an etag."""
    current = request.resource("Endpoint")
    body = request.body
    if body.get("etag") and body["etag"] != current["etag"]:
        raise ApiError("ABORTED", f"The etag {body['etag']!r} does not match the Endpoint's; read it again.")
    mask = request.query.get("updateMask") or request.query.get("update_mask") or ""
    paths = [camel(part) for part in mask.split(",") if part] or [key for key in body if key in _PATCHABLE]
    if bad := [path for path in paths if path.split(".")[0] not in _PATCHABLE]:
        raise invalid(f"Field {bad[0]} in update_mask is not updatable.")
    changed = copy.deepcopy(current)
    for path in paths:
        documents.put_by_path(changed, path, documents.by_path(body, path) or None)
    check_display_name(changed.get("displayName"), what="endpoint")
    check_labels(changed.get("labels", {}))
    split = changed.get("trafficSplit", {})
    check_split(split, {one["id"] for one in changed.get("deployedModels", ())})
    current.clear()
    current.update(changed)
    fleet.set_split(request.world, current, {key: int(share) for key, share in split.items()}, request.now)
    fleet.rename(request.world, current)
    save(request.world, current, request.now)
    return current


def delete(request: Request) -> Document:
    """DELETE endpoints/ID -> operation; refused while anything is deployed or being deployed."""
    document = request.resource("Endpoint")
    refuse_if_in_use(request, document)
    if operations.running(request.world, request.name, method="DeleteEndpoint"):
        raise precondition(f"Endpoint {request.name} is being deleted.")

    def apply(at: datetime) -> Document:
        if (current := request.world.store.get(request.name)) is not None:
            refuse_if_in_use(request, current)
            fleet.remove_endpoint(request.world, request.name, at)
        return request.empty()

    return request.operation(
        "DeleteEndpoint",
        request.name,
        takes(request.world, "delete_endpoint"),
        apply,
        metadata="DeleteOperationMetadata",
    )


def refuse_if_in_use(request: Request, document: Document) -> None:
    """The platform's refusal to delete an endpoint that serves, or is about to, or is being emptied."""
    serving = [one["id"] for one in document.get("deployedModels", ())]
    coming = [one.subject for one in operations.running(request.world, document["name"], method="DeployModel")]
    if serving or coming:
        raise precondition(
            f"Endpoint has deployed or being-deployed DeployedModel(s): {', '.join(serving + coming)}. "
            "Please undeploy them before deleting the Endpoint."
        )
