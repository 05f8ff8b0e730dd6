"""Listing one kind of thing in one location, page by page; raw documents are dropped as soon as they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from guard.adapters.connection import Connection, Read
from guard.adapters.vertex.endpoints import endpoint_from
from guard.adapters.vertex.fields import Naming, Raw, parts
from guard.adapters.vertex.jobs import gemini_model_of, job_from
from guard.adapters.vertex.models import is_tuned_gemini, model_from
from guard.adapters.vertex.pools import pool_from
from guard.adapters.worlds import MULTI_REGIONS
from guard.core.model import Endpoint, RegistryModel, ResourcePool, TuningJob
from guard.core.names import Scope
from guard.ports.errors import GuardError, Malformed

Thing: TypeAlias = Endpoint | ResourcePool | RegistryModel | TuningJob

API = "v1beta1"
"""The version that shows scale to zero, flex start and every tuning method; v1 leaves them out without a sign."""

PAGE_SIZE = 100
"""No default or maximum is documented; this many were never refused."""


class Listed(StrEnum):
    """The collections that are listed, by their name in the API."""

    ENDPOINTS = "endpoints"
    POOLS = "deploymentResourcePools"
    MODELS = "models"
    JOBS = "tuningJobs"


READERS: Mapping[Listed, Callable[[Raw, str, Naming], Thing]] = {
    Listed.ENDPOINTS: endpoint_from,
    Listed.POOLS: pool_from,
    Listed.MODELS: model_from,
    Listed.JOBS: job_from,
}


@dataclass(slots=True)
class Listing:
    """What one listing gave: things, the tuned Gemini models among or behind them, and what went wrong."""

    scope: Scope
    kind: Listed
    things: list[Any] = field(default_factory=list)
    gemini: set[str] = field(default_factory=set)
    problem: str = ""


def kinds_in(location: str) -> tuple[Listed, ...]:
    """The kinds that a location can hold: the multi-regions serve tuned Gemini only, which uses no pools."""
    return tuple(kind for kind in Listed if kind is not Listed.POOLS or location not in (*MULTI_REGIONS, "global"))


def list_kind(connection: Connection, scope: Scope, kind: Listed, project_id: str, naming: Naming) -> Listing:
    """List all pages of one kind. A failure is told in `problem`; what was read before it stays, as an incomplete list."""
    listing = Listing(scope, kind)
    read = Read("vertex", f"{kind.value}.list", str(scope))
    try:
        _fill(listing, connection, read, project_id, naming)
    except GuardError as error:
        listing.problem = str(error)
    except Exception as error:  # noqa: BLE001  # invariant 11: not even a bug of ours here may stop the look elsewhere
        listing.problem = f"{read}: could not be read ({type(error).__name__}: {error}); this is a bug of Tuneguard."
    return listing


def _fill(listing: Listing, connection: Connection, read: Read, project_id: str, naming: Naming) -> None:
    kind, reader = listing.kind, READERS[listing.kind]
    url = f"{connection.world.vertex(listing.scope.location)}/{API}/{listing.scope}/{kind.value}"
    names: set[str] = set()
    for page in connection.pages(url, read, {"pageSize": str(PAGE_SIZE)}):
        for raw in parts(page, kind.value):
            thing = reader(raw, project_id, naming)
            if thing.name in names:
                # A page that comes twice may stand in the place of one that never came.
                raise Malformed(f"{read}: {thing.name} came twice; the listing cannot be trusted.")
            names.add(thing.name)
            listing.things.append(thing)
            if kind is Listed.MODELS and is_tuned_gemini(raw):
                listing.gemini.add(thing.name)
            elif kind is Listed.JOBS and (model := gemini_model_of(raw, naming)):
                listing.gemini.add(model)
