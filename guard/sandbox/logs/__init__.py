"""Cloud Logging of the sandbox: `entries:list` over the Admin Activity audit log."""

import base64
import json
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from guard.sandbox.errors import ApiError, invalid
from guard.sandbox.frame import PRINCIPAL, Target
from guard.sandbox.logs import filters
from guard.sandbox.logs.entries import ActivityLog
from guard.sandbox.world import World

__all__ = ["classify", "routes"]

PERMISSION: Final = "logging.logEntries.list"
_PATH: Final = "/v2/entries:list"
_ORDERS: Final = {"": False, "timestamp asc": False, "timestamp desc": True}
_PAGE, _MOST = 50, 1000


def classify(verb: str, path: str) -> Target | None:
    """The one method there is; a POST that changes nothing."""
    return Target(service="logging", method="entries.list") if (verb, path) == ("POST", _PATH) else None


def routes(world: World) -> list[BaseRoute]:
    """POST /v2/entries:list."""
    log = ActivityLog(world)

    async def entries(request: Request) -> Response:
        try:
            return JSONResponse(_answer(world, log, await request.body(), request.scope[PRINCIPAL]))
        except ApiError as error:
            return error.as_response()

    return [Route(_PATH, entries, methods=["POST"])]


def _answer(world: World, log: ActivityLog, raw: bytes, principal: str) -> dict[str, Any]:
    body = _body(raw)
    test = filters.parse(str(body.get("filter", "")))
    order = str(body.get("orderBy", ""))
    if order not in _ORDERS:
        raise invalid(f'orderBy must be "timestamp asc" or "timestamp desc"; got {order!r}.')
    found: list[dict[str, Any]] = []
    for name in body.get("resourceNames") or [f"projects/{one}" for one in body.get("projectIds", ())]:
        found += [entry for entry in _readable(world, log, str(name), principal) if test(entry)]
    found.sort(key=lambda entry: str(entry["timestamp"]), reverse=_ORDERS[order])
    return _page(world, found, body, principal)


def _readable(world: World, log: ActivityLog, name: str, principal: str) -> list[dict[str, Any]]:
    kind, _, given = name.partition("/")
    if kind in {"organizations", "folders", "billingAccounts"} and given:
        return []  # these name the logs of the organisation itself, never those of the projects below it
    if kind != "projects" or not given:
        raise invalid(f"Invalid resource name: {name!r}.")
    project = world.project(given.partition("/")[0])
    if project is None or project.forbidden or not world.authorize(principal, PERMISSION, f"projects/{project.number}"):
        raise ApiError(
            "PERMISSION_DENIED", f"Permission '{PERMISSION}' denied on resource '{name}' (or it may not exist)."
        )
    return log.of(project)


def _page(world: World, found: list[dict[str, Any]], body: dict[str, Any], principal: str) -> dict[str, Any]:
    size = body.get("pageSize", 0)
    if not isinstance(size, int) or size < 0:
        raise invalid(f"pageSize must be a whole number of at least 0; got {size!r}.")
    size = min(size or _PAGE, _MOST)
    token = str(body.get("pageToken") or "")
    try:
        offset = int(base64.urlsafe_b64decode(token)) if token else 0
    except ValueError as error:
        raise invalid("page_token is invalid.") from error
    about = {"service": "logging", "method": "entries.list", "principal": principal}
    take = world.faults.take
    if fault := take("listing_shrinks", **about):
        found = found[: int(len(found) * float(fault.params.get("keep", 0.5)))]
    end = offset + size
    shown = found[offset:end]
    if offset == 0 and len(found) > size and take("page_missing", **about):
        end += size
    if offset and take("page_repeated", **about):
        shown = found[:size]
    answer: dict[str, Any] = {"entries": shown} if shown else {}
    if end < len(found):
        answer["nextPageToken"] = base64.urlsafe_b64encode(str(end).encode()).decode()
    return answer


def _body(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw) if raw else {}
    except ValueError as error:
        raise invalid(f"Invalid JSON payload received. {error}.") from error
    if not isinstance(body, dict):
        raise invalid("Invalid JSON payload received. The root must be an object.")
    return body
