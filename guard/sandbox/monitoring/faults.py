"""Faults that a metrics reply can carry in its series."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Final

import numpy as np

from guard.sandbox.faults import Fault
from guard.sandbox.monitoring.load import BUSY_CPU, BUSY_DUTY_CYCLE
from guard.sandbox.monitoring.metrics import Measure, Metric
from guard.sandbox.monitoring.series import Series
from guard.sandbox.monitoring.window import Minutes
from guard.sandbox.traffic import parse
from guard.sandbox.world import Project, World

METHOD: Final = "timeSeries.list"
_BUSY: Final = {Measure.CPU: BUSY_CPU, Measure.DUTY_CYCLE: BUSY_DUTY_CYCLE}


def strikes(
    world: World, kind: str, metric: Metric, project: Project, *, location: str = "", owner: str = ""
) -> Fault | None:
    """The fault of this kind that strikes, if any; a fault's `metric` (a shell pattern) narrows it to some metrics."""
    about = {"service": "monitoring", "method": METHOD, "project": project.id, "location": location, "resource": owner}
    if not any(_concerns(fault, metric) for fault in world.faults.active(kind, **about)):
        return None
    return world.faults.take(kind, **about)


def _concerns(fault: Fault, metric: Metric) -> bool:
    pattern = str(fault.params.get("metric", "*"))
    return fnmatchcase(metric.type, pattern) or metric.type.endswith("/" + pattern)


def reveal_late_requests(world: World, project: Project) -> None:
    """Let the requests of `request_inside_lag` appear: once, on every endpoint in the fault's scope, in time gone by."""
    now = world.now()
    keys = dict.fromkeys(one.endpoint_key for one in world.deployments if one.project_number == project.number)
    for fault in world.faults.all():
        if fault.kind != "request_inside_lag":
            continue
        struck = [key for key in keys if fault.covers(now, _about(project, *key))]
        at = now - timedelta(seconds=float(fault.params.get("seconds", 1800)))
        for key in struck:
            traffic = world.traffic.setdefault(key, parse("none", start=world.start, seed=world.seed))
            traffic.record(at, int(fault.params.get("n", 1)), 200)
        if struck:
            fault.remaining = 0


def _about(project: Project, number: str, location: str, endpoint: str) -> dict[str, str]:
    return {
        "service": "monitoring",
        "method": METHOD,
        "project": project.id,
        "location": location,
        "resource": f"projects/{number}/locations/{location}/endpoints/{endpoint}",
    }


def disturbed(
    world: World, metric: Metric, project: Project, minutes: Minutes, series: Iterable[Series]
) -> Iterator[Series]:
    """The series as they are read while the faults of the world are in force."""
    for one in series:
        where = {"location": one.location, "owner": one.owner}
        if strikes(world, "series_missing", metric, project, **where):
            continue
        current = one
        if late := strikes(world, "series_late", metric, project, **where):
            current = _cut(current, len(minutes) - int(float(late.params.get("seconds", 3600)) // 60))
        if strikes(world, "count_witness_disagree", metric, project, **where):
            if metric.counts:
                continue
            if metric.measure in _BUSY:
                current = replace(current, values=np.where(current.present, _BUSY[metric.measure], 0.0))
        if not current.present.any():
            continue
        if metric.counts and strikes(world, "series_several", metric, project, **where):
            yield from _spot_and_not(current)
        else:
            yield current


def _cut(series: Series, high: int) -> Series:
    """Without the points from offset `high` on, which have not come in yet."""
    present = series.present.copy()
    present[max(high, 0) :] = False
    return replace(series, present=present, values=np.where(present, series.values, 0))


def _spot_and_not(series: Series) -> Iterator[Series]:
    half = series.values // 2
    for spot, values in (("false", series.values - half), ("true", half)):
        yield replace(series, metric_labels={**series.metric_labels, "spot": spot}, values=values)
