"""The model registry at an instant: models, their versions, aliases, and what is deployed of them.

A model's versions are kept under `.../models/ID/versions/V`; `.../models/ID` is the same document as its default version.
"""

import copy
from datetime import datetime

from guard.sandbox.clock import rfc3339
from guard.sandbox.errors import ApiError
from guard.sandbox.vertex.documents import Document, save
from guard.sandbox.world import World

OUTPUT_ONLY = ("createTime", "updateTime", "versionCreateTime", "versionUpdateTime", "deployedModels", "versionId")


def versions(world: World, name: str) -> list[Document]:
    """All versions of the model `name` (without a version), oldest first."""
    return world.store.documents(f"{name}/versions")


def find(world: World, name: str, version: str = "") -> Document:
    """The version or alias of a model, its default version where none is named. Raises ApiError NOT_FOUND."""
    if not version or version == "default":
        document = world.store.get(name)
    else:
        document = world.store.get(f"{name}/versions/{version}") or next(
            (one for one in versions(world, name) if version in one["versionAliases"]), None
        )
    if document is None:
        shown = f"{name}@{version}" if version else name
        raise ApiError("NOT_FOUND", f"The Model does not exist: {shown}.")
    return document


def add_version(world: World, name: str, body: Document, at: datetime, *, make_default: bool = True) -> Document:
    """Add the next version of a model, its first one too; returns the new version's document."""
    earlier = versions(world, name)
    number = str(max((int(one["versionId"]) for one in earlier), default=0) + 1)
    document = copy.deepcopy({key: value for key, value in body.items() if key not in OUTPUT_ONLY})
    wanted = [alias for alias in document.get("versionAliases", []) if alias != "default"]
    document.update(name=name, versionId=number, versionAliases=wanted)
    document["versionCreateTime"] = document["versionUpdateTime"] = rfc3339(at)
    default = not earlier or make_default
    for other in earlier:
        gone = set(wanted) | ({"default"} if default else set())
        other["versionAliases"] = [alias for alias in other["versionAliases"] if alias not in gone]
    if default:
        document["versionAliases"] = ["default", *wanted]
    save(world, document, at, created=not earlier)
    document.setdefault("createTime", earlier[0]["createTime"] if earlier else rfc3339(at))
    world.store.put(f"{name}/versions/{number}", document)
    if not default:
        world.store.put(name, next(one for one in earlier if "default" in one["versionAliases"]))
    return document


def remove(world: World, name: str) -> None:
    """Delete a model with all its versions."""
    for document in versions(world, name):
        world.store.delete(f"{name}/versions/{document['versionId']}")
    world.store.delete(name)


def remove_version(world: World, name: str, version: str) -> None:
    """Delete one version that is not the default."""
    world.store.delete(f"{name}/versions/{version}")


def mark_deployed(world: World, model: Document, endpoint_name: str, deployed_id: str) -> None:
    """Note on the version that it is deployed there."""
    model.setdefault("deployedModels", []).append({"endpoint": endpoint_name, "deployedModelId": deployed_id})
    world.store.put(f"{model['name']}/versions/{model['versionId']}", model)
    _refresh_default(world, model["name"])


def unmark_deployed(world: World, name: str, endpoint_name: str, deployed_id: str) -> None:
    """Forget a deployment of any version of the model."""
    for document in versions(world, name):
        left = [
            one
            for one in document.get("deployedModels", ())
            if (one["endpoint"], one["deployedModelId"]) != (endpoint_name, deployed_id)
        ]
        if left:
            document["deployedModels"] = left
        else:
            document.pop("deployedModels", None)
    _refresh_default(world, name)


def _refresh_default(world: World, name: str) -> None:
    if (document := world.store.get(name)) is not None:
        world.store.put(name, document)
