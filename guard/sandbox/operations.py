"""Long-running operations: started by a call, done when the clock gets there."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from guard.sandbox.clock import rfc3339
from guard.sandbox.errors import ApiError
from guard.sandbox.world import World

Apply = Callable[[datetime], dict[str, Any]]
"""Does the work as of its instant and returns the response; raises ApiError where it fails."""


@dataclass(slots=True, kw_only=True)
class Operation:
    """One operation: `resource` is what it works on, `subject` the deployed model where there is one."""

    name: str
    method: str
    resource: str
    subject: str
    metadata: dict[str, Any]
    done: bool = False
    response: dict[str, Any] | None = None
    error: dict[str, Any] | None = None

    def as_document(self) -> dict[str, Any]:
        """The operation on the wire."""
        document: dict[str, Any] = {"name": self.name, "metadata": self.metadata}
        if self.done:
            document["done"] = True
            document.update({"error": self.error} if self.error is not None else {"response": self.response})
        return document


def start(
    world: World,
    *,
    method: str,
    resource: str,
    takes: timedelta,
    apply: Apply,
    metadata_type: str,
    subject: str = "",
    at: datetime | None = None,
) -> Operation:
    """Start an operation on `resource` that `apply` completes after `takes` of virtual time.

    The faults `operation_fails` and `operation_never_ends` are drawn here, so that their scope is the moment of the call.
    """
    began = at or world.now()
    stamp = rfc3339(began)
    operation = Operation(
        name=f"{resource}/operations/{world.new_id()}",
        method=method,
        resource=resource,
        subject=subject,
        metadata={"@type": metadata_type, "genericMetadata": {"createTime": stamp, "updateTime": stamp}},
    )
    world.operations[operation.name] = operation
    world.open_operations.setdefault(resource, []).append(operation)
    parts = resource.split("/")
    project = world.project(parts[1])
    scope = {
        "service": "aiplatform",
        "method": method,
        "project": project.id if project else parts[1],
        "location": parts[3],
        "resource": resource,
    }
    if world.faults.take("operation_never_ends", **scope) is not None:
        return operation
    failing = world.faults.take("operation_fails", **scope)

    def complete(when: datetime) -> None:
        if operation.done:
            return
        if failing is not None:
            status = str(failing.params.get("status", "INTERNAL"))
            message = str(failing.params.get("message", "Internal error encountered."))
            operation.error = ApiError(status, message).as_status()
        else:
            _apply(operation, apply, when)
        _close(world, operation, when)

    world.at(began + takes, complete)
    return operation


def cancel(world: World, operation: Operation, when: datetime) -> None:
    """Stop an operation that is not done: it ends with CANCELLED and changes nothing."""
    if not operation.done:
        operation.error = ApiError("CANCELLED", "The operation was cancelled.").as_status()
        _close(world, operation, when)


def running(world: World, resource: str, *, method: str | None = None, subject: str | None = None) -> list[Operation]:
    """Operations on `resource` that are not done."""
    return [
        operation
        for operation in world.open_operations.get(resource, ())
        if (method is None or operation.method == method) and (subject is None or operation.subject == subject)
    ]


def _apply(operation: Operation, apply: Apply, when: datetime) -> None:
    try:
        operation.response = apply(when)
    except ApiError as refusal:
        operation.error = refusal.as_status()


def _close(world: World, operation: Operation, when: datetime) -> None:
    operation.done = True
    operation.metadata["genericMetadata"]["updateTime"] = rfc3339(when)
    world.open_operations[operation.resource].remove(operation)
