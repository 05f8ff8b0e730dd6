"""A world from a scenario: everything is put on the agenda with its own instant, then the past is played up to the start."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from guard.sandbox import happenings, people
from guard.sandbox.clock import rfc3339
from guard.sandbox.errors import ApiError
from guard.sandbox.meter import Prices
from guard.sandbox.pubsub.budgets import CloudBudget
from guard.sandbox.pubsub.queues import queues_of
from guard.sandbox.scenario import deploy, resolve
from guard.sandbox.scenario.load import ScenarioError
from guard.sandbox.scenario.schema import (
    BucketSpec,
    BudgetSpec,
    Change,
    EndpointSpec,
    ModelSpec,
    PoolSpec,
    Scenario,
    TuningSpec,
)
from guard.sandbox.storage.shelves import shelves_of
from guard.sandbox.vertex import pools, registry, tuning, tuning_run
from guard.sandbox.vertex.documents import Document
from guard.sandbox.world import Creation, World


def build(scenario: Scenario, *, base_dir: Path | None = None) -> World:
    """The world at the scenario's start. `base_dir` is where relative trace files lie. Raises ScenarioError."""
    world = World(
        start=scenario.start.astimezone(UTC), speed=scenario.speed, seed=scenario.seed, world_id=scenario.world_id
    )
    digest = hashlib.sha256(scenario.model_dump_json().encode()).hexdigest()[:16]
    world.settings = {
        "scenario_digest": digest,
        "operations": scenario.operations,
        "metric_lag": _given(scenario.metric_lag),
        "tuning": _given(scenario.tuning),
        "prices": Prices.of(scenario.prices),
        "base_dir": base_dir,
    }
    for project in scenario.projects:
        people.add_project(world, project)
    world.settings["budgets"] = [_budget(world, budget) for budget in scenario.budgets]
    for model in scenario.models:
        _on_agenda(world, model.created, model, _model)
    for pool in scenario.pools:
        _on_agenda(world, pool.created, pool, _pool)
    for bucket in scenario.buckets:
        _on_agenda(world, bucket.created, bucket, _bucket)
    for endpoint in scenario.endpoints:
        _on_agenda(world, endpoint.created, endpoint, _endpoint)
    for job in scenario.tuning_jobs:
        _on_agenda(world, job.at, job, _tuning_job)
    for change in scenario.changes:
        _on_agenda(world, change.at, change, _change)
    for fault in scenario.faults:
        try:
            happenings.put_in_force(world, fault, world.start)
        except ValueError as error:
            raise ScenarioError(f"faults: {error}.") from error
    world.settle()
    if world.missed:
        raise ScenarioError("\n".join(world.missed))
    return world


def _budget(world: World, spec: BudgetSpec) -> CloudBudget:
    if world.project(spec.project) is None:
        raise ScenarioError(f"budgets: {spec.id}: project {spec.project!r} is not in the scenario.")
    queues_of(world).add(spec.subscription)
    return CloudBudget(
        id=spec.id,
        display_name=spec.display_name or spec.id,
        project=spec.project,
        amount=spec.amount,
        subscription=spec.subscription,
        thresholds=tuple(spec.thresholds),
        forecast_thresholds=tuple(spec.forecast_thresholds),
        every=spec.every,
        lag=spec.lag,
        credits=spec.credits,
    )


def _bucket(world: World, spec: BucketSpec, at: datetime) -> None:
    project = world.project(spec.project)
    if project is None:
        raise ValueError(f"project {spec.project!r} is not in the scenario")
    body = {"name": spec.name, "location": spec.location, "storageClass": spec.storage_class}
    bucket = shelves_of(world).create(project, body)
    bucket.document["timeCreated"] = rfc3339(at)
    bucket.given.append((at, int(spec.gib * 2**30)))


def _given(part: Any) -> dict[str, Any]:
    return {key: value for key, value in part if value is not None}


def _on_agenda(world: World, when: Any, spec: Any, do: Callable[[World, Any, datetime], None]) -> None:
    def attempt(at: datetime) -> None:
        try:
            do(world, spec, at)
        except (ApiError, ValueError) as error:
            label = next((f"{key} {getattr(spec, key)!r}" for key in ("id",) if hasattr(spec, key)), "a change")
            raise ScenarioError(f"{label}: {error}") from error

    world.at(resolve.instant(world, when, world.start), world.careful(attempt))


def _model(world: World, spec: ModelSpec, at: datetime) -> None:
    name = f"{resolve.parent_of(world, spec)}/models/{spec.id}"
    body = deploy.model_document(spec.source, spec.display_name or spec.id, spec.labels, spec.base_model)
    for _ in range(spec.versions):
        registry.add_version(world, name, body, at)
    _note(world, at, "ModelService.UploadModel", name, spec.creator)


def _pool(world: World, spec: PoolSpec, at: datetime) -> None:
    name = f"{resolve.parent_of(world, spec)}/deploymentResourcePools/{spec.id}"
    document: Document = {
        "name": name,
        "dedicatedResources": {
            "machineSpec": deploy.machine_spec(spec.machine, spec.accelerator, spec.accelerators),
            "minReplicaCount": spec.min_replicas,
            "maxReplicaCount": spec.max_replicas or spec.min_replicas,
        },
    }
    if spec.spot:
        document["dedicatedResources"]["spot"] = True
    pools.put(world, document, at)
    _note(world, at, "DeploymentResourcePoolService.CreateDeploymentResourcePool", name, spec.creator)


def _endpoint(world: World, spec: EndpointSpec, at: datetime) -> None:
    people.create_endpoint(world, spec, at, spec.creator)


def _tuning_job(world: World, spec: TuningSpec, at: datetime) -> None:
    name = f"{resolve.parent_of(world, spec)}/tuningJobs/{spec.id}"
    tuning_spec: Document = {
        "trainingDatasetUri": spec.training_data,
        "hyperParameters": {"epochCount": str(spec.epochs)},
    }
    if spec.last_checkpoint_only:
        tuning_spec["exportLastCheckpointOnly"] = True
    body: Document = {
        "baseModel": spec.base_model,
        "supervisedTuningSpec": tuning_spec,
        "tunedModelDisplayName": spec.display_name or f"tuned-{spec.id}",
        "labels": spec.labels,
    }
    if spec.output_uri:
        body["outputUri"] = spec.output_uri
    elif tuning.is_open_model(spec.base_model):
        raise ScenarioError("output_uri is needed for an open model.")
    ids = {"model": spec.model_id, "endpoint": spec.endpoint_id}
    course = tuning_run.Course(
        **({"takes": spec.takes} if spec.takes is not None else {}),
        outcome=spec.outcome,
        stalls_in=spec.stalls_in,
        examples=spec.examples,
        tokens=spec.tokens,
        truncated=spec.truncated,
        error=spec.error,
        ids={key: value for key, value in ids.items() if value is not None},
    )
    tuning_run.begin(world, name, body, at, course)
    _note(world, at, "GenAiTuningService.CreateTuningJob", name, spec.creator)


def _change(world: World, change: Change, at: datetime) -> None:
    people.make(world, change, at)


def _note(world: World, at: datetime, method: str, resource: str, principal: str | None) -> None:
    if principal:
        full = f"google.cloud.aiplatform.v1.{method}"
        world.creations.append(Creation(at=at, method=full, resource=resource, principal=principal))
