"""One Vertex AI call, taken apart and checked as far as every method needs it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from guard.sandbox import operations
from guard.sandbox.errors import ApiError, denied, invalid
from guard.sandbox.vertex.documents import Document
from guard.sandbox.vertex.names import LOCATIONS, Path
from guard.sandbox.world import Project, World

_PREFIX: Final = "type.googleapis.com/google.cloud.aiplatform"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A call with its project resolved; `number_name` turns names with a project id into canonical ones."""

    world: World
    path: Path
    project: Project
    query: dict[str, str]
    body: Document
    principal: str

    @property
    def parent(self) -> str:
        """`projects/NUMBER/locations/L`."""
        return f"projects/{self.project.number}/locations/{self.path.location}"

    @property
    def collection(self) -> str:
        """`projects/NUMBER/locations/L/endpoints` and its like."""
        return f"{self.parent}/{self.path.collection}"

    @property
    def name(self) -> str:
        """The canonical name of the resource that the path names."""
        return f"{self.collection}/{self.path.id}"

    @property
    def now(self) -> datetime:
        """Virtual time of the call."""
        return self.world.now()

    @property
    def api(self) -> str:
        """`v1` or `v1beta1`; `ui` speaks as v1 does."""
        return "v1beta1" if self.path.version == "v1beta1" else "v1"

    def type_url(self, message: str) -> str:
        """The `@type` of a message of this API version."""
        return f"{_PREFIX}.{self.api}.{message}"

    def canonical(self, name: Any, *, what: str) -> str:
        """A resource name from the body with the project's number. Raises ApiError where it is no name."""
        parts = name.split("/") if isinstance(name, str) else []
        if len(parts) != 6 or parts[0] != "projects" or parts[2] != "locations" or not parts[5]:
            raise invalid(f"Invalid resource name for {what}: {name!r}.")
        project = self.world.project(parts[1])
        parts[1] = project.number if project else parts[1]
        return "/".join(parts)

    def resource(self, kind: str) -> Document:
        """The document that the path names. Raises ApiError NOT_FOUND."""
        document = self.world.store.get(self.name)
        if document is None:
            raise ApiError("NOT_FOUND", f"The {kind} does not exist: {self.name}.")
        return document

    def operation(
        self,
        method: str,
        resource: str,
        takes: timedelta,
        apply: Callable[[datetime], Document],
        *,
        subject: str = "",
        metadata: str | None = None,
    ) -> Document:
        """Start an operation and answer with it; `metadata` is the message name where it is not `METHODOperationMetadata`."""
        started = operations.start(
            self.world,
            method=method,
            resource=resource,
            subject=subject,
            takes=takes,
            apply=apply,
            metadata_type=self.type_url(metadata or f"{method}OperationMetadata"),
        )
        return started.as_document()

    def typed(self, message: str, document: Document) -> Document:
        """A response of an operation, with its `@type`."""
        return {"@type": self.type_url(message), **document}

    def empty(self) -> Document:
        """The response of an operation that has nothing to say."""
        return {"@type": "type.googleapis.com/google.protobuf.Empty"}


def open_request(
    world: World, path: Path, *, query: dict[str, str], body: Document, principal: str, permission: str
) -> Request:
    """Resolve the project, check the location and the permission. Raises ApiError where the platform refuses."""
    project = world.project(path.project)
    shown = f"projects/{project.number if project else path.project}"
    if path.location:
        shown += f"/locations/{path.location}"
    if project is None or project.forbidden:
        raise denied(permission, shown)
    request = Request(world=world, path=path, project=project, query=query, body=body, principal=principal)
    if path.location and path.location not in LOCATIONS:
        raise invalid(f"Unsupported location ID: {path.location}.")
    resource = request.name if path.id else shown
    if not world.authorize(principal, permission, resource):
        raise denied(permission, resource)
    return request
