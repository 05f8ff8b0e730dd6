"""What every HTTP call passes through: who calls what, the faults of the wire, and the log of calls."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from guard.sandbox.world import World

ANONYMOUS: Final = "anonymous"
TARGET: Final = "sandbox.target"
PRINCIPAL: Final = "sandbox.principal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a call is about: service and method as the call log, the faults and the permissions name them."""

    service: str
    method: str
    resource: str = ""
    project: str = ""
    location: str = ""
    changes: bool = False


Classifier = Callable[[str, str], Target | None]
"""(HTTP verb, path) -> the target, or None where the path is not this service's."""


class Frame:
    """ASGI middleware around all services.

    Puts the `Target` under scope["sandbox.target"] and the caller under scope["sandbox.principal"]: the EMAIL of
    `Authorization: Bearer sandbox:EMAIL`, else `anonymous`. Calls to /sandbox/ see no faults and are not logged.
    """

    def __init__(self, app: ASGIApp, world: World, classifiers: Sequence[Classifier] = ()) -> None:
        self._app = app
        self._world = world
        self._classifiers = classifiers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._world.settle()
        if scope["path"].startswith("/sandbox/"):
            await self._app(scope, receive, send)
            return
        target = self._classify(scope["method"], scope["path"])
        scope[TARGET] = target
        scope[PRINCIPAL] = _principal(scope)
        logged = False

        def log(status: int) -> None:
            nonlocal logged
            logged = True
            self._world.log_call(
                service=target.service,
                method=target.method,
                resource=target.resource,
                principal=scope[PRINCIPAL],
                status=status,
                changes=target.changes,
            )

        async def noting_send(message: Message) -> None:
            if message["type"] == "http.response.start" and not logged:
                log(message["status"])  # before the answer: whoever has it may read the log at once
            await send(message)

        try:
            if self._world.faults and await self._struck(target, scope, receive, send, noting_send):
                return
            await self._app(scope, receive, noting_send)
        finally:
            if not logged:
                log(0)

    def _classify(self, verb: str, path: str) -> Target:
        for classify in self._classifiers:
            if (target := classify(verb, path)) is not None:
                return target
        return Target(
            service=path.split("/")[1], method=verb, resource=path, changes=verb not in {"GET", "HEAD", "OPTIONS"}
        )

    async def _struck(self, target: Target, scope: Scope, receive: Receive, send: Send, noting_send: Send) -> bool:
        """Apply the faults of the wire; True when one of them has dealt with the call."""
        project = self._world.project(target.project)
        about = {
            "service": target.service,
            "method": target.method,
            "project": project.id if project else target.project,
            "location": target.location,
            "resource": target.resource,
            "principal": scope[PRINCIPAL],
        }
        take = self._world.faults.take
        if fault := take("latency", **about):
            await asyncio.sleep(float(fault.params.get("seconds", 1)))
        if fault := take("timeout", **about):
            if fault.params.get("done"):
                await self._app(scope, receive, _swallow)
            while (await receive())["type"] != "http.disconnect":
                pass
            return True
        if take("rate_limited", **about):
            await _refuse(
                noting_send,
                429,
                "RESOURCE_EXHAUSTED",
                "Quota exceeded for quota metric 'Requests' and limit 'Requests per minute'.",
            )
            return True
        if fault := take("server_error", **about):
            code = int(fault.params.get("status", 503))
            await _refuse(noting_send, code, *_SERVER_ERRORS.get(code, ("UNKNOWN", "Unknown error.")))
            return True
        if take("answer_dropped", **about):
            await self._app(scope, receive, _swallow)
            _cut(send)
            return True
        return False


_SERVER_ERRORS: Final = {
    500: ("INTERNAL", "Internal error encountered."),
    502: ("UNAVAILABLE", "Bad gateway."),
    503: ("UNAVAILABLE", "The service is currently unavailable."),
    504: ("DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
}


def _principal(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization":
            token = value.decode("latin-1").removeprefix("Bearer ")
            return token.removeprefix("sandbox:") if token.startswith("sandbox:") else ANONYMOUS
    return ANONYMOUS


async def _refuse(send: Send, code: int, status: str, message: str) -> None:
    body = json.dumps({"error": {"code": code, "message": message, "status": status}}).encode()
    headers = [(b"content-type", b"application/json; charset=UTF-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": code, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _swallow(_message: Message) -> None:
    """An answer that nobody gets."""


def _cut(send: Send) -> None:
    """Close the connection with no answer at all: `send` is a method of uvicorn's cycle, which knows its transport."""
    send.__self__.transport.abort()  # type: ignore[attr-defined]  # ASGI has no message for it
