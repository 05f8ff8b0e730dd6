"""The fresh look at one thing of a provider that speaks OpenAI's protocol, for the second look and for verifying an act."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from guard.core.model import Snapshot
from guard.ports.errors import GuardError
from guard.ports.inventory import Document, OperationState, Project
from guard.ports.tunes import TuneSource


class ProviderInventory:
    """guard.ports.inventory.Inventory, as far as acts ask it: such a provider has no operations, projects or pools."""

    def __init__(self, source: Callable[[], TuneSource | GuardError], now: Callable[[], datetime]) -> None:
        self._source = source
        self._now = now

    def get(self, name: str) -> Document:
        """Read one job, tune or file afresh; `body` is None where it is not there. Raises GuardError."""
        source = self._source()
        if isinstance(source, GuardError):
            raise source
        return source.fresh(name, self._now())

    def projects(self, wanted: Sequence[str]) -> Sequence[Project]:
        del wanted
        return ()

    def folder_projects(self, folder: str) -> Sequence[Project]:
        del folder
        return ()

    def snapshot(self, projects: Sequence[Project], now: datetime) -> Snapshot:
        del projects
        return Snapshot(taken_at=now, scopes=())

    def operation(self, name: str) -> OperationState:
        return OperationState(name=name, done=False, known=False)

    def operations_on(self, name: str) -> Sequence[OperationState]:
        del name
        return ()

    def operations_running(self, endpoint: str) -> Sequence[OperationState]:
        del endpoint
        return ()

    def deploy_took(self, endpoint: str) -> timedelta | None:
        del endpoint
        return None

    def queried_sharers(self, pool: str) -> Sequence[str] | None:
        del pool
        return None
