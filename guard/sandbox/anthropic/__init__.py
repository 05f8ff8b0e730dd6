"""Anthropic in the box, under /anthropic: messages (whole or streamed), token counts, prompt caching, batches, models.

There is nothing to tune here, as on the real API.
"""

from starlette.routing import BaseRoute, Route

from guard.sandbox.anthropic import batches, messages, models
from guard.sandbox.anthropic.state import state_of
from guard.sandbox.frame import Target
from guard.sandbox.world import World

PREFIX = "/anthropic"


def routes(world: World) -> list[BaseRoute]:
    """All routes of the service."""
    state = state_of(world)
    made = [*batches.ROUTES, *messages.ROUTES, *models.ROUTES]
    return [Route(f"{PREFIX}{path}", state.endpoint(handle), methods=[verb]) for verb, path, handle in made]


def classify(verb: str, path: str) -> Target | None:
    """What a call is about, for faults and the call log."""
    if not path.startswith(f"{PREFIX}/v1/"):
        return None
    rest = path.removeprefix(f"{PREFIX}/v1/")
    changes = verb != "GET" and rest.startswith("messages/batches")
    return Target(service="anthropic", method=f"{verb} {rest.split('/')[0]}", resource=rest, changes=changes)
