"""Parts that all documents have: stamps, etags, output-only fields."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from guard.sandbox.clock import rfc3339
from guard.sandbox.world import World

Document = dict[str, Any]

ENDPOINT_SETTINGS: Final = (
    "description",
    "encryptionSpec",
    "network",
    "privateServiceConnectConfig",
    "dedicatedEndpointEnabled",
    "predictRequestResponseLoggingConfig",
    "clientConnectionConfig",
    "genAiAdvancedFeaturesConfig",
    "privateModelServerEnabled",
)
"""What a caller may set on an endpoint beside its display name and labels."""


def stamp(document: Document, at: datetime, *, created: bool = False) -> None:
    """Set the times and a new etag."""
    moment = rfc3339(at)
    if created:
        document["createTime"] = moment
    document["updateTime"] = moment
    seed = f"{document['name']}|{moment}|{document.get('etag', '')}"
    document["etag"] = "AMEw9y" + hashlib.sha256(seed.encode()).hexdigest()[:24]


def save(world: World, document: Document, at: datetime, *, created: bool = False) -> None:
    """Stamp a document and put it into the store."""
    stamp(document, at, created=created)
    world.store.put(document["name"], document)


def endpoint(name: str, body: Mapping[str, Any]) -> Document:
    """A new endpoint's document: what the caller said, without output-only fields."""
    document: Document = {"name": name, "displayName": body["displayName"]}
    if body.get("labels"):
        document["labels"] = dict(body["labels"])
    document.update({key: body[key] for key in ENDPOINT_SETTINGS if body.get(key)})
    return document


def by_path(document: Mapping[str, Any], path: str) -> Any:
    """The value at `a.b.c`, or None."""
    value: Any = document
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def put_by_path(document: Document, path: str, value: Any) -> None:
    """Set the value at `a.b.c`; None removes it."""
    *parents, leaf = path.split(".")
    holder = document
    for part in parents:
        holder = holder.setdefault(part, {})
    if value is None:
        holder.pop(leaf, None)
    else:
        holder[leaf] = value
