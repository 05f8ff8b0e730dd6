"""A plain resource store for what Pulumi creates and no other service of the sandbox speaks: `/resources/v1/items`.

It is no Google API. It keeps what it is given, and refuses what the platform would refuse and order of work depends on: an API
that is not enabled, a reference to what does not exist, the deletion of what is in use (`rules`).
"""

import json

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from guard.sandbox.errors import ApiError, invalid
from guard.sandbox.frame import Target
from guard.sandbox.resources import rules
from guard.sandbox.resources.items import Items, items_of
from guard.sandbox.world import World

PATH = "/resources/v1/items"


def classify(verb: str, path: str) -> Target | None:
    """Calls of the store are named `create`, `read`, `update` and `delete` in the call log and in faults."""
    if path != PATH:
        return None
    method = {"POST": "create", "GET": "read", "PATCH": "update", "DELETE": "delete"}.get(verb, verb)
    return Target(service="resources", method=method, resource=path, changes=verb not in {"GET", "HEAD"})


def routes(world: World) -> list[BaseRoute]:
    """The one route, for all verbs."""
    items = items_of(world)

    async def handle(request: Request) -> Response:
        try:
            body = json.loads(await request.body() or b"{}")
            with world.lock:
                return JSONResponse(_answer(world, items, request, body))
        except ValueError as error:
            return invalid(f"The body is no JSON: {error}").as_response()
        except ApiError as error:
            return error.as_response()

    return [Route(PATH, handle, methods=["GET", "POST", "PATCH", "DELETE"])]


def _answer(world: World, items: Items, request: Request, body: dict[str, object]) -> object:
    kind, name = request.query_params.get("type", ""), request.query_params.get("id", "")
    if request.method == "GET" and not name:
        return {"items": [item.as_document() for item in items.of(kind)]}
    if request.method == "POST":
        properties = body.get("properties")
        if not isinstance(properties, dict) or not kind or not name:
            raise invalid("Expected ?type=, ?id= and a body with properties.")
        rules.check_create(world, items, kind, name, properties)
        return items.create(kind, name, properties).as_document()
    item = items.get(kind, name)
    if item is None:
        raise ApiError("NOT_FOUND", f"{kind} {name!r} was not found.")
    if request.method == "PATCH":
        properties = body.get("properties")
        if not isinstance(properties, dict):
            raise invalid("Expected a body with properties.")
        rules.check_references(world, items, kind, properties)
        item.properties = properties
    elif request.method == "DELETE":
        rules.check_delete(items, item)
        for gone in [*rules.inside(items, item), item]:
            items.delete(gone)
    return item.as_document()
