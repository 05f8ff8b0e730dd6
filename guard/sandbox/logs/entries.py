"""Admin Activity audit entries, made from what people and API calls did in the world."""

import hashlib
from datetime import timedelta
from typing import Any, Final

from guard.sandbox.clock import rfc3339
from guard.sandbox.frame import ANONYMOUS
from guard.sandbox.world import Creation, Project, World

RETENTION: Final = timedelta(days=400)
"""How long Admin Activity entries are kept (Cloud Logging quotas page, read 2026-11-24)."""

_SERVICES: Final = {"aiplatform": "aiplatform.googleapis.com"}


def audit_entry(creation: Creation, project: Project, number: int) -> dict[str, Any]:
    """One entry of the activity log; `number` makes its insertId unique. Callers without a name have no principalEmail."""
    parts = creation.method.split(".")
    service = next((_SERVICES[part] for part in parts if part in _SERVICES), f"{parts[0]}.googleapis.com")
    who = {} if creation.principal == ANONYMOUS else {"principalEmail": creation.principal}
    return {
        "logName": f"projects/{project.id}/logs/cloudaudit.googleapis.com%2Factivity",
        "timestamp": rfc3339(creation.at),
        "receiveTimestamp": rfc3339(creation.at + timedelta(seconds=1)),
        "severity": "NOTICE",
        "insertId": hashlib.sha256(f"{number}/{creation.resource}".encode()).hexdigest()[:14],
        "resource": {
            "type": "audited_resource",
            "labels": {"service": service, "method": creation.method, "project_id": project.id},
        },
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "serviceName": service,
            "methodName": creation.method,
            "resourceName": creation.resource,
            "authenticationInfo": who,
        },
    }


class ActivityLog:
    """The activity log of a world, an entry for each creation; grows with `world.creations`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._entries: list[tuple[Creation, str, dict[str, Any]]] = []

    def of(self, project: Project) -> list[dict[str, Any]]:
        """A project's entries that are kept still and lie not in the future, oldest first."""
        world, now = self._world, self._world.now()
        with world.lock:
            for number in range(len(self._entries), len(world.creations)):
                creation = world.creations[number]
                owner = world.project(creation.resource.split("/")[1]) if "/" in creation.resource else None
                entry = audit_entry(creation, owner, number) if owner else {}
                self._entries.append((creation, owner.number if owner else "", entry))
            found = [
                (creation.at, entry)
                for creation, number, entry in self._entries
                if number == project.number and now - RETENTION <= creation.at <= now
            ]
        return [entry for _, entry in sorted(found, key=lambda pair: pair[0])]
