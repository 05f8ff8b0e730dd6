"""Models: the bases and the tunes, with the day on which each is shut down."""

from typing import Any

from guard.sandbox.openai import course
from guard.sandbox.openai.bases import BASES, base_name
from guard.sandbox.openai.errors import ApiError, missing
from guard.sandbox.openai.state import ORGANIZATION, Call, State


def _document(state: State, model: str) -> dict[str, Any]:
    tune = state.tunes.get(model)
    base = BASES.get(base_name(model))
    return {
        "id": model,
        "object": "model",
        "created": tune.created_at if tune else (base.created if base else 0),
        "owned_by": f"org-{ORGANIZATION}" if tune else "system",
        "shutdown_date": base.shutdown_date if base else None,
    }


def settle(state: State) -> None:
    """Let time bring the models of finished jobs."""
    for job in list(state.jobs.values()):
        course.advance(state, job)


def is_shut_down(state: State, model: str) -> bool:
    """Whether a model's base has reached its day."""
    base = BASES.get(base_name(model))
    return (
        base is not None
        and base.shutdown_date is not None
        and state.world.now().date().isoformat() >= base.shutdown_date
    )


def listed(state: State, call: Call) -> dict[str, Any]:
    """GET /models: one list, no pages; what was shut down is gone. Checkpoints are not listed."""
    del call
    settle(state)
    names = [*BASES, *(name for name in state.tunes if ":ckpt-step-" not in name)]
    return {"object": "list", "data": [_document(state, name) for name in names if not is_shut_down(state, name)]}


def get(state: State, call: Call) -> dict[str, Any]:
    """GET /models/ID."""
    settle(state)
    model = call.path["id"]
    if (model not in BASES and model not in state.tunes) or is_shut_down(state, model):
        raise ApiError(404, f"The model '{model}' does not exist", code="model_not_found", param="model")
    return _document(state, model)


def delete(state: State, call: Call) -> dict[str, Any]:
    """DELETE /models/ID: tunes only, by an owner; its checkpoints stay until deleted themselves."""
    settle(state)
    model = call.path["id"]
    if model not in state.tunes:
        raise (
            missing("model", model) if model not in BASES else ApiError(403, f"The model '{model}' cannot be deleted.")
        )
    if not state.may_delete_models:
        raise ApiError(
            403,
            "You have insufficient permissions for this operation. You need to be an Owner.",
            code="insufficient_permissions",
        )
    with state.lock:
        state.tunes.pop(model, None)
    return {"id": model, "object": "model", "deleted": True}


ROUTES = (("GET", "/models", listed), ("GET", "/models/{id:path}", get), ("DELETE", "/models/{id:path}", delete))
