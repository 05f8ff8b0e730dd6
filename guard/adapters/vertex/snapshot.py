"""One look at everything that is enrolled: all kinds, all locations, all projects at once.

What is listed when: endpoints in every location at every look. The other kinds too, wherever the last whole look found
anything; in a location that was empty they are listed again after `QUIET` only. So a new endpoint is seen at once
wherever it is, a first pool, model or tuning job in an empty location up to six hours later: nothing is removed for that,
it is only judged later. An incomplete listing makes its whole location incomplete, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock

from guard.adapters.connection import Connection
from guard.adapters.inventory.locations import Locations
from guard.adapters.vertex.endpoints import with_token_billing
from guard.adapters.vertex.fields import Naming
from guard.adapters.vertex.listing import Listed, Listing, Page, kinds_in, list_kind
from guard.adapters.vertex.pools import sharers_of
from guard.core.model import Endpoint, RegistryModel, ResourcePool, ScopeReport, Snapshot, TuningJob
from guard.core.names import Scope
from guard.ports.errors import GuardError
from guard.ports.inventory import Project

QUIET = timedelta(hours=6)
"""How long the rarer kinds of an empty location are not listed again, domain time."""
EVERYWHERE = "-"
"""The location in the report of a project whose locations could not be listed."""


@dataclass(frozen=True, slots=True)
class Look:
    """One location as seen at one look."""

    report: ScopeReport
    endpoints: tuple[Endpoint, ...]
    pools: tuple[ResourcePool, ...]
    models: tuple[RegistryModel, ...]
    jobs: tuple[TuningJob, ...]
    gemini: frozenset[str]


class Looking:
    """Takes snapshots; remembers which locations were empty, and which models are tuned Gemini."""

    def __init__(self, connection: Connection, locations: Locations) -> None:
        self._connection = connection
        self._locations = locations
        self._lock = Lock()
        self._empty_since: dict[Scope, datetime] = {}
        self._gemini: dict[Scope, frozenset[str]] = {}
        self._pools: set[str] = set()
        self._looked_at: set[str] = set()
        self._pages: dict[tuple[Scope, Listed], Sequence[Page]] = {}
        self._naming = Naming({})

    def has_pools(self, project_number: str) -> bool:
        """False only where a whole look at the project found no pool: then the pools' metrics need not be asked for."""
        with self._lock:
            return project_number in self._pools or project_number not in self._looked_at

    def gemini_in(self, scope: Scope) -> frozenset[str]:
        """The tuned Gemini models that the last look found in a scope."""
        with self._lock:
            return self._gemini.get(scope, frozenset())

    def take(self, projects: Sequence[Project], now: datetime) -> Snapshot:
        """List everything; raises nothing that a cloud can cause."""
        naming = Naming({project.id: project.number for project in projects})
        known = self._known_pages(naming)
        where = self._connection.workers.map(lambda one: (one, *self._find_locations(one, now)), projects)
        failed: list[ScopeReport] = []
        waiting: list[tuple[Project, Scope, list[Future[Listing]]]] = []
        for project, locations, problem in where:
            if problem:
                failed.append(
                    ScopeReport(
                        scope=Scope(project.number, EVERYWHERE), project_id=project.id, complete=False, problem=problem
                    )
                )
            for location in locations:
                scope = Scope(project.number, location)
                kinds = kinds_in(location) if self._is_due(scope, now) else (Listed.ENDPOINTS,)
                waiting.append(
                    (
                        project,
                        scope,
                        [
                            self._connection.workers.submit(
                                list_kind,
                                self._connection,
                                scope,
                                kind,
                                project.id,
                                naming,
                                known.get((scope, kind), ()),
                            )
                            for kind in kinds
                        ],
                    )
                )
        listings = [(project, scope, [future.result() for future in futures]) for project, scope, futures in waiting]
        looks = [_look(scope, project.id, of_scope) for project, scope, of_scope in listings]
        self._keep_pages(naming, [listing for _, _, of_scope in listings for listing in of_scope])
        self._remember(looks, projects, {report.scope.project for report in failed}, now)
        return Snapshot(
            taken_at=now,
            scopes=(*failed, *(look.report for look in looks)),
            endpoints=tuple(one for look in looks for one in look.endpoints),
            pools=tuple(one for look in looks for one in look.pools),
            models=tuple(one for look in looks for one in look.models),
            jobs=tuple(one for look in looks for one in look.jobs),
        )

    def _known_pages(self, naming: Naming) -> Mapping[tuple[Scope, Listed], Sequence[Page]]:
        """The pages of the last look, if they were read with the same names: then equal bytes mean equal things."""
        with self._lock:
            return dict(self._pages) if naming.writes_like(self._naming) else {}

    def _keep_pages(self, naming: Naming, listings: Iterable[Listing]) -> None:
        """Keep the pages of this look, and no others: what is not listed any more must not pile up."""
        with self._lock:
            self._pages = {(listing.scope, listing.kind): listing.pages for listing in listings}
            self._naming = naming

    def _find_locations(self, project: Project, now: datetime) -> tuple[Sequence[str], str]:
        try:
            return self._locations.of(project, now), ""
        except GuardError as error:
            return self._locations.known(project), str(error)

    def _is_due(self, scope: Scope, now: datetime) -> bool:
        with self._lock:
            since = self._empty_since.get(scope)
        # A clock that went back makes everything due again.
        return since is None or not timedelta(0) <= now - since < QUIET

    def _remember(self, looks: Iterable[Look], projects: Sequence[Project], failed: set[str], now: datetime) -> None:
        incomplete = set(failed)
        with self._lock:
            for look in looks:
                scope = look.report.scope
                whole = self._is_whole(look)
                if look.pools:
                    self._pools.add(scope.project)
                if not look.report.complete:
                    incomplete.add(scope.project)
                    self._empty_since.pop(scope, None)
                elif look.endpoints or look.pools or look.models or look.jobs:
                    self._empty_since.pop(scope, None)
                elif whole:
                    self._empty_since[scope] = now
                if whole:
                    self._gemini[scope] = look.gemini
            self._looked_at |= {project.number for project in projects} - incomplete

    @staticmethod
    def _is_whole(look: Look) -> bool:
        return set(look.report.counts) == {kind.value for kind in kinds_in(look.report.scope.location)}


def _look(scope: Scope, project_id: str, listings: Sequence[Listing]) -> Look:
    """Put the listings of one location together: token billing by models and jobs, sharers by endpoints."""
    by_kind: Mapping[Listed, Listing] = {listing.kind: listing for listing in listings}
    problems = [listing.problem for listing in listings if listing.problem]
    gemini = frozenset().union(*(listing.gemini for listing in listings))

    def things(kind: Listed) -> tuple[object, ...]:
        listing = by_kind.get(kind)
        return tuple(listing.things) if listing else ()

    endpoints = tuple(with_token_billing(one, gemini.__contains__) for one in by_kind[Listed.ENDPOINTS].things)
    sharers = None if by_kind[Listed.ENDPOINTS].problem else sharers_of(endpoints)
    pools = tuple(
        pool if sharers is None else replace(pool, sharers=sharers.get(pool.name, ()))
        for pool in (by_kind[Listed.POOLS].things if Listed.POOLS in by_kind else ())
    )
    return Look(
        report=ScopeReport(
            scope=scope,
            project_id=project_id,
            complete=not problems,
            problem="; ".join(problems),
            counts={listing.kind.value: len(listing.things) for listing in listings},
        ),
        endpoints=endpoints,
        pools=pools,
        models=things(Listed.MODELS),  # type: ignore[arg-type]  # the reader of the kind made them
        jobs=things(Listed.JOBS),  # type: ignore[arg-type]  # the reader of the kind made them
        gemini=gemini,
    )
