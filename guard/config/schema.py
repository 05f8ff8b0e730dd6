"""The shape of guard.yaml as pydantic models: unknown keys are refused, every field says what it is for."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    TypeAdapter,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from guard.config import values
from guard.config.forms import (
    Amount,
    Duration,
    Factor,
    ModeName,
    ResourceId,
    Share,
    StageName,
    Strict,
    WaitText,
    Window,
    a_schedule,
)
from guard.config.money_schema import BudgetRules, GoogleBudgetRules, OpenAIRules, TokenPrices
from guard.config.web_schema import WebRules
from guard.core.schedule import Schedule
from guard.core.units import Money


class Folder(Strict):
    """A folder whose projects are enrolled as they come; additions are announced."""

    folder: ResourceId = Field(description="Folder number, or folders/NUMBER")
    exclude: list[ResourceId] = Field(default=[], description="Projects below it that are left alone")


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

    wait: WaitText | None = Field(default=None, description="Unset: the policy's")
    notify_before: Duration | None = Field(default=None, description="Unset: the policy's")
    accepted_by: str | None = Field(default=None, description="delete_model: who accepts that it cannot be undone")


class MatchRules(Strict):
    """Everything given has to fit. Names and machines take * and ?."""

    labels: dict[str, str] = Field(default={}, description="Labels that it has, each with this value")
    projects: list[ResourceId] = Field(default=[], description="Project ids or numbers")
    locations: list[str] = Field(default=[], description="Such as us-central1")
    names: list[str] = Field(default=[], description="Display names")
    kinds: list[Literal["deployed_model", "pool", "endpoint", "model", "tuning_job"]] = Field(
        default=[], description="What it is; unset: anything"
    )
    machines: list[str] = Field(default=[], description="Machine types, such as g2-*")


class ProbeRules(Strict):
    """Declared probes: so many calls each so often; any deviation counts as use."""

    count: int = Field(ge=1, description="Calls at a time")
    every: Duration = Field(description="How far apart")


class JobRules(Strict):
    """When tuning jobs are warned of, and cancelled where `do` holds cancel_job."""

    expected: Duration | None = Field(default=None, description="How long a job takes; unset: from like jobs")
    stalled_after: Duration = Field(default=timedelta(hours=6), description="Without progress for so long: stalled")
    over_time: Factor = Field(default=Decimal(2), description="Times the expected length: over time")
    max_cost: Amount | None = Field(default=None, description="An estimate above it is warned of; unset: no limit")


class PolicyRules(Strict):
    """One policy; the first that matches decides."""

    name: str = Field(min_length=1, description="Each policy has another")
    match: Literal["all"] | MatchRules = Field(default="all", description="What it decides on")
    wait: WaitText = Field(default="never", description="How long silence must last; break_even and auto need if_wrong")
    if_wrong: str | None = Field(default=None, description="A class under if_wrong")
    worst_case: Factor = Field(default=Decimal(4), description="At most so many times the cost of knowing the future")
    notify_before: Duration | None = Field(
        default=None, description="Inside the wait; unset: 2h, or a quarter of a short fixed wait"
    )
    grace: Duration = Field(default=timedelta(hours=1), description="Nothing younger than this is touched")
    act_during: Window | None = Field(default=None, description="Removals only then; unset: at any time")
    do: list[StageName | dict[StageName, StageOptions]] = Field(
        default=[], description="What may be done, each stage opted in to; none: only telling"
    )
    probes: ProbeRules | None = Field(default=None, description="Calls that are nobody's use")
    jobs: JobRules = JobRules()
    restore_when_wrong: bool = Field(default=False, description="Bring back at once what a late request shows was used")
    failing_counts_as_use: bool = Field(default=True, description="Whether calls that all fail count as use")


class LimitRules(Strict):
    """How much may go."""

    removals_per_day: int = Field(default=3, ge=1, description="In any 24 hours; the dearest go first")
    removals_per_project_per_day: int | None = Field(default=None, ge=1, description="Unset: no limit of its own")
    breaker_share: Share = Field(
        default=Decimal("0.5"), description="A run that newly selects more than this of the fleet removes nothing"
    )
    breaker_least: int = Field(default=5, ge=1, description="Fewer things never trip the breaker")
    breaker_factor: Factor = Field(
        default=Decimal(4), description="A run that newly selects so many times the usual removes nothing"
    )
    attempts: int = Field(default=3, ge=1, description="Most attempts at one removal")


class BillingExportRules(Strict):
    """The detailed usage cost export: `files` or `bigquery`."""

    files: list[str] = Field(default=[], description="Parquet, .jsonl or .csv; patterns, relative to guard.yaml")
    bigquery: str | None = Field(
        default=None,
        description="PROJECT.DATASET.gcp_billing_export_resource_v1_ACCOUNT",
    )

    @field_validator("bigquery")
    @classmethod
    def _a_table(cls, found: str | None) -> str | None:
        if found is not None and not re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]\.\w+\.[\w-]+", found):
            raise ValueError(f"found {found!r}. Expected PROJECT.DATASET.TABLE of the detailed usage cost export")
        return found

    @model_validator(mode="after")
    def _one_of_the_two(self) -> BillingExportRules:
        if bool(self.files) == (self.bigquery is not None):
            raise ValueError("expected either files: [bills/*.parquet] or bigquery: PROJECT.DATASET.TABLE")
        return self


class GuardCosts(Strict):
    """What the guard itself costs; `pulumi stack output` says it for the stack."""

    monthly: Amount = Field(description="Money a month; measured savings are shown net of it")


class ReportRules(Strict):
    """A report that is sent by itself, once a local date."""

    every: Annotated[Schedule, BeforeValidator(a_schedule), WithJsonSchema({"type": "string"})] = Field(
        description="monday 08:00 Europe/Madrid, daily, or monthly (the first, on the month before)"
    )
    to: list[str] = Field(min_length=1, description="Names under notify")
    format: Literal["html", "markdown"] = Field(default="html", description="markdown for chats")


class EnvironmentRules(Strict):
    """What differs for a group of projects."""

    projects: list[ResourceId] = Field(description="Each in one environment at the most")
    mode: ModeName | None = Field(default=None, description="Unset: the file's")
    if_wrong: dict[str, IfWrongClass] = Field(default={}, description="Classes with other amounts here")
    fallback: str | None = Field(default=None, description="A name under notify")


class Health(Strict):
    """Where /metrics, /livez and /readyz are served."""

    host: str = Field(default="127.0.0.1", description="Address to listen on")
    port: int = Field(default=9464, ge=0, le=65535, description="0 takes a free one, which the ready line tells")
    things: int = Field(
        default=0, ge=0, le=1000, description="So many of the dearest things have series of their own in /metrics"
    )


class GuardFile(Strict):
    """What is watched, who is told, how long silence must last, what may be done."""

    mode: ModeName = Field(default="observe", description="observe looks and tells; approve waits for a person's yes")
    projects: list[ResourceId] | Folder = Field(description="Nothing else is touched")
    locations: list[str] | None = Field(default=None, description="Unset: every location of the platform")
    owners: Owners = Field(description="Who is told")
    notify: dict[str, str] = Field(default={}, description="Name -> Apprise URL; ${NAME} is read from the environment")
    if_wrong: dict[str, IfWrongClass] = Field(default={}, description="Classes of what a wrong removal costs")
    policies: list[PolicyRules] = Field(default=[], description="The first that matches decides; none: all is kept")
    limits: LimitRules = Field(default=LimitRules(), description="How much may go at a time")
    budgets: list[BudgetRules] = Field(default=[], description="Amounts of money to alert on")
    billing_export: BillingExportRules | None = Field(
        default=None, description="Where the bill is read from, for what savings came to on it"
    )
    guard_costs: GuardCosts | None = Field(default=None, description="What the guard itself costs; unset: not known")
    reports: list[ReportRules] = Field(default=[], description="Reports that are sent by themselves")
    token_prices: TokenPrices | None = Field(
        default=None, description="A public price map that you keep: token prices and last days of Gemini models"
    )
    billing_account: str | None = Field(
        default=None,
        pattern="^billingAccounts/[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$",
        description="billingAccounts/ID whose contract prices count before list prices, where they can be read",
    )
    google_budgets: GoogleBudgetRules | None = Field(
        default=None, description="Read Google's own budget notices; needs the package google-cloud-pubsub"
    )
    openai: OpenAIRules | None = Field(default=None, description="Watch fine-tuning there")
    environments: dict[str, EnvironmentRules] = Field(
        default={}, description="Groups of projects with a mode, amounts or a fallback of their own"
    )
    ledger: str | None = Field(
        default=None, description="sqlite:///PATH or postgresql+psycopg://...; TUNEGUARD_LEDGER wins"
    )
    bucket: str | None = Field(
        default=None, description="gs://BUCKET[/PREFIX] for claims and recipes; enforce needs it"
    )
    every: Duration = Field(default=timedelta(minutes=15), description="How often the guard looks")
    prices: dict[str, str] = Field(
        default={},
        description="MACHINE or ACCELERATOR -> 'AMOUNT CURRENCY' an hour; storage/CLASS -> that a GiB month; each with [@LOCATION]",
    )
    housekeeping: bool = Field(default=False, description="Also remove what costs nothing")
    guard_runs_on: list[str] = Field(default=[], description="Resource names that the guard itself needs")
    metric_lag: Duration = Field(default=timedelta(minutes=6), description="How late metrics come; part of every floor")
    longest_request: Duration = Field(default=timedelta(hours=1), description="Part of every floor too")
    savings_horizon: Duration = Field(default=timedelta(days=30), description="No saving is claimed beyond it")
    keep_detail: Duration = Field(default=timedelta(days=400), description="How long the ledger keeps old detail")
    health: Health = Field(default=Health(), description="Where the daemon answers")
    web: WebRules = Field(default=WebRules(), description="The page and its API")

    @field_validator("projects")
    @classmethod
    def _some(cls, found: list[str] | Folder) -> list[str] | Folder:
        if isinstance(found, list) and not found:
            raise ValueError("found no project. Expected at least one project id, or {folder: ..., exclude: [...]}")
        return found


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of guard.yaml, for editors."""
    schema = GuardFile.model_json_schema(by_alias=True)
    for part in (schema, *schema["$defs"].values()):
        for field in part["properties"].values():
            if "default" in field:
                field["default"] = _written(field["default"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "guard.yaml"}


def _written(default: Any) -> Any:
    """A default as one writes it in the file, where pydantic gives its own form: `15min` for PT15M, `0 USD` for money."""
    match default:
        case {"amount": amount, "currency": currency}:
            return f"{amount} {currency}"
        case dict():
            return {key: _written(value) for key, value in default.items()}
        case str() if default.startswith("P"):
            return values.written(TypeAdapter(timedelta).validate_python(default))
        case _:
            return default
