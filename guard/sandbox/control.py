"""The handles of the sandbox: state, clock, calls, meter, faults, and what people do by hand."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from guard.sandbox import happenings, meter, people
from guard.sandbox.billing import metered
from guard.sandbox.durations import parse_duration, parse_instant
from guard.sandbox.errors import ApiError
from guard.sandbox.scenario.schema import Change, FaultSpec
from guard.sandbox.vertex.names import last
from guard.sandbox.world import World

Act = Callable[[World, Request, Any], Any]
_KINDS = ("endpoints", "models", "deploymentResourcePools", "tuningJobs")


def routes(world: World) -> list[BaseRoute]:
    """GET state, calls, meter, faults; POST clock, faults, change; DELETE faults."""
    return [
        Route("/sandbox/state", _served(world, _state), methods=["GET"]),
        Route("/sandbox/clock", _served(world, _read_clock), methods=["GET"]),
        Route("/sandbox/clock", _served(world, _set_clock), methods=["POST"]),
        Route("/sandbox/calls", _served(world, _calls), methods=["GET"]),
        Route("/sandbox/meter", _served(world, _meter), methods=["GET"]),
        Route("/sandbox/faults", _served(world, _list_faults), methods=["GET"]),
        Route("/sandbox/faults", _served(world, _add_fault), methods=["POST"]),
        Route("/sandbox/faults", _served(world, _clear_faults), methods=["DELETE"]),
        Route("/sandbox/faults/{id}", _served(world, _remove_fault), methods=["DELETE"]),
        Route("/sandbox/change", _served(world, _change), methods=["POST"]),
    ]


def _served(world: World, act: Act) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        raw = await request.body()
        try:
            body = json.loads(raw) if raw else {}
            with world.lock:
                return JSONResponse(act(world, request, body))
        except ApiError as refusal:
            return refusal.as_response()
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(step) for step in first["loc"]) or "body"
            return ApiError("INVALID_ARGUMENT", f"{field}: {first['msg'].removeprefix('Value error, ')}").as_response()
        except (ValueError, OverflowError) as error:
            return ApiError("INVALID_ARGUMENT", str(error)).as_response()

    return serve


def _state(world: World, request: Request, _body: Any) -> Any:
    state = {
        "world": world.id,
        "grpc": world.settings.get("grpc"),
        "scenario": world.settings.get("scenario_digest"),
        "start": world.start.isoformat(),
        **_read_clock(world, request, None),
        "projects": [
            {"id": one.id, "number": one.number, "locations": list(one.locations)} for one in world.all_projects()
        ],
        "counts": {kind: sum(1 for _ in world.store.all(kind)) for kind in _KINDS},
        "calls": len(world.calls),
        "missed_changes": list(world.missed),
    }
    if request.query_params.get("documents") != "false":
        state["documents"] = {kind: dict(world.store.all(kind)) for kind in _KINDS}
    return state


def _read_clock(world: World, _request: Request, _body: Any) -> Any:
    return {"now": world.now().isoformat(), "speed": world.clock.speed}


def _set_clock(world: World, request: Request, body: Any) -> Any:
    """{"advance": "1h"}, {"set": instant} (forwards), {"speed": N}: any of them, in this order."""
    if not isinstance(body, dict) or not body or set(body) - {"advance", "set", "speed"}:
        raise ValueError(
            'one or more of "advance" (a duration), "set" (an instant) and "speed" (a number) are expected'
        )
    if "advance" in body:
        world.advance(parse_duration(body["advance"]))
    if "set" in body:
        world.advance(parse_instant(body["set"], world.start) - world.now())
    if "speed" in body:
        if isinstance(body["speed"], bool) or not isinstance(body["speed"], int | float):
            raise ValueError(f"speed: a number is expected; found {body['speed']!r}")
        world.clock.set_speed(body["speed"])
    return _read_clock(world, request, None)


def _calls(world: World, request: Request, _body: Any) -> Any:
    since = int(request.query_params.get("since", "0"))
    shown = world.calls[since:]
    return {
        "calls": [
            {
                "index": one.index,
                "at": one.at.isoformat(),
                "service": one.service,
                "method": one.method,
                "resource": one.resource,
                "principal": one.principal,
                "status": one.status,
                "changes": one.changes,
            }
            for one in shown
        ],
        "next": len(world.calls),
    }


def _meter(world: World, request: Request, _body: Any) -> Any:
    """The machines' bill, and beside its total what is metered: stored bytes and tokens."""
    since, until = _instant(world, request, "since", world.start), _instant(world, request, "until", world.now())
    return {**meter.read(world, since, until), "metered": metered.read(world, since, until)}


def _instant(world: World, request: Request, key: str, default: datetime) -> datetime:
    value = request.query_params.get(key)
    return default if value is None else parse_instant(value.replace(" ", "+"), world.start)


def _list_faults(world: World, _request: Request, _body: Any) -> Any:
    return {"faults": [one.as_document() for one in world.faults.all()]}


def _add_fault(world: World, _request: Request, body: Any) -> Any:
    spec = FaultSpec.model_validate(body)
    fault = happenings.put_in_force(world, spec, world.now())
    world.settle()
    return fault.as_document()


def _clear_faults(world: World, _request: Request, _body: Any) -> Any:
    world.faults.clear()
    return {}


def _remove_fault(world: World, request: Request, _body: Any) -> Any:
    fault_id = request.path_params["id"]
    if not world.faults.remove(fault_id):
        raise ApiError("NOT_FOUND", f"There is no fault {last(fault_id)!r}.")
    return {}


def _change(world: World, _request: Request, body: Any) -> Any:
    """A change as a scenario writes it: now, or on the agenda where it has an `at`."""
    change = Change.model_validate(body)
    if change.at is None:
        people.make(world, change, world.now())
    else:
        at = parse_instant(change.at, world.start)
        world.at(at, world.careful(lambda when: people.make(world, change, when)))
    world.settle()
    return {}
