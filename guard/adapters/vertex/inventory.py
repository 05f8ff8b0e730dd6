"""The Inventory port on Vertex AI."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from guard.adapters.connection import Connection, Read
from guard.adapters.inventory.locations import Locations
from guard.adapters.inventory.projects import Projects
from guard.adapters.vertex.endpoints import with_token_billing
from guard.adapters.vertex.fields import Naming, instant, part, parts, text
from guard.adapters.vertex.listing import API, READERS, Listed
from guard.adapters.vertex.machines import NO_RESOURCES
from guard.adapters.vertex.models import is_tuned_gemini
from guard.adapters.vertex.snapshot import Looking
from guard.core.model import Endpoint, Snapshot
from guard.core.names import model_and_version, scope_of
from guard.ports.errors import Gone, GuardError, Malformed, NotFoundByName
from guard.ports.inventory import Document, OperationState, Project

DEPLOY_METADATA = "DeployModelOperationMetadata"


class VertexInventory:
    """Reads only. `locations` narrows every project to the locations that guard.yaml names (None: all)."""

    def __init__(self, connection: Connection, *, locations: Sequence[str] | None = None) -> None:
        self._connection = connection
        self._projects = Projects(connection)
        self._looking = Looking(connection, Locations(connection, only=locations))
        self._lock = Lock()
        self._ids: dict[str, str] = {}  # project number -> id, of every project met

    def projects(self, wanted: Sequence[str]) -> Sequence[Project]:
        """Resolve project ids or numbers."""
        return self._met(self._projects.resolve(wanted))

    def folder_projects(self, folder: str) -> Sequence[Project]:
        """List the active projects below a folder."""
        return self._met(self._projects.below(folder))

    def snapshot(self, projects: Sequence[Project], now: datetime) -> Snapshot:
        """List all locations of all projects at once; see `snapshot.py` for what is listed when."""
        return self._looking.take(self._met(projects), now)

    def has_pools(self, project: Project) -> bool:
        """False only where a whole look at the project found no pool."""
        return self._looking.has_pools(project.number)

    def get(self, name: str) -> Document:
        """Read one resource afresh. Raises GuardError; a 404 is a Document without a body."""
        naming = self._naming()
        try:
            raw = self._connection.get(self._url(name), Read("vertex", f"{_kind(name).value}.get", name))
        except Gone:
            return Document(name=name, body=None)
        thing = READERS[_kind(name)](raw, self._ids.get(scope_of(name).project, ""), naming)
        if isinstance(thing, Endpoint):
            thing = with_token_billing(thing, self._tuned_gemini(thing))
        return Document(name=thing.name, body=raw, parsed=thing)

    def operation(self, name: str) -> OperationState:
        """Ask for a long-running operation; `known` is False where the platform has none of that name."""
        try:
            raw = self._connection.get(self._url(name), Read("vertex", "operations.get", name))
        except Gone:
            return OperationState(name=name, done=False, known=False)
        return _operation(raw)

    def operations_on(self, name: str) -> Sequence[OperationState]:
        """List the operations on a resource, finished ones too; none where it is gone. Raises GuardError."""
        read = Read("vertex", "operations.list", name)
        try:
            return tuple(
                _operation(raw)
                for page in self._connection.pages(f"{self._url(name)}/operations", read)
                for raw in parts(page, "operations")
            )
        except Gone:
            return ()

    def operations_running(self, endpoint: str) -> Sequence[OperationState]:
        """List the operations in progress on an endpoint. Raises GuardError."""
        return tuple(one for one in self.operations_on(endpoint) if not one.done)

    def deploy_took(self, endpoint: str) -> timedelta | None:
        """Read the latest finished deploy off the endpoint's operations: from its creation to its last update."""
        read = Read("vertex", "operations.list", endpoint)
        latest: tuple[datetime, timedelta] | None = None
        for page in self._connection.pages(f"{self._url(endpoint)}/operations", read):
            for raw in parts(page, "operations"):
                metadata = part(raw, "metadata")
                if not raw.get("done") or "error" in raw or DEPLOY_METADATA not in text(metadata, "@type"):
                    continue
                times = part(metadata, "genericMetadata")
                began, ended = instant(times, "createTime"), instant(times, "updateTime")
                if began is not None and ended is not None and ended > began and (latest is None or ended > latest[0]):
                    latest = ended, ended - began
        return latest[1] if latest else None

    def queried_sharers(self, pool: str) -> Sequence[str] | None:
        """Ask a pool itself who is on it; None where the answer is not whole."""
        read = Read("vertex", "deploymentResourcePools.queryDeployedModels", pool)
        naming = self._naming()
        found: list[str] = []
        total = 0
        try:
            for page in self._connection.pages(f"{self._url(pool)}:queryDeployedModels", read):
                total = max(total, int(page.get("totalDeployedModelCount", 0)))
                found += [
                    f"{naming(str(one['endpoint']))}/deployedModels/{one['deployedModelId']}"
                    for one in parts(page, "deployedModelRefs")
                ]
        except (GuardError, KeyError, ValueError):
            return None
        return tuple(sorted(set(found))) if len(set(found)) == total else None

    def versions(self, model: str) -> Sequence[Mapping[str, Any]]:
        """List the raw documents of all versions of a registry model. Raises GuardError."""
        bare, _ = model_and_version(model)
        read = Read("vertex", "models.listVersions", bare)
        pages = self._connection.pages(f"{self._url(bare)}:listVersions", read)
        return tuple(raw for page in pages for raw in parts(page, "models"))

    def _met(self, projects: Sequence[Project]) -> Sequence[Project]:
        with self._lock:
            self._ids.update({project.number: project.id for project in projects})
        return projects

    def _naming(self) -> Naming:
        with self._lock:
            return Naming({id_: number for number, id_ in self._ids.items()})

    def _url(self, name: str) -> str:
        return f"{self._connection.world.vertex(scope_of(name).location)}/{API}/{name}"

    def _tuned_gemini(self, endpoint: Endpoint) -> Callable[[str], bool]:
        """A test for tuned Gemini: what the last look knew, else a look at the model itself."""
        known = self._looking.gemini_in(endpoint.scope)
        asked = {
            one.model
            for one in endpoint.deployed
            if one.billing is NO_RESOURCES and one.model and one.model not in known and self._is_tuned_gemini(one.model)
        }
        return (known | asked).__contains__

    def _is_tuned_gemini(self, model: str) -> bool:
        try:
            return is_tuned_gemini(self._connection.get(self._url(model), Read("vertex", "models.get", model)))
        except GuardError:
            return False  # then its billing stays unknown, and it is kept


def _kind(name: str) -> Listed:
    collection = name.split("/")[4] if name.count("/") == 5 else ""
    try:
        return Listed(collection)
    except ValueError:
        raise NotFoundByName(
            f"{name!r} is not the name of a resource.",
            hint="Expected projects/P/locations/L/ and endpoints, deploymentResourcePools, models or tuningJobs, and an id.",
        ) from None


def _operation(raw: Mapping[str, Any]) -> OperationState:
    name, error, response = raw.get("name"), raw.get("error"), raw.get("response")
    if not isinstance(name, str):
        raise Malformed("operations.get: an operation without a name.")
    metadata = part(raw, "metadata")
    return OperationState(
        name=name,
        done=raw.get("done") is True,
        error_code=int(error.get("code", 0)) if isinstance(error, Mapping) else None,
        error=str(error.get("message", "")) if isinstance(error, Mapping) else None,
        response=response if isinstance(response, Mapping) else None,
        kind=text(metadata, "@type").rpartition(".")[2],
        began_at=instant(part(metadata, "genericMetadata"), "createTime"),
    )
