"""From a query to checked hourly values: every page, no error in the reply, no page or point twice, nothing absurd."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from guard.adapters.connection import Connection, Read
from guard.adapters.monitoring.queries import Query
from guard.core.units import HOUR, Window, hour_number
from guard.ports.errors import Malformed
from guard.ports.inventory import Project

HOUR_S = int(HOUR.total_seconds())
PAGE_POINTS = 20_000
"""Points a page; the platform allows 100,000. Smaller pages keep the largest answer in memory at about 3 MB."""


ABSENT = float("nan")
"""An hour without a point."""


@dataclass(frozen=True, slots=True)
class HourlySeries:
    """One series: the value of each hour of the window, ABSENT where there was no point.

    `owner` is the canonical name of what it belongs to: an endpoint where the series names no deployed model.
    """

    owner: str
    names_deployed_model: bool
    code: str
    values: array[float]


def read_series(connection: Connection, project: Project, query: Query, window: Window) -> list[HourlySeries]:
    """Run one query. Raises GuardError; Malformed where the answer cannot be trusted.

    A series and hour that comes twice counts once, with the larger value; different series of one deployment (spot and
    not) are all returned, for the caller to add up. Packed as they come in: a week of a thousand deployments is 168,000
    points a metric, which as objects would take 30 MB.
    """
    first, last = hour_number(window.start), hour_number(window.end)
    found: dict[tuple[tuple[str, str], ...], HourlySeries] = {}
    for raw in _series(connection, project, query, window):
        labels = {**raw.resource.labels, **raw.metric.labels}
        key = tuple(sorted(labels.items()))
        series = found.get(key)
        if series is None:
            owner, named = _owner(project, query, labels)
            series = found[key] = HourlySeries(
                owner, named, labels.get("response_code", ""), array("d", [ABSENT]) * (last - first)
            )
        _take_points(series.values, raw.points, query, first, _scale(query, raw.unit))
    return list(found.values())


def _take_points(values: array[float], points: Iterable[Any], query: Query, first: int, scale: float) -> None:
    """Put the points of one series into their hours. In one loop, with each field read once: a fleet has many points."""
    hours, largest = len(values), query.largest
    for point in points:
        end = point.interval.end_time
        hour, rest = divmod(end.seconds, HOUR_S)
        at = hour - 1 - first  # aligned points are stamped with the end of their hour
        if rest or end.nanos:
            raise Malformed(f"{query.metric}: a point that ends at {end.ToJsonString()}, not on the hour.")
        if not 0 <= at < hours:
            raise Malformed(f"{query.metric}: a point at {end.ToJsonString()}, outside of what was asked for.")
        which = point.value.WhichOneof("value")
        if which == "int64_value":
            value = float(point.value.int64_value)
        elif which == "double_value":
            value = point.value.double_value
        else:
            raise Malformed(f"{query.metric}: a value of kind {which}, expected a number.")
        if not 0 <= value <= largest:  # also where it is no number; what is believable is finite
            raise Malformed(f"{query.metric}: a value of {value:g} in one hour, which cannot be.")
        value *= scale
        before = values[at]
        if not before >= value:  # ABSENT is not, and takes any value
            values[at] = value


def _series(connection: Connection, project: Project, query: Query, window: Window) -> Iterator[Any]:
    """Fetch page after page; the messages below the client's wrappers are read, which is ten times faster."""
    service = (
        connection.metric_service()
    )  # first, under its lock: eight threads importing at once can see half a module
    from google.cloud import monitoring_v3

    read = Read("monitoring", f"timeSeries.list {query.metric}", f"projects/{project.number}")
    request = monitoring_v3.ListTimeSeriesRequest(
        name=f"projects/{project.number}",
        filter=f'metric.type = "{query.type}"',
        interval=monitoring_v3.TimeInterval(start_time=window.start, end_time=window.end),
        aggregation=monitoring_v3.Aggregation(
            alignment_period={"seconds": HOUR_S},
            per_series_aligner=query.align,
            cross_series_reducer=query.reduce,
            group_by_fields=list(query.group_by),
        ),
        view=monitoring_v3.ListTimeSeriesRequest.TimeSeriesView.FULL,
        page_size=PAGE_POINTS,
    )
    tokens: set[str] = set()
    while True:
        page = connection.call(
            read,
            lambda: monitoring_v3.ListTimeSeriesResponse.pb(
                next(
                    service.list_time_series(
                        request=request,
                        retry=None,
                        timeout=connection.patience.timeout,
                        metadata=connection.world.metadata(),
                    ).pages
                )
            ),
        )
        if page.execution_errors:
            first = page.execution_errors[0]
            raise Malformed(f"{read}: the reply carries an execution error, so it may lack series: {first.message}.")
        yield from page.time_series
        token = page.next_page_token
        if not token:
            return
        if token in tokens:
            raise Malformed(f"{read}: the same page token came twice.")
        tokens.add(token)
        request.page_token = token


def _owner(project: Project, query: Query, labels: dict[str, str]) -> tuple[str, bool]:
    location = labels.get("location", "")
    id_label = "deployment_resource_pool_id" if query.pool else "endpoint_id"
    id_ = labels.get(id_label, "")
    if not location or not id_:
        raise Malformed(f"{query.metric}: a series without location or {id_label}.")
    scope = f"projects/{project.number}/locations/{location}"
    if query.pool:
        return f"{scope}/deploymentResourcePools/{id_}", True
    deployed = labels.get("deployed_model_id", "")
    endpoint = f"{scope}/endpoints/{id_}"
    return (f"{endpoint}/deployedModels/{deployed}", True) if deployed else (endpoint, False)


def _scale(query: Query, unit: str) -> float:
    """Bring utilisation to our units: duty cycle in percent, CPU as a share.

    `10^2.%` is a share that is shown as a percentage, `1` a bare share. Where no unit is given it is read as a share:
    the reading that makes a duty cycle look busier.
    """
    percent = unit == "%"
    if query.metric.endswith("duty_cycle"):
        return 1.0 if percent else 100.0
    if query.metric.endswith("cpu/utilization"):
        return 0.01 if percent else 1.0
    return 1.0
