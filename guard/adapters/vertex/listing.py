"""Listing one kind of thing in one location, page by page; raw documents are dropped as soon as they are read.

From one look to the next most pages are byte for byte the same. What a page was read to is kept with a digest of its
bytes, so that an unchanged one costs a hash: reading a thousand endpoints and models takes a fifth of a second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import Any, TypeAlias

from guard.adapters.connection import Connection, Read, json_object, with_token
from guard.adapters.vertex.endpoints import endpoint_from
from guard.adapters.vertex.fields import Naming, Raw, parts, required
from guard.adapters.vertex.jobs import gemini_model_of, job_from
from guard.adapters.vertex.models import is_tuned_gemini, model_from
from guard.adapters.vertex.pools import pool_from
from guard.adapters.worlds import MULTI_REGIONS
from guard.core.model import Endpoint, RegistryModel, ResourcePool, TuningJob
from guard.core.names import Scope, model_and_version
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
    pages: list[Page] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Page:
    """What one page was read to. A function of its bytes, and of how projects are written."""

    digest: bytes
    things: tuple[Thing, ...]
    gemini: frozenset[str]
    next_token: str


def kinds_in(location: str) -> tuple[Listed, ...]:
    """The kinds that a location can hold: the multi-regions serve tuned Gemini only, which uses no pools."""
    return tuple(kind for kind in Listed if kind is not Listed.POOLS or location not in (*MULTI_REGIONS, "global"))


def list_kind(
    connection: Connection,
    scope: Scope,
    kind: Listed,
    project_id: str,
    naming: Naming,
    known: Sequence[Page] = (),
) -> Listing:
    """List all pages of one kind. A failure is told in `problem`; what was read before it stays, as an incomplete list.

    `known` are the pages of an earlier listing with the same project id and naming.
    """
    listing = Listing(scope, kind)
    read = Read("vertex", f"{kind.value}.list", str(scope))
    try:
        _fill(listing, connection, read, project_id, naming, known)
    except GuardError as error:
        listing.problem = str(error)
    except Exception as error:  # noqa: BLE001  # invariant 11: not even a bug of ours here may stop the look elsewhere
        listing.problem = f"{read}: could not be read ({type(error).__name__}: {error}); this is a bug of Tuneguard."
    return listing


def _fill(
    listing: Listing, connection: Connection, read: Read, project_id: str, naming: Naming, known: Sequence[Page]
) -> None:
    url = f"{connection.world.vertex(listing.scope.location)}/{API}/{listing.scope}/{listing.kind.value}"
    names: set[str] = set()

    def add(thing: Thing) -> None:
        if thing.name in names:
            # A page that comes twice may stand in the place of one that never came.
            raise Malformed(f"{read}: {thing.name} came twice; the listing cannot be trusted.")
        names.add(thing.name)
        listing.things.append(thing)

    def parse(content: bytes) -> tuple[Page, str]:
        digest = blake2b(content, digest_size=16).digest()
        number = len(listing.pages)
        before = known[number] if number < len(known) else None
        if before is not None and before.digest == digest:
            for thing in before.things:
                add(thing)
            return before, before.next_token
        page, token = with_token(json_object(content, read))
        first, gemini = len(listing.things), set[str]()
        for raw in parts(page, listing.kind.value):
            add(READERS[listing.kind](raw, project_id, naming))
            gemini |= _gemini_behind(raw, listing.kind, naming)
        return Page(digest, tuple(listing.things[first:]), frozenset(gemini), token), token

    for page in connection.walk(url, read, parse, {"pageSize": str(PAGE_SIZE)}):
        listing.pages.append(page)
        listing.gemini |= page.gemini


def _gemini_behind(raw: Raw, kind: Listed, naming: Naming) -> set[str]:
    """The tuned Gemini model that a document is or tells of, if there is one."""
    if kind is Listed.MODELS and is_tuned_gemini(raw):
        return {model_and_version(naming(required(raw, "name")))[0]}
    model = gemini_model_of(raw, naming) if kind is Listed.JOBS else ""
    return {model} if model else set()
