"""From what a scenario or a change says to where things are: projects, locations, instants, canonical names."""

from datetime import datetime
from typing import Any

from guard.sandbox.durations import parse_instant
from guard.sandbox.scenario.load import ScenarioError
from guard.sandbox.scenario.schema import Place
from guard.sandbox.vertex.documents import Document
from guard.sandbox.world import Project, World


def project_of(world: World, place: Place) -> Project:
    """The project that is named, or the only one. Raises ScenarioError."""
    if place.project is not None:
        if (found := world.project(place.project)) is None:
            raise ScenarioError(f"unknown project {place.project!r}; one of {_ids(world)} is expected.")
        return found
    projects = world.all_projects()
    if len(projects) != 1:
        raise ScenarioError(f"the project is not said, and there are several: {_ids(world)}.")
    return projects[0]


def parent_of(world: World, place: Place) -> str:
    """`projects/NUMBER/locations/L`; the location may be left out where the project lists one only. Raises ScenarioError."""
    project = project_of(world, place)
    if place.location is not None:
        return f"projects/{project.number}/locations/{place.location}"
    if len(project.locations) != 1:
        raise ScenarioError(f"the location is not said, and project {project.id} has not just one.")
    return f"projects/{project.number}/locations/{project.locations[0]}"


def instant(world: World, value: Any, default: datetime) -> datetime:
    """An instant; durations count from the scenario's start. Raises ScenarioError."""
    if value is None:
        return default
    try:
        return parse_instant(value, world.start)
    except ValueError as error:
        raise ScenarioError(f"{error}.") from error


def find(world: World, kind: str, reference: str, place: Place) -> Document:
    """The one resource of a kind (`endpoints`, `models`) with this id or display name. Raises ScenarioError."""
    project = world.project(place.project) if place.project else None
    found = [
        document
        for name, document in world.store.all(kind)
        if reference in {name.rpartition("/")[2], document.get("displayName"), name}
        and (project is None or name.startswith(f"projects/{project.number}/"))
        and (place.location is None or f"/locations/{place.location}/" in name)
    ]
    if len(found) != 1:
        number = "none" if not found else f"{len(found)}, say project and location"
        raise ScenarioError(f"one of the {kind} named {reference!r} is expected; there is {number}.")
    return found[0]


def _ids(world: World) -> str:
    return ", ".join(one.id for one in world.all_projects())
