"""The HTTP side of a world: one ASGI application built of the services' routes inside the frame (faults, call log)."""

import importlib
import importlib.util
from typing import Final

from starlette.applications import Starlette
from starlette.types import ASGIApp

from guard.sandbox.frame import Classifier, Frame
from guard.sandbox.world import World

SERVICES: Final = (
    "guard.sandbox.control",
    "guard.sandbox.vertex",
    "guard.sandbox.resourcemanager",
    "guard.sandbox.monitoring",
    "guard.sandbox.storage",
    "guard.sandbox.logs",
    "guard.sandbox.openai",
    "guard.sandbox.anthropic",
    "guard.sandbox.learn",
    "guard.sandbox.iam",
    "guard.sandbox.resources",
)
"""A service has `routes(world) -> list[BaseRoute]` and may have `classify(verb, path) -> Target | None` (see `frame`)."""


def build(world: World) -> ASGIApp:
    """The application that speaks for `world`."""
    routes = []
    classifiers: list[Classifier] = []
    for name in SERVICES:
        if importlib.util.find_spec(name) is None:
            continue
        module = importlib.import_module(name)
        if hasattr(module, "routes"):
            routes += module.routes(world)
        if hasattr(module, "classify"):
            classifiers.append(module.classify)
    return Frame(Starlette(routes=routes), world, classifiers)
