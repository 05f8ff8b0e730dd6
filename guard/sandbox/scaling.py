"""Replicas that change by themselves: by the time of day, or to zero when nobody calls (v1beta1)."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Final

from guard.sandbox.vertex import fleet
from guard.sandbox.world import World

_LOOK: Final = timedelta(minutes=5)
"""How often scale to zero looks at the traffic; the platform's own pace is not published."""


def repeat_daily(
    world: World, endpoint_name: str, deployed_id: str, times: Mapping[time, int], since: datetime
) -> None:
    """Set the replicas to `times[t]` at each time of day t (UTC), until the deployment is gone."""
    ordered = sorted(times)

    def following(at: datetime) -> datetime:
        for days in (0, 1):
            for one in ordered:
                candidate = datetime.combine(at.date() + timedelta(days=days), one, tzinfo=at.tzinfo)
                if candidate > at:
                    return candidate
        raise LookupError("no time of day")

    def step(at: datetime) -> None:
        if (endpoint_name, deployed_id) not in world.live:
            return
        fleet.set_replicas(world, endpoint_name, deployed_id, times[at.time()], at)
        world.at(following(at), step)

    if ordered:
        world.at(following(since), step)


def scale_to_zero(world: World, endpoint_name: str, deployed_id: str, idle: timedelta, since: datetime) -> None:
    """Take the replicas to zero after `idle` without a request, and bring one back when requests come."""
    record = world.live[endpoint_name, deployed_id]
    last_seen = since

    def look(at: datetime) -> None:
        nonlocal last_seen
        if world.live.get((endpoint_name, deployed_id)) is not record:
            return
        traffic = world.traffic.get(record.endpoint_key)
        if traffic is not None and sum(traffic.counts(at - _LOOK, at, _LOOK)):
            last_seen = at
        asleep = record.replica_steps[-1][1] == 0
        if asleep and last_seen == at:
            fleet.set_replicas(world, endpoint_name, deployed_id, 1, at)
        elif not asleep and at - last_seen >= idle:
            fleet.set_replicas(world, endpoint_name, deployed_id, 0, at)
        world.at(at + _LOOK, look)

    world.at(since + _LOOK, look)
