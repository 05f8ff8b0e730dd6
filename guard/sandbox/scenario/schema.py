"""The shape of a scenario file; `docs/reference/scenario.md` describes it, and a test holds the two together."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from guard.sandbox import faults, timings
from guard.sandbox.durations import parse_instant
from guard.sandbox.scenario.fields import Duration, Part, Text, Usd, When
from guard.sandbox.vertex.names import LOCATIONS


class ProjectSpec(Part):
    """A project, known by id and by number."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")
    number: Text = Field(pattern=r"^[1-9][0-9]{5,14}$")
    display_name: str = ""
    parent: str = Field(default="organizations/1", pattern=r"^(organizations|folders)/[0-9]+$")
    labels: dict[str, str] = Field(default_factory=dict)
    locations: list[str] = Field(default_factory=list)
    forbidden: bool = False

    @field_validator("locations")
    @classmethod
    def _known(cls, value: list[str]) -> list[str]:
        for one in value:
            if one not in LOCATIONS:
                raise ValueError(f"unknown location {one!r}")
        return value


class Place(Part):
    """Where a resource is; both may be left out where the scenario has one project, or one location."""

    project: str | None = None
    location: str | None = None


class ModelSpec(Place):
    """A model in the registry with some versions."""

    id: Text
    display_name: str = ""
    labels: dict[str, str] = Field(default_factory=dict)
    created: When = "-90d"
    creator: str | None = None
    versions: int = Field(default=1, ge=1)
    source: Literal["custom", "model_garden", "tuned_gemini", "automl"] = "custom"
    base_model: str = ""


class PoolSpec(Place):
    """A deployment resource pool."""

    id: str
    machine: str = "n1-standard-4"
    accelerator: str | None = None
    accelerators: int = Field(default=1, ge=1)
    min_replicas: int = Field(default=1, ge=1)
    max_replicas: int | None = None
    spot: bool = False
    created: When = "-30d"
    creator: str | None = None


class BucketSpec(Part):
    """A bucket with so much in it from the start on; the bytes are metered, and there are no objects to read."""

    name: str
    project: str
    location: str = "us-central1"
    storage_class: Literal["STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE", "MULTI_REGIONAL"] = "STANDARD"
    gib: float = Field(default=0, ge=0)
    created: When = "-30d"


class ReplicaStep(Part):
    """So many replicas from `at` on."""

    at: When
    count: int = Field(ge=0)


class ScaleToZero(Part):
    """Zero replicas after `idle` without a request; back after the next one (v1beta1)."""

    idle: Duration
    min_scale_up: Duration | None = None


class DeploySpec(Part):
    """One model on an endpoint: on machines of its own, on a pool, by automatic resources, or as tuned Gemini."""

    id: Text | None = Field(default=None, pattern=r"^[1-9][0-9]{0,9}$")
    model: Text | None = None
    model_version: Text | None = None
    display_name: str | None = None
    machine: str = "n1-standard-4"
    accelerator: str | None = None
    accelerators: int = Field(default=1, ge=1)
    replicas: int = Field(default=1, ge=0)
    max_replicas: int | None = None
    steps: list[ReplicaStep] = Field(default_factory=list)
    daily: dict[str, int] = Field(default_factory=dict)
    spot: bool = False
    scale_to_zero: ScaleToZero | None = None
    pool: str | None = None
    automatic: bool = False
    gemini: bool = False
    service_account: str | None = None
    at: When | None = None
    takes: Duration | None = None
    share: int | None = Field(default=None, ge=0, le=100)
    creator: str | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> "DeploySpec":
        kinds = [name for name in ("pool", "automatic", "gemini", "scale_to_zero") if getattr(self, name)]
        if len(kinds) > 1:
            raise ValueError(f"{' and '.join(kinds)} exclude each other")
        for clock in self.daily:
            datetime.strptime(clock, "%H:%M")  # noqa: DTZ007  # a time of day, not an instant
        return self


class EndpointSpec(Place):
    """An endpoint and what is deployed on it. `traffic` is read by `guard.sandbox.traffic`."""

    id: Text
    display_name: str = ""
    labels: dict[str, str] = Field(default_factory=dict)
    created: When = "-30d"
    creator: str | None = None
    description: str | None = None
    encryption_key: str | None = None
    network: str | None = None
    dedicated: bool = False
    deploy: list[DeploySpec] = Field(default_factory=list)
    traffic: Any = None


class TuningSpec(Place):
    """A tuning job; its ids may be set so that other parts of the scenario can name what it makes."""

    id: Text
    base_model: str = "gemini-2.5-flash"
    display_name: str = ""
    labels: dict[str, str] = Field(default_factory=dict)
    at: When = "0s"
    takes: Duration | None = None
    outcome: Literal["succeeds", "fails", "stalls"] = "succeeds"
    stalls_in: Literal[
        "WAITING_FOR_QUOTA", "PROCESSING_DATASET", "WAITING_FOR_CAPACITY", "TUNING", "POST_PROCESSING"
    ] = "TUNING"
    epochs: int = Field(default=3, ge=1)
    last_checkpoint_only: bool = False
    training_data: str = "gs://training-data/train.jsonl"
    output_uri: str | None = None
    examples: int = Field(default=500, ge=1)
    tokens: int = Field(default=100_000, ge=1)
    truncated: int = Field(default=0, ge=0)
    error: str = "The training data could not be read."
    creator: str | None = None
    model_id: Text | None = None
    endpoint_id: Text | None = None


class EndpointRef(Place):
    """An endpoint by id or display name."""

    endpoint: Text


class LabelChange(EndpointRef):
    """Labels set and removed by hand."""

    set: dict[str, str] = Field(default_factory=dict)
    remove: list[str] = Field(default_factory=list)


class DeployChange(EndpointRef):
    """Somebody deploys a model."""

    deploy: DeploySpec


class UndeployChange(EndpointRef):
    """Somebody undeploys a model; the only one where no id is given."""

    deployed_model: Text | None = None


class SplitChange(EndpointRef):
    """Somebody moves traffic between deployed models."""

    split: dict[str, int]


class ScaleChange(EndpointRef):
    """The platform, or somebody, changes the number of replicas."""

    replicas: int = Field(ge=0)
    deployed_model: Text | None = None


class TrafficChange(EndpointRef):
    """`requests` calls answered with `code` reach the endpoint at this moment."""

    requests: int = Field(ge=1)
    code: int = Field(default=200, ge=100, le=599)


class ModelRef(Place):
    """A model by id or display name."""

    model: Text


class PriceChange(Part):
    """The price of every SKU whose description fits (`*` and `?`) is multiplied by `factor` from then on."""

    skus: str = "*"
    factor: Usd = Field(gt=0)


class Change(Part):
    """Something that people, or the platform, do: exactly one of the keys beside `at` and `by`."""

    at: When | None = None
    by: str = "someone@example.com"
    label: LabelChange | None = None
    deploy: DeployChange | None = None
    undeploy: UndeployChange | None = None
    split: SplitChange | None = None
    scale: ScaleChange | None = None
    requests: TrafficChange | None = None
    create_endpoint: EndpointSpec | None = None
    delete_endpoint: EndpointRef | None = None
    recreate_endpoint: EndpointRef | None = None
    new_model_version: ModelRef | None = None
    delete_model: ModelRef | None = None
    add_project: ProjectSpec | None = None
    price: PriceChange | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "Change":
        if len(given := self.kinds()) != 1:
            raise ValueError(
                f"exactly one of {', '.join(CHANGE_KINDS)} is expected; found {', '.join(given) or 'none'}"
            )
        return self

    def kinds(self) -> list[str]:
        """The keys that are set beside `at` and `by`."""
        return [name for name in CHANGE_KINDS if getattr(self, name) is not None]


CHANGE_KINDS = tuple(name for name in Change.model_fields if name not in {"at", "by"})


class FaultSpec(Part):
    """A fault in time; scope keys and parameters stand beside the kind."""

    kind: str
    at: When | None = None
    lasts: Duration | None = None
    count: int | None = Field(default=None, ge=1)
    probability: float = Field(default=1.0, gt=0, le=1)
    scope: dict[str, Text] = Field(default_factory=dict)
    params: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _sorted(cls, value: Any) -> Any:
        """Take scope keys and parameters from beside the kind."""
        if not isinstance(value, dict) or "kind" not in value:
            return value
        kind = value["kind"]
        if not isinstance(kind, str) or kind not in faults.KINDS:
            raise ValueError(f"unknown fault kind {kind!r}; one of {', '.join(sorted(faults.KINDS))}")
        own = {"kind", "at", "lasts", "count", "probability"}
        known = faults.KINDS[kind].params
        sorted_: dict[str, Any] = {"scope": {}, "params": {}}
        for key, one in value.items():
            if key in own:
                sorted_[key] = one
            elif key in known:
                sorted_["params"][key] = one
            elif key in faults.SCOPE_KEYS:
                sorted_["scope"][key] = one
            else:
                raise ValueError(
                    f"unknown key {key!r} for {kind}; scope: {', '.join(faults.SCOPE_KEYS)}"
                    f"; parameters: {', '.join(known) or 'none'}"
                )
        return sorted_


class PricesSpec(Part):
    """Prices of the meter, in USD; they add to those built in, or replace them."""

    machines: dict[str, Usd] = Field(default_factory=dict)
    accelerators: dict[str, Usd] = Field(default_factory=dict)
    regions: dict[str, Usd] = Field(default_factory=dict)
    spot: Usd | None = Field(default=None, ge=Decimal("0.14"))
    automatic: Usd | None = None
    account: str = "billingAccounts/012345-6789AB-CDEF01"
    contract: dict[str, Usd] = Field(default_factory=dict)


class BudgetSpec(Part):
    """A budget of the cloud's own: its notices wait on a Pub/Sub subscription, late and repeated, after credits."""

    id: Text
    display_name: str = ""
    project: str
    amount: Usd = Field(gt=0)
    subscription: str = Field(pattern=r"^projects/[^/]+/subscriptions/[^/:]+$")
    thresholds: list[Usd] = Field(default=[Decimal("0.5"), Decimal("0.9"), Decimal(1)])
    forecast_thresholds: list[Usd] = Field(default_factory=list)
    every: Duration = timedelta(minutes=30)
    lag: Duration = timedelta(hours=6)
    credits: Usd = Decimal(0)


class MetricLag(Part):
    """How old a sample is when it can be read, in virtual time."""

    counts: Duration | None = None
    utilisation: Duration | None = None


class TuningDefaults(Part):
    """How jobs go that a call creates."""

    takes: Duration | None = None
    examples: int | None = Field(default=None, ge=1)
    tokens: int | None = Field(default=None, ge=1)


class Scenario(Part):
    """A whole scenario."""

    start: datetime
    speed: float = Field(default=0.0, ge=0)
    seed: int = Field(default=0, ge=0)
    world_id: str | None = None
    projects: list[ProjectSpec] = Field(min_length=1)
    models: list[ModelSpec] = Field(default_factory=list)
    pools: list[PoolSpec] = Field(default_factory=list)
    buckets: list[BucketSpec] = Field(default_factory=list)
    endpoints: list[EndpointSpec] = Field(default_factory=list)
    tuning_jobs: list[TuningSpec] = Field(default_factory=list)
    changes: list[Change] = Field(default_factory=list)
    faults: list[FaultSpec] = Field(default_factory=list)
    prices: PricesSpec = PricesSpec()
    budgets: list[BudgetSpec] = Field(default_factory=list)
    operations: dict[str, Duration] = Field(default_factory=dict)
    metric_lag: MetricLag = MetricLag()
    tuning: TuningDefaults = TuningDefaults()

    @field_validator("operations")
    @classmethod
    def _known_operations(cls, value: dict[str, Any]) -> dict[str, Any]:
        if unknown := set(value) - set(timings.DEFAULTS):
            raise ValueError(f"unknown operation {min(unknown)!r}; one of {', '.join(timings.DEFAULTS)}")
        return value

    @field_validator("start", mode="before")
    @classmethod
    def _instant(cls, value: Any) -> datetime:
        try:
            return parse_instant(value, datetime.max.replace(tzinfo=UTC))
        except (ValueError, OverflowError) as error:
            raise ValueError(f"an instant such as 2026-11-02T00:00:00Z is expected; found {value!r}") from error
