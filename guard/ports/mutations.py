"""Calls that change something in the cloud. Only guard.acts implements this; retries are off; a time-out is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

CALL_TIMEOUT = timedelta(seconds=8)
"""Longest that one changing call may take, machine time; shorter than the lease (30 s) with a margin."""


@dataclass(frozen=True, slots=True)
class Begun:
    """The platform accepted a call; `operation` is None for calls that answer at once."""

    operation: str | None


class Mutations(Protocol):
    """Raises Refused (nothing changed), TimedOut or Unavailable (unknown), PermissionMissing, RateLimited (nothing changed)."""

    def undeploy(self, endpoint: str, deployed_model_id: str, *, traffic_split: Mapping[str, int] | None) -> Begun: ...

    def delete_endpoint(self, endpoint: str) -> Begun: ...

    def delete_model(self, model: str) -> Begun: ...

    def cancel_job(self, job: str) -> Begun: ...

    def delete_file(self, file: str) -> Begun: ...

    def create_endpoint(self, parent: str, document: Mapping[str, Any], endpoint_id: str | None) -> Begun: ...

    def deploy(self, endpoint: str, document: Mapping[str, Any], traffic_split: Mapping[str, int]) -> Begun: ...

    def label_endpoint(self, endpoint: str, labels: Mapping[str, str], etag: str) -> Begun: ...

    def check_document(self, kind: str, document: Mapping[str, Any]) -> str | None:
        """Say what keeps a recipe's document (`Endpoint`, `DeployedModel`) from being written back; None if nothing."""
        ...


class Store(Protocol):
    """Objects in the cloud for claims and recipes, with generation preconditions."""

    def put(self, path: str, content: bytes, *, if_generation: int | None) -> int:
        """Write an object; `if_generation` 0 means only if there is none; returns its generation.

        Raises Refused where the precondition fails, TimedOut or Unavailable where the outcome is unknown.
        """
        ...

    def read(self, path: str) -> tuple[bytes, int] | None:
        """Return content and generation, or None."""
        ...

    def address(self, path: str) -> str:
        """Return the gs:// address of a path."""
        ...
