"""Enrolled projects: an id or a number resolved to both, and the projects below a folder. Resource Manager v3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from guard.adapters.connection import Connection, Read
from guard.ports.errors import GuardError, Malformed, NotFoundByName, PermissionMissing, Refused
from guard.ports.inventory import Project

ACTIVE = "ACTIVE"
DEEPEST = 10  # folders nest at most this deep (Resource Manager limits, read 2026-11-24)


class Projects:
    """Reads projects and folders."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._base = connection.world.service("cloudresourcemanager")

    def resolve(self, wanted: Sequence[str]) -> Sequence[Project]:
        """Resolve ids or numbers, all at once; raises NotFoundByName or PermissionMissing for the first that fails."""
        found = self._connection.workers.map(self._one, wanted)
        return tuple({project.number: project for project in found}.values())

    def below(self, folder: str) -> Sequence[Project]:
        """The active projects below a folder (`123` or `folders/123`), folders inside it included."""
        found: dict[str, Project] = {}
        level = [folder if folder.startswith("folders/") else f"folders/{folder}"]
        for _ in range(DEEPEST):
            for project in self._projects_in(level):
                found[project.number] = project
            level = self._folders_in(level)
            if not level:
                break
        return tuple(found.values())

    def _one(self, wanted: str) -> Project:
        read = Read("projects", "projects.get", f"projects/{wanted}")
        try:
            raw = self._connection.get(f"{self._base}/v3/projects/{wanted}", read)
        except PermissionMissing as error:
            # The platform answers 403 for a project that does not exist too, so that nobody can probe for names.
            raise PermissionMissing(
                f"Project {wanted!r} does not exist, or this identity may not see it.",
                hint="Check its spelling in guard.yaml (projects:), or grant resourcemanager.projects.get there.",
            ) from error
        except Refused as error:
            raise NotFoundByName(
                f"Project {wanted!r} was not found.", hint="Check its spelling in guard.yaml (projects:)."
            ) from error
        if raw.get("state", ACTIVE) != ACTIVE:
            raise NotFoundByName(
                f"Project {wanted!r} is {raw.get('state')}, not active.", hint="Take it out of guard.yaml (projects:)."
            )
        return _project(raw)

    def _projects_in(self, folders: Sequence[str]) -> list[Project]:
        return [
            _project(raw)
            for folder in folders
            for raw in self._list("projects", folder)
            if raw.get("state", ACTIVE) == ACTIVE
        ]

    def _folders_in(self, folders: Sequence[str]) -> list[str]:
        return [
            str(raw["name"])
            for folder in folders
            for raw in self._list("folders", folder)
            if raw.get("state", ACTIVE) == ACTIVE
        ]

    def _list(self, kind: str, folder: str) -> list[Mapping[str, Any]]:
        read = Read("projects", f"{kind}.list", folder)
        try:
            pages = list(self._connection.pages(f"{self._base}/v3/{kind}", read, {"parent": folder, "pageSize": "100"}))
        except PermissionMissing as error:
            raise PermissionMissing(
                f"Folder {folder!r} does not exist, or this identity may not list its {kind}.",
                hint=f"Grant resourcemanager.{kind}.list on the folder, or name the projects one by one in guard.yaml.",
            ) from error
        except GuardError as error:
            if isinstance(error, Refused):
                raise NotFoundByName(f"Folder {folder!r} was not found.") from error
            raise
        return [one for page in pages for one in page.get(kind, ())]


def _project(raw: Mapping[str, Any]) -> Project:
    number = str(raw.get("name", "")).removeprefix("projects/")
    id_ = raw.get("projectId")
    if not number.isdigit() or not isinstance(id_, str):
        raise Malformed(f"projects.get: a project without number or id: {raw.get('name')!r}.")
    return Project(id=id_, number=number, labels={str(k): str(v) for k, v in raw.get("labels", {}).items()})
