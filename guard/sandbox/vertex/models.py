"""The model registry: upload, get, list, versions, checkpoints, patch, delete, copy."""

import copy
from datetime import datetime

from guard.sandbox import operations
from guard.sandbox.errors import ApiError, invalid, precondition
from guard.sandbox.timings import takes
from guard.sandbox.vertex import documents, registry
from guard.sandbox.vertex.documents import Document, save
from guard.sandbox.vertex.labels import check_display_name, check_labels
from guard.sandbox.vertex.names import split_version
from guard.sandbox.vertex.request import Request
from guard.sandbox.vertex.wire import camel

_PATCHABLE = frozenset({"displayName", "description", "labels", "versionDescription", "versionAliases"})


def upload(request: Request) -> Document:
    """POST models:upload {"model", "parentModel"?, "modelId"?} -> operation."""
    body = request.body.get("model") or {}
    if not isinstance(body, dict):
        raise invalid(f"Invalid value at 'model' (TYPE_MESSAGE), {body!r}.")
    check_labels(body.get("labels", {}))
    parent = request.body.get("parentModel")
    if parent:
        name = request.canonical(parent, what="parent_model")
        current = registry.find(request.world, split_version(name)[0])
        name = current["name"]
        body = {"displayName": current["displayName"], **body}
    else:
        name = f"{request.collection}/{request.body.get('modelId') or request.world.new_id()}"
        if request.world.store.get(name) is not None:
            raise ApiError("ALREADY_EXISTS", f"Model already exists: {name}.")
    check_display_name(body.get("displayName"), what="model")
    container = body.get("containerSpec") or {}
    if not container.get("imageUri"):
        raise invalid("model.container_spec.image_uri is required.")
    aliases = body.get("versionAliases", [])
    first = not parent

    def apply(at: datetime) -> Document:
        document = {"supportedDeploymentResourcesTypes": ["DEDICATED_RESOURCES", "SHARED_RESOURCES"], **body}
        document.setdefault("modelSourceInfo", {"sourceType": "CUSTOM"})
        made = registry.add_version(request.world, name, document, at, make_default=first or "default" in aliases)
        return request.typed("UploadModelResponse", {"model": name, "modelVersionId": made["versionId"]})

    return request.operation("UploadModel", name, takes(request.world, "upload_model"), apply)


def get(request: Request) -> Document:
    """GET models/ID, models/ID@version, models/ID@alias."""
    bare, version = split_version(request.name)
    return registry.find(request.world, bare, version)


def list_versions(request: Request) -> Document:
    """GET models/ID:listVersions."""
    model = get(request)
    return {"models": registry.versions(request.world, model["name"])}


def list_checkpoints(request: Request) -> Document:
    """GET models/ID:listCheckpoints: what a tuning job left behind on the way."""
    model = get(request)
    return {"checkpoints": model.get("checkpoints", [])}


def patch(request: Request) -> Document:
    """PATCH models/ID?updateMask=."""
    current, body = get(request), request.body
    if body.get("etag") and body["etag"] != current["etag"]:
        raise ApiError("ABORTED", f"The etag {body['etag']!r} does not match the Model's; read it again.")
    mask = request.query.get("updateMask") or request.query.get("update_mask") or ""
    paths = [camel(part) for part in mask.split(",") if part]
    if not paths:
        raise invalid("update_mask is required.")
    changed = copy.deepcopy(current)
    for path in paths:
        if path.split(".")[0] not in _PATCHABLE:
            raise invalid(f"Field {path} in update_mask is not updatable.")
        documents.put_by_path(changed, path, documents.by_path(body, path) or None)
    check_labels(changed.get("labels", {}))
    check_display_name(changed.get("displayName"), what="model")
    current.clear()
    current.update(changed)
    save(request.world, registry.find(request.world, current["name"]), request.now)
    return current


def merge_aliases(request: Request) -> Document:
    """POST models/ID@V:mergeVersionAliases {"versionAliases": ["canary", "-old"]}: an alias sits on one version."""
    target = get(request)
    for alias in request.body.get("versionAliases", []):
        bare = alias.removeprefix("-")
        if alias.startswith("-"):
            target["versionAliases"] = [one for one in target["versionAliases"] if one != bare]
            continue
        for other in registry.versions(request.world, target["name"]):
            other["versionAliases"] = [one for one in other["versionAliases"] if one != bare]
        target["versionAliases"].append(bare)
        if bare == "default":
            request.world.store.put(target["name"], target)
    return target


def delete(request: Request) -> Document:
    """DELETE models/ID -> operation; all versions go; refused while any of them is deployed."""
    bare, _ = split_version(request.name)
    model = registry.find(request.world, bare)
    _refuse_if_deployed(registry.versions(request.world, bare))
    if operations.running(request.world, bare, method="DeleteModel"):
        raise precondition(f"Model {bare} is being deleted.")

    def apply(_: datetime) -> Document:
        _refuse_if_deployed(registry.versions(request.world, bare))
        registry.remove(request.world, bare)
        return request.empty()

    return request.operation(
        "DeleteModel", model["name"], takes(request.world, "delete_model"), apply, metadata="DeleteOperationMetadata"
    )


def delete_version(request: Request) -> Document:
    """DELETE models/ID@V:deleteVersion -> operation; neither the default nor a deployed version goes."""
    bare, version = split_version(request.name)
    if not version:
        raise invalid("A version is expected: models/ID@VERSION.")
    document = registry.find(request.world, bare, version)
    if "default" in document["versionAliases"]:
        raise precondition(
            f"The default version of a Model cannot be deleted: {request.name}. Delete the Model instead."
        )
    _refuse_if_deployed([document])

    def apply(_: datetime) -> Document:
        registry.remove_version(request.world, bare, document["versionId"])
        return request.empty()

    return request.operation(
        "DeleteModelVersion", bare, takes(request.world, "delete_model"), apply, metadata="DeleteOperationMetadata"
    )


def copy_model(request: Request) -> Document:
    """POST models:copy {"sourceModel", "modelId"? | "parentModel"?} -> operation."""
    source_name = request.canonical(request.body.get("sourceModel"), what="source_model")
    bare, version = split_version(source_name)
    source = registry.find(request.world, bare, version)
    if parent := request.body.get("parentModel"):
        name = registry.find(request.world, request.canonical(parent, what="parent_model"))["name"]
    else:
        name = f"{request.collection}/{request.body.get('modelId') or request.world.new_id()}"
        if request.world.store.get(name) is not None:
            raise ApiError("ALREADY_EXISTS", f"Model already exists: {name}.")

    def apply(at: datetime) -> Document:
        body = {**source, "versionAliases": [], "modelSourceInfo": {**source.get("modelSourceInfo", {}), "copy": True}}
        made = registry.add_version(request.world, name, body, at)
        return request.typed("CopyModelResponse", {"model": name, "modelVersionId": made["versionId"]})

    return request.operation("CopyModel", name, takes(request.world, "copy_model"), apply)


def _refuse_if_deployed(documents_: list[Document]) -> None:
    used = [one["endpoint"] for document in documents_ for one in document.get("deployedModels", ())]
    if used:
        raise precondition(
            "The Model is deployed or being deployed at the following Endpoint(s): "
            f"{', '.join(dict.fromkeys(used))}. Please undeploy the model before retry."
        )
