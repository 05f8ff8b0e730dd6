"""The raw series of one metric: a point a minute, made of deployments and traffic when they are asked for.

Choices where the platform is silent (facts-vertex section 4): a counter has points in the minutes with requests and in
the five after them (as zeros), then none; `prediction_count` counts what was answered with 2xx and `error_count` the rest;
`resource_container` is the project number.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from guard.sandbox.deployments import Deployment
from guard.sandbox.monitoring.load import Machine, replica_loads
from guard.sandbox.monitoring.metered import stored, tokens
from guard.sandbox.monitoring.metrics import ENDPOINT, POOL, Measure, Metric
from guard.sandbox.monitoring.requests import ByCode, served
from guard.sandbox.monitoring.window import Mask, Minutes, Numbers
from guard.sandbox.world import World

TAIL_MINUTES: Final = 5


@dataclass(frozen=True, slots=True)
class Series:
    """One raw series over the minutes of a query. `values` are 0 where `present` says that there is no point.

    `owner` is the resource's canonical name, which faults are scoped by.
    """

    owner: str
    location: str
    metric_labels: Mapping[str, str]
    resource_labels: Mapping[str, str]
    values: Numbers
    present: Mask


def raw(world: World, metric: Metric, project_number: str, minutes: Minutes) -> Iterator[Series]:
    """Every series of `metric` in a project that has a point in these minutes."""
    if not len(minutes):
        return
    early = Minutes(minutes.first - TAIL_MINUTES, minutes.last)  # what happened just before decides the first zeros
    alive = [one for one in world.deployments if one.project_number == project_number and _overlaps(one, early)]
    match metric.measure:
        case Measure.INVOCATIONS:
            yield from _invocations(world, alive, early)
        case Measure.TOKENS:
            yield from _tokens(world, alive, early)
        case Measure.STORED:
            for row in stored(world, project_number, minutes):
                yield Series(*row)
        case Measure.PREDICTIONS | Measure.ERRORS | Measure.RESPONSES | Measure.PRIVATE_RESPONSES:
            yield from _counts(world, metric, alive, early)
        case Measure.REPLICAS if metric.resource == ENDPOINT:
            yield from _replicas(alive, minutes)
        case _ if metric.resource == POOL:
            yield from _pools(world, metric, project_number, alive, minutes)
        case _:
            yield from _witnesses(world, metric, alive, minutes)


def _overlaps(deployment: Deployment, minutes: Minutes) -> bool:
    low, high = minutes.within(deployment.started_at, deployment.ended_at)
    return low < high


def _endpoint_name(deployment: Deployment) -> str:
    return f"projects/{deployment.project_number}/locations/{deployment.location}/endpoints/{deployment.endpoint_id}"


def _endpoint_series(deployment: Deployment, labels: Mapping[str, str], values: Numbers, present: Mask) -> Series:
    return Series(
        owner=_endpoint_name(deployment),
        location=deployment.location,
        metric_labels=labels,
        resource_labels={
            "resource_container": deployment.project_number,
            "location": deployment.location,
            "endpoint_id": deployment.endpoint_id,
        },
        values=values,
        present=present,
    )


def _names(deployment: Deployment) -> dict[str, str]:
    return {
        "deployed_model_id": deployment.deployed_model_id,
        "spot": "true" if deployment.spot else "false",
        "model_display_name": deployment.model_display_name,
        "endpoint_display_name": deployment.endpoint_display_name,
    }


def _counts(world: World, metric: Metric, alive: list[Deployment], early: Minutes) -> Iterator[Series]:
    own_machines = [one for one in alive if one.kind != "gemini"]
    for deployment, by_code in served(world, own_machines, early):
        if not by_code or _is_private(world, deployment) != (metric.measure is Measure.PRIVATE_RESPONSES):
            continue
        for labels, counts in _split(metric.measure, deployment, by_code):
            values, present = _with_zeros(counts, TAIL_MINUTES)
            if present.any():
                yield _endpoint_series(deployment, labels, values, present)


def _is_private(world: World, deployment: Deployment) -> bool:
    """Whether calls come over a peered network or Private Service Connect, whose counts are other metrics."""
    endpoint = world.store.get(_endpoint_name(deployment)) or {}
    return bool(endpoint.get("network") or endpoint.get("privateServiceConnectConfig"))


def _split(measure: Measure, deployment: Deployment, by_code: ByCode) -> Iterator[tuple[dict[str, str], Numbers]]:
    if measure is Measure.PRIVATE_RESPONSES:
        for code, counts in by_code.items():
            yield {"deployed_model_id": deployment.deployed_model_id, "response_code": str(code)}, counts
        return
    classes: dict[str, Numbers] = {}
    for code, counts in by_code.items():
        name = f"{code // 100}xx"
        classes[name] = classes[name] + counts if name in classes else counts
    if measure is Measure.RESPONSES:
        for name, counts in classes.items():
            yield {**_names(deployment), "response_code": name}, counts
        return
    chosen = [counts for name, counts in classes.items() if (name == "2xx") == (measure is Measure.PREDICTIONS)]
    if chosen:
        yield _names(deployment), np.sum(chosen, axis=0) if len(chosen) > 1 else chosen[0]


def _with_zeros(counts: Numbers, tail: int) -> tuple[Numbers, Mask]:
    """Cut the lead of `tail` minutes off, and mark where the counter has a point."""
    if not counts.any():
        return counts[tail:], np.zeros(len(counts) - tail, dtype=bool)
    busy = np.cumsum(counts > 0)
    recent = busy[tail:] - np.concatenate([[0], busy[: -tail - 1]])
    return counts[tail:], recent > 0


def _replicas(alive: list[Deployment], minutes: Minutes) -> Iterator[Series]:
    for deployment in alive:
        if deployment.kind in {"dedicated", "automatic"}:
            low, high = minutes.within(deployment.started_at, deployment.ended_at)
            present = np.zeros(len(minutes), dtype=bool)
            present[low:high] = True
            values = np.where(present, minutes.steps(deployment.replica_steps), 0)
            if low < high:
                yield _endpoint_series(deployment, _names(deployment), values, present)


def _witnesses(world: World, metric: Metric, alive: list[Deployment], minutes: Minutes) -> Iterator[Series]:
    own_machines = [one for one in alive if one.kind != "gemini"]
    for deployment, by_code in served(world, own_machines, minutes):
        if deployment.kind == "pool":  # its machines are the pool's
            continue
        low, high = minutes.within(deployment.started_at, deployment.ended_at)
        replicas = np.zeros(len(minutes), dtype=np.int64)
        replicas[low:high] = minutes.steps(deployment.replica_steps)[low:high]
        machine = Machine(deployment.accelerator_type, f"{deployment.endpoint_id}/{deployment.deployed_model_id}")
        for replica, values, present in replica_loads(metric.measure, machine, by_code, replicas, minutes):
            labels = {
                "deployed_model_id": deployment.deployed_model_id,
                "replica_id": replica,
                "spot": "true" if deployment.spot else "false",
            }
            yield _endpoint_series(deployment, labels, values, present)


def _pools(
    world: World, metric: Metric, project_number: str, alive: list[Deployment], minutes: Minutes
) -> Iterator[Series]:
    asked: defaultdict[tuple[str, str], list[ByCode]] = defaultdict(list)
    if metric.measure is not Measure.REPLICAS:
        for deployment, by_code in served(world, [one for one in alive if one.kind != "gemini"], minutes):
            if deployment.pool_id:
                asked[deployment.location, deployment.pool_id].append(by_code)
    for run in world.pool_runs:
        low, high = minutes.within(run.started_at, run.ended_at)
        if run.project_number != project_number or low >= high:
            continue
        replicas = np.zeros(len(minutes), dtype=np.int64)
        replicas[low:high] = minutes.steps(run.replica_steps)[low:high]
        spot = {"spot": "true" if run.spot else "false"}
        if metric.measure is Measure.REPLICAS:
            present = np.zeros(len(minutes), dtype=bool)
            present[low:high] = True
            lines = [(spot, replicas, present)]
        else:
            by_code = _added(asked[run.location, run.pool_id])
            loads = replica_loads(
                metric.measure,
                Machine(run.accelerator_type, f"{run.location}/{run.pool_id}"),
                by_code,
                replicas,
                minutes,
            )
            lines = [({"replica_id": replica, **spot}, values, present) for replica, values, present in loads]
        for labels, values, present in lines:
            yield Series(
                owner=f"projects/{project_number}/locations/{run.location}/deploymentResourcePools/{run.pool_id}",
                location=run.location,
                metric_labels=labels,
                resource_labels={
                    "resource_container": project_number,
                    "location": run.location,
                    "deployment_resource_pool_id": run.pool_id,
                },
                values=values,
                present=present,
            )


def _added(parts: list[ByCode]) -> ByCode:
    total: dict[int, Numbers] = {}
    for part in parts:
        for code, counts in part.items():
            total[code] = total[code] + counts if code in total else counts
    return total


def _invocations(world: World, alive: list[Deployment], early: Minutes) -> Iterator[Series]:
    """Calls of tuned models, on the publisher's model in a location: no label leads back to an endpoint."""
    for place, by_code in _by_model(world, alive, early).items():
        for code, counts in by_code.items():
            values, present = _with_zeros(counts, TAIL_MINUTES)
            if present.any():
                labels = {"response_code": str(code), "request_type": "shared", "method": "GenerateContent"}
                yield _model_series(place, labels, values, present)


def _tokens(world: World, alive: list[Deployment], early: Minutes) -> Iterator[Series]:
    """Tokens of the calls that were answered, likewise."""
    for place, by_code in _by_model(world, alive, early).items():
        if 200 not in by_code:
            continue
        values, present = _with_zeros(by_code[200], TAIL_MINUTES)
        for kind, counted, there in tokens(values, present) if present.any() else ():
            yield _model_series(place, {"type": kind, "request_type": "shared"}, counted, there)


_Place = tuple[str, str, str]
"""Project number, location, base model."""


def _by_model(world: World, alive: list[Deployment], early: Minutes) -> dict[_Place, ByCode]:
    models: defaultdict[_Place, list[ByCode]] = defaultdict(list)
    for deployment, by_code in served(world, [one for one in alive if one.kind == "gemini"], early):
        models[deployment.project_number, deployment.location, base_model(world, deployment)].append(by_code)
    return {place: _added(parts) for place, parts in models.items()}


def _model_series(place: _Place, labels: Mapping[str, str], values: Numbers, present: Mask) -> Series:
    number, location, model = place
    return Series(
        owner=f"projects/{number}/locations/{location}/publishers/google/models/{model}",
        location=location,
        metric_labels=labels,
        resource_labels={
            "resource_container": number,
            "location": location,
            "publisher": "google",
            "model_user_id": model,
            "model_version_id": "default",
        },
        values=values,
        present=present,
    )


def base_model(world: World, deployment: Deployment) -> str:
    """The base of a tuned model that is deployed."""
    model = world.store.get(deployment.model_name.partition("@")[0]) or {}
    uri = model.get("baseModelSource", {}).get("genieSource", {}).get("baseModelUri", "")
    return str(uri).rpartition("/")[2] or "gemini-2.5-flash"
