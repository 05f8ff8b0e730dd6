"""Paths and resource names of Vertex AI: taken apart, put together, made canonical."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

LOCATIONS: Final = (
    *("africa-south1", "asia-east1", "asia-east2", "asia-northeast1", "asia-northeast2", "asia-northeast3"),
    *("asia-south1", "asia-south2", "asia-southeast1", "asia-southeast2", "australia-southeast1"),
    *("australia-southeast2", "europe-central2", "europe-north1", "europe-north2", "europe-southwest1"),
    *("europe-west1", "europe-west2", "europe-west3", "europe-west4", "europe-west6", "europe-west8", "europe-west9"),
    *("europe-west12", "global", "me-central1", "me-central2", "me-west1", "northamerica-northeast1"),
    *("northamerica-northeast2", "southamerica-east1", "southamerica-west1", "us-central1", "us-east1", "us-east4"),
    *("us-east5", "us-east7", "us-south1", "us-west1", "us-west2", "us-west3", "us-west4", "us-west8", "us", "eu"),
)
"""Regions, `global` and the two multi-regions that the client library of 2026-11 knows (google-cloud-aiplatform 2.7.0)."""

_PATH = re.compile(r"^/(?P<version>v1|v1beta1|ui)/projects/(?P<project>[^/]+)/locations(?:/(?P<rest>.+))?$")
_COLLECTIONS: Final = frozenset({"endpoints", "models", "deploymentResourcePools", "tuningJobs", "operations"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A Vertex AI path: `/v1/projects/P/locations/L/endpoints/7:deployModel` and its like.

    `operation` is the id in `.../operations/ID`; `tail` holds `operations` where the operations of a resource are listed.
    """

    version: str
    project: str
    location: str = ""
    collection: str = ""
    id: str = ""
    action: str = ""
    operation: str = ""
    tail: str = ""


@lru_cache(maxsize=4096)
def parse(path: str) -> Path | None:
    """Take a path apart; None where it is not one of Vertex AI."""
    if (match := _PATH.match(path)) is None:
        return None
    version, project, rest = match["version"], match["project"], match["rest"]
    if rest is None:
        return Path(version=version, project=project)
    location, _, inner = rest.partition("/")
    if not inner:
        return Path(version=version, project=project, location=location)
    head, _, action = inner.partition(":")
    parts = head.split("/")
    where = {"version": version, "project": project, "location": location}
    match parts:
        case ["publishers", publisher, "models", model]:
            return Path(**where, collection="publishers", id=f"{publisher}/{model}", action=action)
        case ["operations", operation]:
            return Path(**where, collection="operations", operation=operation, action=action)
        case [collection] if collection in _COLLECTIONS:
            return Path(**where, collection=collection, action=action)
        case [collection, name] if collection in _COLLECTIONS:
            return Path(**where, collection=collection, id=name, action=action)
        case [collection, name, "operations"] if collection in _COLLECTIONS:
            return Path(**where, collection=collection, id=name, tail="operations", action=action)
        case [collection, name, "operations", operation] if collection in _COLLECTIONS:
            return Path(**where, collection=collection, id=name, operation=operation, action=action)
    return None


def split_version(model: str) -> tuple[str, str]:
    """`2001@3` or `projects/.../models/2001@3` -> (without the version, version or alias; empty where none is given)."""
    bare, _, version = model.partition("@")
    return bare, version


def parent_of(name: str) -> str:
    """`projects/N/locations/L` of a resource name."""
    return "/".join(name.split("/")[:4])


def last(name: str) -> str:
    """The id at the end of a resource name."""
    return name.rpartition("/")[2]
