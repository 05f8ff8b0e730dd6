"""Pub/Sub of the sandbox: subscriptions that are pulled and acknowledged (REST), and budgets that publish to them.

Source: docs.cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions, read 2026-11-24. A pull answers at once, also
with nothing, where the platform would hold it back. What is not acknowledged in time comes again.
"""

import json
import re
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from guard.sandbox.errors import ApiError, denied, invalid
from guard.sandbox.frame import PRINCIPAL, Target
from guard.sandbox.pubsub import budgets
from guard.sandbox.pubsub.queues import Queues, queues_of
from guard.sandbox.world import World

__all__ = ["Queues", "classify", "queues_of", "routes"]

_PATH: Final = re.compile(
    r"/v1/(?P<name>projects/[^/]+/subscriptions/[^/:]+):(?P<verb>pull|acknowledge|testIamPermissions)"
)
_CONSUME: Final = "pubsub.subscriptions.consume"


def classify(verb: str, path: str) -> Target | None:
    """Pull, acknowledge, and what the caller may. An acknowledgement changes nothing that anybody owns, so it counts as reading."""
    found = _PATH.fullmatch(path)
    if found is None or verb != "POST":
        return None
    return Target(
        service="pubsub",
        method=f"subscriptions.{found['verb']}",
        resource=found["name"],
        project=found["name"].split("/")[1],
    )


def routes(world: World) -> list[BaseRoute]:
    """POST SUBSCRIPTION:pull, :acknowledge and :testIamPermissions, and POST /sandbox/pubsub to publish by hand."""

    async def serve(request: Request) -> Response:
        raw = await request.body()
        try:
            body = json.loads(raw or b"{}")
            with world.lock:
                return JSONResponse(_answer(world, request, body))
        except ApiError as error:
            return error.as_response()
        except ValueError as error:
            return invalid(f"The body is no JSON: {error}").as_response()

    async def publish(request: Request) -> Response:
        body = await request.json()
        with world.lock:
            queues = queues_of(world)
            queue = queues.get(str(body["subscription"]))
            if queue is None:
                return _missing(str(body["subscription"])).as_response()
            queue.publish(str(body["data"]).encode(), dict(body.get("attributes", {})), world.now())
        return JSONResponse({})

    return [
        Route("/v1/projects/{project}/subscriptions/{action}", serve, methods=["POST"]),
        Route("/sandbox/pubsub", publish, methods=["POST"]),
    ]


def _missing(name: str) -> ApiError:
    return ApiError("NOT_FOUND", f"Resource not found (resource={name.rpartition('/')[2]}).")


def _answer(world: World, request: Request, body: dict[str, Any]) -> dict[str, Any]:
    found = _PATH.fullmatch(request.url.path)
    if found is None:
        raise invalid("Expected SUBSCRIPTION:pull, SUBSCRIPTION:acknowledge or SUBSCRIPTION:testIamPermissions.")
    if found["verb"] == "testIamPermissions":  # needs no permission, and knows nothing of what does not exist
        asked = [str(one) for one in body.get("permissions", ())] if queues_of(world).get(found["name"]) else []
        return {"permissions": [one for one in asked if world.authorize(request.scope[PRINCIPAL], one, found["name"])]}
    if not world.authorize(request.scope[PRINCIPAL], _CONSUME, found["name"]):
        raise denied(_CONSUME, found["name"], service="pubsub.googleapis.com")
    queue = queues_of(world).get(found["name"])
    if queue is None:
        raise _missing(found["name"])
    if found["verb"] == "acknowledge":
        queue.acknowledge([str(one) for one in body.get("ackIds", [])])
        return {}
    most = int(body.get("maxMessages", 0))
    if most < 1:
        raise invalid("max_messages must be a positive number.")
    budgets.publish_due(world, found["name"], queue)
    return {"receivedMessages": queue.pull(most, world.now())}
