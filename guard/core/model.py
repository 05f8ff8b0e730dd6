"""What exists in the cloud, as values: endpoints, deployed models, pools, registry models, tuning jobs. Frozen, no vendor types.

Names are canonical (names.py). What bills is a deployed model, or the pool that several share; never the endpoint.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from guard.core.names import Scope, scope_of
from guard.core.units import Maybe

NO_LABELS: Mapping[str, str] = MappingProxyType({})


class Kind(StrEnum):
    """The kinds of subject that are judged."""

    DEPLOYED_MODEL = "deployed_model"
    POOL = "pool"
    ENDPOINT = "endpoint"
    MODEL = "model"
    TUNING_JOB = "tuning_job"
    FILE = "file"


class Provisioning(StrEnum):
    """How machines are bought; it decides which price applies."""

    ON_DEMAND = "on_demand"
    SPOT = "spot"
    FLEX_START = "flex_start"
    RESERVATION = "reservation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One replica's hardware."""

    machine_type: str
    accelerator_type: str | None = None
    accelerator_count: int = 0
    tpu_topology: str | None = None
    provisioning: Provisioning = Provisioning.ON_DEMAND

    @property
    def is_scarce(self) -> bool:
        """True where a redeploy may find no capacity (GPU, TPU)."""
        return bool(self.accelerator_type or self.tpu_topology) or self.machine_type.startswith(
            ("a2-", "a3-", "a4-", "g2-", "g4-", "ct")
        )

    def __str__(self) -> str:
        gpu = f" + {self.accelerator_count} {self.accelerator_type}" if self.accelerator_type else ""
        how = "" if self.provisioning is Provisioning.ON_DEMAND else f" ({self.provisioning.value.replace('_', '-')})"
        return f"{self.machine_type}{gpu}{how}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlyDedicated:
    """Bills for every replica-hour, called or not. `scales_to_zero` where the platform may stop all replicas itself."""

    machine: Machine
    min_replicas: int
    max_replicas: int
    scales_to_zero: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlyPool:
    """Runs on a shared pool (its canonical name); the pool bills, once for all its sharers."""

    pool: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PerToken:
    """Bills for the tokens of each call; idle costs nothing (tuned Gemini)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotBilled:
    """Costs nothing by the hour; `why` says which kind of nothing."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownBilling:
    """How it bills could not be told; it is kept."""

    why: str


Billing: TypeAlias = HourlyDedicated | HourlyPool | PerToken | NotBilled | UnknownBilling


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedModel:
    """A model placed on an endpoint.

    `digest` covers what a removal relies on (model, version, resources); `traffic_share` is percent, 0 to 100;
    `created_at` is None where the platform gave none (then its age is unknown and it is kept).
    """

    name: str
    endpoint: str
    id: str
    display_name: str
    model: str
    model_version: str | None
    created_at: datetime | None
    billing: Billing
    traffic_share: int
    available_replicas: int | None
    digest: str
    checkpoint_id: str | None = None
    status_message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """The resource that receives requests. `digest` covers split, deployed models and encryption."""

    name: str
    project_id: str
    display_name: str
    labels: Mapping[str, str]
    created_at: datetime | None
    updated_at: datetime | None
    etag: str
    deployed: tuple[DeployedModel, ...]
    digest: str
    dedicated: bool = False

    @property
    def scope(self) -> Scope:
        return scope_of(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourcePool:
    """Machines that several deployed models share; `sharers` are canonical deployed model names, None if not known."""

    name: str
    project_id: str
    machine: Machine
    min_replicas: int
    max_replicas: int
    created_at: datetime | None
    sharers: tuple[str, ...] | None
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryModel:
    """A registry entry with its versions. Costs nothing by the hour. `deployed_at` are canonical endpoint names."""

    name: str
    project_id: str
    display_name: str
    labels: Mapping[str, str]
    version: str | None
    created_at: datetime | None
    updated_at: datetime | None
    source: str
    deployed_at: tuple[str, ...]
    digest: str
    has_artifacts: bool = False


class JobState(StrEnum):
    """A tuning job's state, ours; a state that we do not know is UNFAMILIAR and never acted on."""

    QUEUED = "queued"
    PENDING = "pending"
    RUNNING = "running"
    WAITING_FOR_CAPACITY = "waiting_for_capacity"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    SUCCEEDED = "succeeded"
    PARTIALLY_SUCCEEDED = "partially_succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNFAMILIAR = "unfamiliar"

    @property
    def has_ended(self) -> bool:
        return self in {
            JobState.SUCCEEDED,
            JobState.PARTIALLY_SUCCEEDED,
            JobState.FAILED,
            JobState.CANCELLED,
            JobState.EXPIRED,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningJob:
    """A tuning job. `state_text` is the platform's own word; `progress_at` the last sign of progress (updateTime)."""

    name: str
    project_id: str
    display_name: str
    base_model: str
    state: JobState
    state_text: str
    labels: Mapping[str, str]
    created_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    progress_at: datetime | None
    submitter: str | None = None
    tuned_model: str | None = None
    endpoints: tuple[str, ...] = ()  # every endpoint it left, the final one and the checkpoints', canonical
    final_endpoint: str | None = None
    epochs: int | None = None
    dataset_tokens: int | None = None
    error: str | None = None
    expected: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """A tune or a training file that another provider keeps; it bills nothing while nobody uses it.

    `last_used` is Known(None) where nobody used it in the time that usage data covers, which begins at `covered_from`.
    """

    name: str
    kind: Kind  # MODEL or FILE
    project_id: str  # the provider's name in guard.yaml
    id: str
    created_at: datetime
    last_used: Maybe[datetime | None]
    covered_from: datetime
    base: str = ""
    shut_down: date | None = None
    used_by: tuple[str, ...] = ()  # a file: jobs that have not ended and read it


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeReport:
    """How the listing of one scope went: complete, or what failed. An incomplete scope removes nothing."""

    scope: Scope
    project_id: str
    complete: bool
    problem: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What existed at one look, over all enrolled projects and locations."""

    taken_at: datetime
    scopes: tuple[ScopeReport, ...]
    endpoints: tuple[Endpoint, ...] = ()
    pools: tuple[ResourcePool, ...] = ()
    models: tuple[RegistryModel, ...] = ()
    jobs: tuple[TuningJob, ...] = ()
    artefacts: tuple[Artefact, ...] = ()
    creators: Mapping[str, str] = field(default_factory=dict)  # canonical name -> who made it, from the audit log

    def incomplete(self) -> frozenset[Scope]:
        """The scopes whose listing failed or was partial."""
        return frozenset(report.scope for report in self.scopes if not report.complete)
