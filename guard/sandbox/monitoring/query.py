"""One ListTimeSeries request answered, whichever transport it came by."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import numpy as np

from guard.sandbox.errors import ApiError, invalid
from guard.sandbox.monitoring import faults, filters
from guard.sandbox.monitoring.aggregate import Aggregation, Grid, reduce
from guard.sandbox.monitoring.filters import Subject
from guard.sandbox.monitoring.metrics import METRICS, Metric
from guard.sandbox.monitoring.pages import Answered, Page, Place, cut_page
from guard.sandbox.monitoring.series import Series, raw
from guard.sandbox.monitoring.window import visible
from guard.sandbox.world import Project, World

PERMISSION: Final = "monitoring.timeSeries.list"
MAX_PAGE: Final = 100_000
DEFAULT_LAG: Final[Mapping[str, timedelta]] = {
    "counts": timedelta(seconds=180),
    "utilisation": timedelta(seconds=360),
}
"""How old a sample is when it can be read. The platform states up to 360 s for utilisation, nothing for counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A ListTimeSeries request; `start` and `end` are whole epoch seconds, of an interval open at its start."""

    name: str
    filter: str
    start: int
    end: int
    aggregation: Aggregation = field(default_factory=Aggregation)
    headers_only: bool = False
    page_size: int = 0
    page_token: str = ""

    def digest(self) -> str:
        """What a page token is good for: everything but the page."""
        asked = (self.name, self.filter, self.start, self.end, self.aggregation, self.headers_only)
        return hashlib.sha256(repr(asked).encode()).hexdigest()[:16]


class Reader:
    """Answers queries about one world. Pages of one answer are cut from the same reading."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._readings: OrderedDict[tuple[str, str], list[Answered]] = OrderedDict()

    def answer(self, query: Query, principal: str) -> Page:
        """Answer one page.

        Raises:
            ApiError: As the platform refuses: INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED.
        """
        project = permitted(self._world, query.name, PERMISSION, principal)
        metric, matches = _asked_for(query.filter)
        _check_interval(query)
        query.aggregation.check(metric)
        with self._world.lock:
            place = Place.of(query.page_token, query.digest())
            key = (query.digest(), place.reading)
            found = self._readings.get(key)
            if found is None or not query.page_token:
                found = self._read(query, metric, matches, project)
                key = (query.digest(), self._world.now().isoformat())
                self._readings[key] = found
                while len(self._readings) > 4:
                    self._readings.popitem(last=False)
            return self._page(query, metric, project, found, Place(place.series, place.point, key[1], place.repeats))

    def _read(self, query: Query, metric: Metric, matches: filters.Test, project: Project) -> list[Answered]:
        world = self._world
        disturbed = bool(world.faults)
        if disturbed:
            faults.reveal_late_requests(world, project)
        lags: Mapping[str, timedelta] = {**DEFAULT_LAG, **world.settings.get("metric_lag", {})}
        lag = lags["counts" if metric.counts else "utilisation"]
        minutes = visible(query.start, query.end, now=world.now().timestamp(), lag=lag.total_seconds())
        found = raw(world, metric, project.number, minutes)
        if disturbed:
            found = faults.disturbed(world, metric, project, minutes, found)
        chosen = [one for one in found if matches(_subject(metric, one))]
        grid = Grid(minutes, query.end, query.aggregation.period)
        answer = []
        for first, one in _aggregated(metric, query.aggregation, grid, chosen):
            answer.append(one)
            where = {"location": first.location, "owner": first.owner}
            if disturbed and faults.strikes(world, "series_duplicate", metric, project, **where):
                answer.append(one)
        if disturbed and (fault := faults.strikes(world, "listing_shrinks", metric, project)):
            answer = answer[: int(len(answer) * float(fault.params.get("keep", 0.5)))]
        return answer

    def _page(self, query: Query, metric: Metric, project: Project, found: list[Answered], place: Place) -> Page:
        size = min(query.page_size or MAX_PAGE, MAX_PAGE)
        chosen, after = cut_page(found, place, size, headers_only=query.headers_only)
        errors: list[tuple[int, str]] = []
        if self._world.faults:
            if (
                after is not None
                and not query.page_token
                and faults.strikes(self._world, "page_missing", metric, project)
            ):
                after = cut_page(found, after, size, headers_only=query.headers_only)[1]
            if (
                after is not None
                and not query.page_token
                and faults.strikes(self._world, "page_repeated", metric, project)
            ):
                after = Place(0, 0, place.reading, repeats=1)
            if fault := faults.strikes(self._world, "monitoring_execution_error", metric, project):
                message = str(
                    fault.params.get("message", "Some data could not be read; the results may be incomplete.")
                )
                errors.append((int(fault.params.get("code", 14)), message))
        unit = "1/s" if query.aggregation.aligner == "ALIGN_RATE" else metric.unit
        return Page(chosen, unit, after.token(query.digest()) if after else "", errors)


def permitted(world: World, name: str, permission: str, principal: str) -> Project:
    """The project that a request names, if the caller may read it.

    Raises:
        ApiError: INVALID_ARGUMENT for what is no project; PERMISSION_DENIED for a project that is not there, too.
    """
    kind, _, given = name.partition("/")
    if kind in {"folders", "organizations"}:
        raise invalid(f"The sandbox reads metrics of one project; got {name!r}. Ask for each project by itself.")
    if kind != "projects" or not given or "/" in given:
        raise invalid(
            f'Name must begin with "projects/", "folders/" or "organizations/" and end with an id; got "{name}".'
        )
    project = world.project(given)
    if project is None or project.forbidden or not world.authorize(principal, permission, f"projects/{project.number}"):
        raise ApiError("PERMISSION_DENIED", f"Permission {permission} denied (or the resource may not exist).")
    return project


def _asked_for(text: str) -> tuple[Metric, filters.Test]:
    parsed = filters.parse(text)
    if len(set(parsed.metric_types)) != 1:
        raise invalid(
            f'Field filter had an invalid value of "{text}": must specify exactly one restriction on "metric.type" '
            'of the form metric.type = "...".'
        )
    metric = METRICS.get(parsed.metric_types[0])
    if metric is None:
        raise ApiError(
            "NOT_FOUND",
            f'Cannot find metric(s) that match type = "{parsed.metric_types[0]}". If a metric was created recently, '
            "it could take up to 10 minutes to become available.",
        )
    return metric, parsed.test


def _check_interval(query: Query) -> None:
    if query.end <= 0:
        raise invalid("Field interval.endTime had an invalid value: an end time is required.")
    if query.start > query.end:
        raise invalid("Field interval had an invalid value: the start time must not be later than the end time.")
    if query.page_size < 0:
        raise invalid(f'Field pageSize had an invalid value of "{query.page_size}": must not be negative.')


def _subject(metric: Metric, series: Series) -> Subject:
    return Subject(metric.type, metric.resource, series.metric_labels, series.resource_labels)


def _aggregated(
    metric: Metric, how: Aggregation, grid: Grid, chosen: Sequence[Series]
) -> Iterator[tuple[Series, Answered]]:
    """Each series of the answer with the first of the raw series that it is made of."""
    groups: dict[tuple[tuple[str, str], ...], list[Series]] = {}
    for number, one in enumerate(chosen):
        key = (("", str(number)),) if how.reducer == "REDUCE_NONE" else _group(one, how.group_by)
        groups.setdefault(key, []).append(one)
    for key, members in groups.items():
        aligned = [grid.align(how.aligner, one.values, one.present) for one in members]
        if how.reducer == "REDUCE_NONE":
            values, present = aligned[0]
            metric_labels, resource_labels = members[0].metric_labels, members[0].resource_labels
        else:
            values, present = reduce(how.reducer, aligned)
            metric_labels = {name[7:]: value for name, value in key if name.startswith("metric.")}
            resource_labels = {name[9:]: value for name, value in key if name.startswith("resource.")}
        where = np.flatnonzero(present)[::-1]
        if len(where):
            yield (
                members[0],
                Answered(
                    metric.type,
                    metric.resource,
                    metric_labels,
                    resource_labels,
                    how.kind(metric),
                    how.value_type(metric),
                    metric.unit,
                    grid.ends[where],
                    values[where],
                    grid.width,
                ),
            )


def _group(series: Series, fields: Sequence[str]) -> tuple[tuple[str, str], ...]:
    key: list[tuple[str, str]] = []
    for name in fields:
        match name.split("."):
            case ["metric", "label" | "labels", label]:
                key.append((f"metric.{label}", series.metric_labels.get(label, "")))
            case ["resource", "label" | "labels", label]:
                key.append((f"resource.{label}", series.resource_labels.get(label, "")))
            case ["resource", "type"] | ["project"]:
                continue
            case _:
                raise invalid(f'Field aggregation.groupByFields had an invalid value of "{name}".')
    return tuple(pair for pair in key if pair[1])
