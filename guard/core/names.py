"""Canonical resource names: with the project number, one way to write each thing. Pure.

projects/NUMBER/locations/LOC/endpoints/ID
projects/NUMBER/locations/LOC/endpoints/ID/deployedModels/ID      (ours: the platform gives no name to it)
projects/NUMBER/locations/LOC/deploymentResourcePools/ID
projects/NUMBER/locations/LOC/models/ID
projects/NUMBER/locations/LOC/tuningJobs/ID
projects/PROVIDER/locations/global/{tuningJobs,models,files}/ID   (ours: things at another provider)
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(r"projects/(?P<project>[^/]+)/locations/(?P<location>[^/]+)/(?P<rest>.+)")


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """A project (by number) and a location: what is listed, doubted and refused together."""

    project: str
    location: str

    def __str__(self) -> str:
        return f"projects/{self.project}/locations/{self.location}"


def provider_name(provider: str, kind: str, identity: str) -> str:
    """Write the name of a thing at another provider in the same form: `projects/openai/locations/global/tuningJobs/ftjob-1`."""
    return f"projects/{provider}/locations/global/{kind}/{identity}"


def is_provider(project: str) -> bool:
    """True for the project part of such a name; a real project is written as its number.

    >>> is_provider("openai"), is_provider("100000000001")
    (True, False)
    """
    return not project.isdigit()


def scope_of(name: str) -> Scope:
    """Return the scope of a canonical name; raises ValueError where it is none."""
    found = _NAME.fullmatch(name)
    if found is None:
        raise ValueError(f"not a resource name: {name!r}; expected projects/NUMBER/locations/LOCATION/KIND/ID")
    return Scope(found["project"], found["location"])


def with_project(name: str, number: str) -> str:
    """Return the same name with the project written as its number."""
    head, _, rest = name.partition("/locations/")
    return f"projects/{number}/locations/{rest}" if head.startswith("projects/") else name


def last_part(name: str) -> str:
    """Return the id at the end of a name."""
    return name.rsplit("/", 1)[-1]


def endpoint_of(deployed_model: str) -> str:
    """Return the endpoint's name from a deployed model's."""
    return deployed_model.partition("/deployedModels/")[0]


def model_and_version(name: str) -> tuple[str, str | None]:
    """Split `.../models/M@3` into the model's name and its version; a bare name has none."""
    model, at, version = name.partition("@")
    return model, (version if at else None)
