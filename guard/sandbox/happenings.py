"""Faults put in force: most wait for a call, those of one moment happen when their time comes."""

from datetime import datetime
from typing import Any

from guard.sandbox import people
from guard.sandbox.durations import parse_duration
from guard.sandbox.faults import KINDS, Fault
from guard.sandbox.scenario import resolve
from guard.sandbox.scenario.schema import FaultSpec, Place
from guard.sandbox.world import World


def put_in_force(world: World, spec: FaultSpec, default: datetime) -> Fault:
    """Add a fault to the world, from `spec.at` (or `default`) on. Raises ValueError where a parameter is missing."""
    at = resolve.instant(world, spec.at, default)
    once = KINDS[spec.kind].once
    for key in KINDS[spec.kind].params if once else ():
        if key not in spec.params:
            raise ValueError(f"{spec.kind} needs the parameter {key!r}")
    if spec.kind == "clock_jump":
        parse_duration(spec.params["by"])
    fault = world.faults.add(
        spec.kind,
        at=at,
        scope=spec.scope,
        params=spec.params,
        probability=spec.probability,
        count=1 if once else spec.count,
        lasts=spec.lasts,
    )
    if once:
        world.at(at, world.careful(lambda when: _happen(world, fault, when)))
    return fault


def _happen(world: World, fault: Fault, at: datetime) -> None:
    if fault.remaining == 0 or not world.faults.is_known(fault.id):
        return
    fault.remaining = 0
    place = Place(project=fault.scope.get("project"), location=fault.scope.get("location"))
    match fault.kind:
        case "clock_jump":
            world.clock.jump(parse_duration(fault.params["by"]))
        case "resource_recreated":
            people.recreate_endpoint(world, _named(world, "endpoints", fault.params["endpoint"], place), at)
        case "new_model_version":
            people.new_model_version(world, _named(world, "models", fault.params["model"], place), at)
        case other:
            raise ValueError(f"nothing is known to happen for {other}")


def _named(world: World, kind: str, reference: Any, place: Place) -> str:
    return str(resolve.find(world, kind, str(reference), place)["name"])
