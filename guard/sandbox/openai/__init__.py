"""OpenAI in the box, under /openai/v1: files, fine-tuning jobs, models, chat completions, usage and costs.

Tuning really learns something small from the uploaded data; see `guard.sandbox.learn`.
"""

from starlette.routing import BaseRoute, Route

from guard.sandbox.frame import Target
from guard.sandbox.openai import chat, control, files, jobs, models, usage
from guard.sandbox.openai.state import state_of
from guard.sandbox.world import World

PREFIX = "/openai/v1"


def routes(world: World) -> list[BaseRoute]:
    """All routes of the service."""
    state = state_of(world)
    made = [*files.ROUTES, *jobs.ROUTES, *models.ROUTES, *chat.ROUTES, *usage.ROUTES]
    return [
        *(Route(f"{PREFIX}{path}", state.endpoint(handle), methods=[verb]) for verb, path, handle in made),
        *(Route(f"/sandbox{path}", state.endpoint(handle), methods=[verb]) for verb, path, handle in control.ROUTES),
    ]


def classify(verb: str, path: str) -> Target | None:
    """What a call is about, for faults and the call log."""
    if not path.startswith(f"{PREFIX}/"):
        return None
    parts = path.removeprefix(f"{PREFIX}/").split("/")
    named = parts[:1] if parts[0] in {"files", "models", "responses"} else parts[:2]
    action = parts[3:4] if named == ["fine_tuning", "jobs"] else []
    reads = verb == "GET" or parts[0] in {"chat", "responses"}
    return Target(
        service="openai", method=f"{verb} {'/'.join(named + action)}", resource="/".join(parts), changes=not reads
    )
