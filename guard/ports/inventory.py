"""What exists: listing of enrolled projects, and the fresh look at one resource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from guard.core.model import Artefact, Endpoint, RegistryModel, ResourcePool, Snapshot, TuningJob
from guard.core.names import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """An enrolled project: id for people, number for names."""

    id: str
    number: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A raw v1beta1 document as the platform sent it, and the same as a value of ours; `None` body means 404."""

    name: str
    body: Mapping[str, Any] | None
    parsed: Endpoint | ResourcePool | RegistryModel | TuningJob | Artefact | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationState:
    """A long-running operation: done or not, and its error in the platform's words (None: fine)."""

    name: str
    done: bool
    error_code: int | None = None
    error: str | None = None
    known: bool = True  # False: the platform does not know the operation (any more)
    kind: str = ""  # message name of its metadata: UndeployModelOperationMetadata, DeleteOperationMetadata, ...
    began_at: datetime | None = None
    response: Mapping[str, Any] | None = None


class Inventory(Protocol):
    """Reads only. Raises only GuardError; a failure in one scope is a ScopeReport, not an exception."""

    def projects(self, wanted: Sequence[str]) -> Sequence[Project]:
        """Resolve project ids or numbers; raises NotFoundByName or PermissionMissing for one that is not there."""
        ...

    def folder_projects(self, folder: str) -> Sequence[Project]:
        """Projects below a folder, active ones."""
        ...

    def snapshot(self, projects: Sequence[Project], now: datetime) -> Snapshot:
        """List all locations of all projects concurrently under the platform's quotas."""
        ...

    def get(self, name: str) -> Document:
        """Read one resource afresh (endpoint, pool, model, `models/M@V`, tuning job)."""
        ...

    def operation(self, name: str) -> OperationState:
        """Ask for an operation."""
        ...

    def operations_on(self, name: str) -> Sequence[OperationState]:
        """Operations on a resource, finished ones too, as far as the platform tells (any more)."""
        ...

    def operations_running(self, endpoint: str) -> Sequence[OperationState]:
        """Those of them that are in progress."""
        ...

    def deploy_took(self, endpoint: str) -> timedelta | None:
        """How long the latest finished deploy on an endpoint took; None where the platform does not tell (any more)."""
        ...

    def queried_sharers(self, pool: str) -> Sequence[str] | None:
        """Canonical names of the deployed models on a pool; None if that could not be told."""
        ...


class AuditLog(Protocol):
    """Who made a resource, from the admin activity log."""

    def creators(self, project: Project, names: Sequence[str], now: datetime) -> Mapping[str, str]:
        """Map canonical names to e-mail addresses; what is not found is left out."""
        ...


__all__ = ["AuditLog", "Document", "Inventory", "OperationState", "Project", "Scope"]
