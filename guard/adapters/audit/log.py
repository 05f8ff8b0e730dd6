"""The AuditLog port on Cloud Logging: admin activity entries, which are always on and cannot be switched off.

One question a project for up to `NAMES_A_QUESTION` names. For tuned Gemini the endpoint's creator is likely the tuning
service agent (not verified), so ask for the tuning job's own name too: its entry has the person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from guard.adapters.connection import Connection, Read
from guard.adapters.vertex.fields import Naming
from guard.core.names import endpoint_of, last_part
from guard.ports.errors import GuardError, Malformed
from guard.ports.inventory import Project

KEPT = timedelta(days=400)
"""How long the platform keeps admin activity (Cloud Logging, _Required bucket, read 2026-11-24)."""

NAMES_A_QUESTION = 100
"""A filter may be 20,000 characters long (Cloud Logging quotas, read 2026-11-24); a name takes less than 100 in it."""

_MADE_BY = "CreateEndpoint|DeployModel|UploadModel|CreateTuningJob|CreateDeploymentResourcePool"
_AGENT = ".iam.gserviceaccount.com"


class CloudAuditLog:
    """Reads the log. What cannot be read is left out: an owner that is not found falls back, it is never guessed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._url = f"{connection.world.service('logging')}/v2/entries:list"

    def creators(self, project: Project, names: Sequence[str], now: datetime) -> Mapping[str, str]:
        """Map canonical names to the e-mail address of who made them; a deployed model has its endpoint's maker."""
        wanted = sorted({endpoint_of(name) for name in names})
        naming = Naming({project.id: project.number})
        made: dict[str, str] = {}
        for start in range(0, len(wanted), NAMES_A_QUESTION):
            try:
                for entry in self._entries(project, wanted[start : start + NAMES_A_QUESTION], now):
                    # Entries come oldest first: the first word on a name is its making.
                    for name in _named(entry, naming):
                        if (email := _person(entry)) is not None:
                            made.setdefault(name, email)
            except GuardError:
                continue
        return {name: made[endpoint_of(name)] for name in names if endpoint_of(name) in made}

    def _entries(self, project: Project, names: Sequence[str], now: datetime) -> Iterator[Mapping[str, Any]]:
        read = Read("logging", "entries.list", f"projects/{project.number}")
        ids = " OR ".join(f'"{name.split("/")[4]}/{last_part(name)}"' for name in names)
        question: dict[str, Any] = {
            "resourceNames": [f"projects/{project.id}"],
            "filter": " AND ".join(
                (
                    f'logName="projects/{project.id}/logs/cloudaudit.googleapis.com%2Factivity"',
                    'protoPayload.serviceName="aiplatform.googleapis.com"',
                    # `v1`, `v1beta1` and `ui` (the console) stand before the service's name.
                    f'protoPayload.methodName=~"({_MADE_BY})$"',
                    # A creation may be logged under its parent's name; then its answer has the name (not verified).
                    f"(protoPayload.resourceName:({ids}) OR protoPayload.response.name:({ids}))",
                    # Without it the platform looks at the last 24 hours only.
                    f'timestamp>="{(now - KEPT).isoformat()}"',
                )
            ),
            "orderBy": "timestamp asc",
            "pageSize": 1000,
        }
        seen: set[str] = set()
        while True:
            page = self._connection.ask(self._url, read, question)
            yield from page.get("entries", ())
            token = page.get("nextPageToken")
            if not token:
                return
            if token in seen:
                raise Malformed(f"{read}: the same page token came twice.")
            seen.add(token)
            question["pageToken"] = token


def _named(entry: Mapping[str, Any], naming: Naming) -> Iterator[str]:
    """The canonical names that an entry is about: what was called, and what its answer names (or its operation is on)."""
    payload = _part(entry, "protoPayload")
    for name in (payload.get("resourceName"), _part(payload, "response").get("name")):
        if isinstance(name, str):
            yield naming(name.partition("/operations/")[0])


def _person(entry: Mapping[str, Any]) -> str | None:
    """The e-mail address of who called; None for nobody, or a service agent of the platform."""
    email = _part(_part(entry, "protoPayload"), "authenticationInfo").get("principalEmail")
    if not isinstance(email, str) or not email:
        return None
    return None if email.startswith("service-") and email.endswith(_AGENT) else email


def _part(raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = raw.get(key)
    return value if isinstance(value, Mapping) else {}
