"""The shape of guard.yaml as pydantic models: unknown keys are refused, every field says what it is for."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, field_validator

from guard.config import values
from guard.core.rules import ActWindow
from guard.core.units import Money

Duration = Annotated[
    timedelta, BeforeValidator(values.duration), WithJsonSchema({"type": "string", "examples": ["6h", "2d", "1h30m"]})
]
Amount = Annotated[
    Money,
    BeforeValidator(values.money),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}], "examples": [0.1, "500 USD"]}),
]
Factor = Annotated[
    Decimal,
    BeforeValidator(values.factor),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}], "examples": ["3x"]}),
]
Share = Annotated[
    Decimal,
    BeforeValidator(values.share),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}], "examples": ["50%"]}),
]
Window = Annotated[
    ActWindow,
    BeforeValidator(values.act_window),
    WithJsonSchema({"type": "string", "examples": ["Mon-Fri 09:00-17:00 Europe/Madrid"]}),
]
StageName = Literal["scale_to_zero", "undeploy", "delete_endpoint", "delete_model", "cancel_job"]
ModeName = Literal["observe", "approve", "enforce"]


def _a_wait(found: object) -> object:
    if found in {"never", "break_even", "auto"}:
        return found
    try:
        values.duration(found)
    except ValueError as error:
        raise ValueError(f'{error}, or "never", "break_even", "auto"') from None
    return str(found)


WaitText = Annotated[
    str,
    BeforeValidator(_a_wait),
    WithJsonSchema({"type": "string", "examples": ["never", "break_even", "auto", "24h"]}),
]


class Strict(BaseModel):
    """Unknown keys are an error; values are not bent into shape."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, frozen=True)


class Folder(Strict):
    """A folder whose projects are enrolled as they come; additions are announced."""

    folder: str = Field(description="Folder number, or folders/NUMBER")
    exclude: list[str] = Field(default=[], description="Projects below it that are left alone")


class Owners(Strict):
    """Where an owner is looked for, in order, and who is told if nobody is found."""

    sources: list[str] = Field(
        alias="from", default=["label:owner", "run", "creator"], description="label:KEY, run, creator"
    )
    fallback: str = Field(description="A name under notify")

    @field_validator("sources")
    @classmethod
    def _known(cls, found: list[str]) -> list[str]:
        for source in found:
            if source not in {"run", "creator"} and not (source.startswith("label:") and len(source) > len("label:")):
                raise ValueError(f"found {source!r}. Expected label:KEY, run or creator")
        return found


class IfWrongClass(Strict):
    """What a wrong removal costs the people who call."""

    per_minute_down: Amount = Field(default=Money(Decimal(0)), description="Money for a minute without the endpoint")
    fixed: Amount = Field(default=Money(Decimal(0)), description="Money for the wrong removal itself")
    redeploy: Duration | None = Field(
        default=None, description="How long a redeploy takes; unset: measured, else a default"
    )
    floor: Duration = Field(default=timedelta(0), description="No wait is shorter than this")


class StageOptions(Strict):
    """A stage with a wait and a notice of its own."""

    wait: WaitText | None = None
    notify_before: Duration | None = None
    accepted_by: str | None = Field(default=None, description="delete_model: who accepts that it cannot be undone")


class MatchRules(Strict):
    """Everything given has to fit. Names and machines take * and ?."""

    labels: dict[str, str] = {}
    projects: list[str] = []
    locations: list[str] = []
    names: list[str] = Field(default=[], description="Display names")
    kinds: list[Literal["deployed_model", "pool", "endpoint", "model", "tuning_job"]] = []
    machines: list[str] = []


class ProbeRules(Strict):
    """Declared probes: so many calls each so often; any deviation counts as use."""

    count: int = Field(ge=1)
    every: Duration


class JobRules(Strict):
    """When tuning jobs are warned of, and cancelled where `do` holds cancel_job."""

    expected: Duration | None = Field(default=None, description="How long a job takes; unset: from like jobs")
    stalled_after: Duration = timedelta(hours=6)
    over_time: Factor = Decimal(2)
    max_cost: Amount | None = None


class PolicyRules(Strict):
    """One policy; the first that matches decides."""

    name: str = Field(min_length=1)
    match: Literal["all"] | MatchRules = "all"
    wait: WaitText = "never"
    if_wrong: str | None = Field(default=None, description="A class under if_wrong")
    worst_case: Factor = Decimal(3)
    notify_before: Duration | None = Field(
        default=None, description="Inside the wait; unset: 2h, or a quarter of a short fixed wait"
    )
    grace: Duration = timedelta(hours=1)
    act_during: Window | None = None
    do: list[StageName | dict[StageName, StageOptions]] = []
    probes: ProbeRules | None = None
    jobs: JobRules = JobRules()
    restore_when_wrong: bool = False
    failing_counts_as_use: bool = True


class LimitRules(Strict):
    """How much may go."""

    removals_per_day: int = Field(default=3, ge=1)
    removals_per_project_per_day: int | None = Field(default=None, ge=1)
    breaker_share: Share = Decimal("0.5")
    breaker_least: int = Field(default=5, ge=1)
    breaker_factor: Factor = Decimal(4)
    attempts: int = Field(default=3, ge=1)


class BudgetRules(Strict):
    """An amount of money that alerts are measured against."""

    name: str
    monthly: Amount
    alert_at: list[str] = ["50%", "90%", "forecast 100%"]

    @field_validator("alert_at")
    @classmethod
    def _thresholds(cls, found: list[str]) -> list[str]:
        for text in found:
            values.share(text.removeprefix("forecast ").strip())
        return found


class EnvironmentRules(Strict):
    """What differs for a group of projects."""

    projects: list[str]
    mode: ModeName | None = None
    if_wrong: dict[str, IfWrongClass] = {}
    fallback: str | None = Field(default=None, description="A name under notify")


class Health(Strict):
    """Where /metrics, /livez and /readyz are served."""

    host: str = "127.0.0.1"
    port: int = Field(default=9464, ge=0, le=65535)


class GuardFile(Strict):
    """guard.yaml."""

    mode: ModeName = "observe"
    projects: list[str] | Folder = Field(description="Nothing else is touched")
    locations: list[str] | None = Field(default=None, description="Unset: every location of the platform")
    owners: Owners
    notify: dict[str, str] = Field(default={}, description="Name -> Apprise URL; ${NAME} is read from the environment")
    if_wrong: dict[str, IfWrongClass] = {}
    policies: list[PolicyRules] = []
    limits: LimitRules = LimitRules()
    budgets: list[BudgetRules] = []
    environments: dict[str, EnvironmentRules] = {}
    ledger: str | None = Field(
        default=None, description="sqlite:///PATH or postgresql+psycopg://...; TUNEGUARD_LEDGER wins"
    )
    bucket: str | None = Field(
        default=None, description="gs://BUCKET[/PREFIX] for claims and recipes; enforce needs it"
    )
    every: Duration = Field(default=timedelta(minutes=15), description="How often the guard looks")
    prices: dict[str, str] = Field(
        default={}, description="MACHINE[+ACCELERATOR][@LOCATION] -> 'AMOUNT CURRENCY' an hour"
    )
    housekeeping: bool = Field(default=False, description="Also remove what costs nothing")
    guard_runs_on: list[str] = Field(default=[], description="Resource names that the guard itself needs")
    metric_lag: Duration = timedelta(minutes=6)
    longest_request: Duration = timedelta(hours=1)
    savings_horizon: Duration = timedelta(days=30)
    keep_detail: Duration = timedelta(days=400)
    health: Health = Health()

    @field_validator("projects")
    @classmethod
    def _some(cls, found: list[str] | Folder) -> list[str] | Folder:
        if isinstance(found, list) and not found:
            raise ValueError("found no project. Expected at least one project id, or {folder: ..., exclude: [...]}")
        return found


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of guard.yaml, for editors."""
    schema = GuardFile.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "guard.yaml", **schema}
