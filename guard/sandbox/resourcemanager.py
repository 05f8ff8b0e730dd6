"""Resource Manager v3: projects by id or number, search, folders."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from guard.sandbox.clock import rfc3339
from guard.sandbox.errors import ApiError, denied
from guard.sandbox.frame import PRINCIPAL, Target
from guard.sandbox.world import Project, World

_SERVICE = "cloudresourcemanager.googleapis.com"


def classify(verb: str, path: str) -> Target | None:
    """What a call is about, for faults and the call log."""
    parts = path.split("/")
    if verb != "GET" or len(parts) not in {3, 4} or parts[1] != "v3":
        return None
    match parts[2:]:
        case ["projects", project]:
            return Target(
                service="resourcemanager", method="GetProject", resource=f"projects/{project}", project=project
            )
        case ["projects:search"]:
            return Target(service="resourcemanager", method="SearchProjects")
        case ["projects"]:
            return Target(service="resourcemanager", method="ListProjects")
        case ["folders"]:
            return Target(service="resourcemanager", method="ListFolders")
        case _:
            return None


def routes(world: World) -> list[BaseRoute]:
    """GET /v3/projects/P, /v3/projects:search, /v3/projects?parent=, /v3/folders?parent=."""

    def get_project(request: Request) -> Response:
        asked = request.path_params["project"]
        project = world.project(asked)
        permission = "resourcemanager.projects.get"
        if (
            project is None
            or project.forbidden
            or not world.authorize(request.scope[PRINCIPAL], permission, f"projects/{project.number}")
        ):
            return denied(permission, f"projects/{asked}", service=_SERVICE).as_response()
        return JSONResponse(_document(world, project))

    def search(request: Request) -> Response:
        wanted = request.query_params.get("query", "")
        found = [one for one in _visible(world, request) if _matches(one, wanted)]
        return JSONResponse({"projects": [_document(world, one) for one in found]})

    def list_projects(request: Request) -> Response:
        parent = request.query_params.get("parent")
        if not parent:
            return ApiError("INVALID_ARGUMENT", "The parent field is required.").as_response()
        found = [one for one in _visible(world, request) if one.parent == parent]
        return JSONResponse({"projects": [_document(world, one) for one in found]})

    def list_folders(request: Request) -> Response:
        parent = request.query_params.get("parent", "organizations/1")
        names = dict.fromkeys(one.parent for one in world.all_projects() if one.parent.startswith("folders/"))
        folders = [
            {"name": name, "parent": "organizations/1", "displayName": name, "state": "ACTIVE"} for name in names
        ]
        return JSONResponse({"folders": [one for one in folders if one["parent"] == parent]})

    return [
        Route("/v3/projects/{project}", get_project),
        Route("/v3/projects:search", search),
        Route("/v3/projects", list_projects),
        Route("/v3/folders", list_folders),
    ]


def _visible(world: World, request: Request) -> list[Project]:
    principal = request.scope[PRINCIPAL]
    return [
        one
        for one in world.all_projects()
        if not one.forbidden and world.authorize(principal, "resourcemanager.projects.get", f"projects/{one.number}")
    ]


def _matches(project: Project, query: str) -> bool:
    """`field:value` and `field=value` terms, all of which must hold; `*` at the end matches any rest."""
    facts = {
        "id": project.id,
        "projectId": project.id,
        "displayName": project.display_name or project.id,
        "parent": project.parent,
        "state": "ACTIVE",
        **{f"labels.{key}": value for key, value in project.labels.items()},
    }
    for term in query.replace(" AND ", " ").split():
        key, _, value = term.replace("=", ":", 1).partition(":")
        held = facts.get(key)
        wanted = value.strip('"')
        if held is None or not (held.startswith(wanted[:-1]) if wanted.endswith("*") else held == wanted):
            return False
    return True


def _document(world: World, project: Project) -> dict[str, Any]:
    document: dict[str, Any] = {
        "name": f"projects/{project.number}",
        "projectId": project.id,
        "parent": project.parent,
        "state": "ACTIVE",
        "displayName": project.display_name or project.id,
        "createTime": rfc3339(world.start),
    }
    if project.labels:
        document["labels"] = dict(project.labels)
    return document
