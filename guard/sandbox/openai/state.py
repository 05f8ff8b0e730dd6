"""What the OpenAI side of a world holds, and how a handler is called."""

import json
import threading
import weakref
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from guard.sandbox.openai.errors import ApiError
from guard.sandbox.world import World

ORGANIZATION = "sandbox"
Handler = Callable[["State", "Call"], Any]


@dataclass(slots=True)
class Call:
    """A request, read whole: path parameters, query, JSON body or form."""

    path: dict[str, str]
    query: dict[str, list[str]]
    body: dict[str, Any] = field(default_factory=dict)
    form: dict[str, Any] = field(default_factory=dict)

    def one(self, name: str, default: str | None = None) -> str | None:
        """A query parameter that may be given once."""
        values = self.query.get(name)
        return values[-1] if values else default


@dataclass(slots=True)
class StoredFile:
    """An uploaded or made file."""

    id: str
    filename: str
    purpose: str
    created_at: int
    content: bytes
    expires_at: int | None = None


@dataclass(slots=True)
class Tune:
    """A tuned model or one of its checkpoints; `answer` is what it learned (None: a seeded one that learned nothing)."""

    id: str
    base: str
    created_at: int
    answer: Callable[[str], str] | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """One call that was billed."""

    at: datetime
    model: str
    input_tokens: int
    output_tokens: int
    requests: int = 1


class State:
    """Files, jobs, tunes and uses of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.lock = threading.RLock()
        self.files: dict[str, StoredFile] = {}
        self.jobs: dict[str, Any] = {}
        self.tunes: dict[str, Tune] = {}
        self.uses: list[Use] = []
        self.eligible = True
        self.tuning_ends = date(2027, 1, 6)
        self.may_delete_models = True
        self._ids = 0

    def new_id(self, prefix: str) -> str:
        """The next id; the same in every run."""
        with self.lock:
            self._ids += 1
            return f"{prefix}{self._ids:06d}Sandbox"

    def now(self) -> int:
        """Unix seconds of the world's clock."""
        return int(self.world.now().timestamp())

    def endpoint(self, handle: Handler) -> Callable[[Request], Awaitable[Response]]:
        """A Starlette endpoint around a handler: read the request, run it off the event loop, word errors as the service does."""

        async def respond(request: Request) -> Response:
            request_id = {"x-request-id": self.new_id("req_")}
            try:
                call = await _read(request)
                result = await run_in_threadpool(handle, self, call)
            except ApiError as error:
                return JSONResponse(error.body(), status_code=error.status, headers=request_id)
            except ClientDisconnect:
                return Response(status_code=499)  # nobody is there to read it
            if isinstance(result, Response):
                result.headers.update(request_id)
                return result
            return JSONResponse(result, headers=request_id)

        return respond


async def _read(request: Request) -> Call:
    query: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        query.setdefault(name, []).append(value)
    call = Call(path=dict(request.path_params), query=query)
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        async with request.form() as form:
            for key, item in form.multi_items():
                call.form[key] = item if isinstance(item, str) else (item.filename or "upload", await item.read())
    elif request.method in {"POST", "PATCH", "PUT"} and (raw := await request.body()):
        try:
            call.body = json.loads(raw)
        except ValueError as error:
            raise ApiError(400, "We could not parse the JSON body of your request.") from error
        if not isinstance(call.body, dict):
            raise ApiError(400, "The body must be a JSON object.")
    return call


_STATES: "weakref.WeakKeyDictionary[World, State]" = weakref.WeakKeyDictionary()


def state_of(world: World) -> State:
    """The OpenAI side of a world, made at first use."""
    return _STATES.setdefault(world, State(world))
