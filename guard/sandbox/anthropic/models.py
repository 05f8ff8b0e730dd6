"""The models that answer, with their life cycle."""

from dataclasses import dataclass
from typing import Any

from guard.sandbox.anthropic.state import Call, State, missing


@dataclass(frozen=True, slots=True)
class Model:
    """Shortest prefix that is cached (tokens), and where the model stands in its life.

    Source of the minimums: https://platform.claude.com/docs/en/build-with-claude/prompt-caching, read 2026-11-24; not verified for
    the 5-5 models, which take the value of the generation before.
    """

    display_name: str
    cache_from: int
    lifecycle: str = "active"


MODELS = {
    "claude-haiku-5-5": Model("Claude Haiku 5.5", 4096),
    "claude-sonnet-5-5": Model("Claude Sonnet 5.5", 1024),
    "claude-opus-5-5": Model("Claude Opus 5.5", 512),
    "claude-haiku-4-5": Model("Claude Haiku 4.5", 4096),
    "claude-sonnet-4-6": Model("Claude Sonnet 4.6", 1024),
    "claude-opus-5": Model("Claude Opus 5", 512),
}


def document(name: str, model: Model) -> dict[str, Any]:
    """A model as the service shows it."""
    return {
        "type": "model",
        "id": name,
        "display_name": model.display_name,
        "created_at": "2026-01-01T00:00:00Z",
        "lifecycle": model.lifecycle,
        "deprecated_at": None,
        "retires_at": None,
        "max_input_tokens": 200_000,
        "max_tokens": 64_000,
    }


def find(name: Any) -> Model:
    """A model that answers."""
    if name not in MODELS:
        raise missing(f"model: {name}")
    return MODELS[name]


def listed(state: State, call: Call) -> dict[str, Any]:
    """GET /v1/models, on one page."""
    del state, call
    data = [document(name, model) for name, model in MODELS.items()]
    return {"data": data, "has_more": False, "first_id": data[0]["id"], "last_id": data[-1]["id"]}


def get(state: State, call: Call) -> dict[str, Any]:
    """GET /v1/models/ID."""
    del state
    return document(call.path["id"], find(call.path["id"]))


ROUTES = (("GET", "/v1/models", listed), ("GET", "/v1/models/{id}", get))
