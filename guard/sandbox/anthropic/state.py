"""What the Anthropic side of a world holds, its error envelope, and how a handler is called."""

import json
import threading
import weakref
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from guard.sandbox.world import World

Handler = Callable[["State", "Call"], Any]


@dataclass(frozen=True, slots=True)
class ApiError(Exception):
    """A refusal as the service words it."""

    status: int
    type: str
    message: str

    def body(self, request_id: str) -> dict[str, Any]:
        """The JSON body."""
        return {"type": "error", "error": {"type": self.type, "message": self.message}, "request_id": request_id}


def invalid(message: str) -> ApiError:
    """A request that breaks a rule."""
    return ApiError(400, "invalid_request_error", message)


def missing(what: str) -> ApiError:
    """A thing that is not there."""
    return ApiError(404, "not_found_error", what)


@dataclass(slots=True)
class Call:
    """A request, read whole."""

    path: dict[str, str]
    query: dict[str, str]
    base_url: str
    body: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Batch:
    """A message batch: it ends a while after it was made, or soon after it was cancelled."""

    id: str
    created_at: datetime
    requests: list[dict[str, Any]]
    cancelled_at: datetime | None = None
    results: list[dict[str, Any]] | None = None


class State:
    """Batches and cached prefixes of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.lock = threading.RLock()
        self.batches: dict[str, Batch] = {}
        self.cached: dict[str, datetime] = {}
        self._ids = 0

    def new_id(self, prefix: str) -> str:
        """The next id; the same in every run."""
        with self.lock:
            self._ids += 1
            return f"{prefix}{self._ids:06d}Sandbox"

    def endpoint(self, handle: Handler) -> Callable[[Request], Awaitable[Response]]:
        """A Starlette endpoint around a handler."""

        async def respond(request: Request) -> Response:
            request_id = self.new_id("req_")
            headers = {"request-id": request_id}
            call = Call(dict(request.path_params), dict(request.query_params), str(request.base_url))
            try:
                _check_key(request)
                if request.method == "POST" and (raw := await request.body()):
                    call.body = _json(raw)
                result = await run_in_threadpool(handle, self, call)
            except ApiError as error:
                return JSONResponse(error.body(request_id), status_code=error.status, headers=headers)
            except ClientDisconnect:
                return Response(status_code=499)  # nobody is there to read it
            if isinstance(result, Response):
                result.headers.update(headers)
                return result
            return JSONResponse(result, headers=headers)

        return respond


def _check_key(request: Request) -> None:
    if not {"authorization", "x-api-key"} & set(request.headers.keys()):
        raise ApiError(401, "authentication_error", "x-api-key header is required")


def _json(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise invalid("The request body is not valid JSON.") from error
    if not isinstance(body, dict):
        raise invalid("The request body must be a JSON object.")
    return body


_STATES: "weakref.WeakKeyDictionary[World, State]" = weakref.WeakKeyDictionary()


def state_of(world: World) -> State:
    """The Anthropic side of a world, made at first use."""
    return _STATES.setdefault(world, State(world))
