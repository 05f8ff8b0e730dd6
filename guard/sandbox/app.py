"""The HTTP side of a world: one ASGI application built of the services' routes inside the frame (faults, call log)."""

from typing import Final

from starlette.applications import Starlette
from starlette.types import ASGIApp

from guard.sandbox import (
    anthropic,
    billing,
    control,
    iam,
    learn,
    login,
    logs,
    monitoring,
    openai,
    pubsub,
    resourcemanager,
    resources,
    storage,
    vertex,
)
from guard.sandbox.frame import Frame
from guard.sandbox.world import World

SERVICES: Final = (
    control,
    pubsub,
    vertex,
    resourcemanager,
    monitoring,
    storage,
    logs,
    billing,
    openai,
    anthropic,
    learn,
    iam,
    resources,
    login,
)
"""A service has `routes(world) -> list[BaseRoute]` and may have `classify(verb, path) -> Target | None` (see `frame`)."""
_CLASSIFIERS: Final = tuple(service.classify for service in SERVICES if hasattr(service, "classify"))


def build(world: World) -> ASGIApp:
    """The application that speaks for `world`."""
    routes = [route for service in SERVICES for route in service.routes(world)]
    return Frame(Starlette(routes=routes), world, _CLASSIFIERS)
