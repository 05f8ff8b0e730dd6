"""The shape of what guard.yaml says of money: budgets, what their crossings do, other providers, further prices."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator

from guard.config import values
from guard.config.forms import Amount, Duration, ResourceId, Strict


class BudgetMatch(Strict):
    """What a budget counts; everything given has to fit."""

    labels: dict[str, str] = Field(default={}, description="Label and its value, or * for any")
    projects: list[ResourceId] = Field(default=[], description="Project ids or numbers")
    locations: list[str] = Field(default=[], description="Locations")
    owners: list[str] = Field(default=[], description="Owners, as `tuneguard costs --by owner` names them")


Shortened = Annotated[
    Decimal | timedelta,
    BeforeValidator(values.shortening),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}], "examples": ["50%", "24h"]}),
]


class ShortenRules(Strict):
    """Waits that become shorter while a crossing holds; floors and the notice stay."""

    policies: list[str] = Field(min_length=1, description="Names of policies")
    to: Shortened = Field(description="A share of the wait, or the wait itself")


class CancelJobsRules(Strict):
    """Running tuning jobs that are cancelled while a crossing holds, after their notice and a second look."""

    policies: list[str] = Field(min_length=1, description="Names of policies, each with cancel_job in its `do`")
    names: list[str] = Field(default=[], description="Display names, with * and ?; none: every job of these policies")


class AskRules(Strict):
    """Policies whose acts wait for a person's word while a crossing holds."""

    policies: list[str] = Field(min_length=1, description="Names of policies")


class ResponseRules(Strict):
    """What else a crossing does; exactly one of the keys."""

    shorten: ShortenRules | None = Field(default=None, description="Make waits shorter")
    cancel_jobs: CancelJobsRules | None = Field(default=None, description="Cancel tuning jobs")
    ask: AskRules | None = Field(default=None, description="Let acts wait for a person's word")


class CrossingRules(Strict):
    """What the crossing of one threshold does, for as long as it stands. People are told in any case."""

    at: str = Field(description="One of alert_at")
    do: list[Literal["tell", "ask"] | ResponseRules] = Field(
        min_length=1, description="tell; shorten; cancel_jobs; ask, by itself for the policies named beside it (or all)"
    )


class BudgetRules(Strict):
    """An amount of money that alerts are measured against: `monthly`, or `amount` and `per`."""

    name: str = Field(min_length=1, description="A name for people")
    monthly: Amount | None = Field(default=None, description="Money a billing month (Los Angeles time)")
    amount: Amount | None = Field(default=None, description="Money in any time of the length `per`")
    per: Duration | None = Field(default=None, description="The length for `amount`, up to now")
    match: Literal["all"] | BudgetMatch = Field(default="all", description="What counts")
    alert_at: list[str] = Field(
        default=["50%", "90%", "forecast 100%"], description="Shares of it, spent, or `forecast` for the month's end"
    )
    to: str | None = Field(default=None, description="Who is told, a name under notify; unset: the fallback")
    on_crossing: list[CrossingRules] = Field(default=[], description="What a crossing does beside being told")

    @field_validator("alert_at")
    @classmethod
    def _thresholds(cls, found: list[str]) -> list[str]:
        for text in found:
            values.threshold(text)
        return found


class DeletionRules(Strict):
    """One tune or one file that may be deleted, by its whole id. It saves nothing and cannot be undone."""

    model: str | None = Field(default=None, pattern="^ft:[^*?\\[]+$", description="The tune's whole id: ft:...")
    file: str | None = Field(default=None, pattern="^[^*?\\[/]+$", description="The file's whole id: file-...")
    accepted_by: str = Field(min_length=1, description="Who accepts that it saves nothing and cannot be undone")
    unused_for: Duration = Field(default=timedelta(days=30), description="Only once nobody has used it for so long")


class OpenAIRules(Strict):
    """OpenAI, or another service that speaks its protocol. Keys: OPENAI_API_KEY, and OPENAI_ADMIN_KEY for usage and costs."""

    name: str = Field(default="openai", pattern="^[A-Za-z][A-Za-z0-9._-]*$", description="A name for people")
    base_url: str = Field(default="https://api.openai.com/v1", pattern="^https?://", description="Where it answers")
    every: Duration = Field(default=timedelta(hours=1), description="How often the guard looks there")
    stalled_after: Duration = Field(
        default=timedelta(hours=6), description="A running job without an event for so long is told"
    )
    retirement_days: list[int] = Field(
        default=[90, 30, 7], description="How many days before a base model is shut down people are told of its tunes"
    )
    to: str | None = Field(default=None, description="Who is told, a name under notify; unset: the fallback")
    prices: dict[str, Amount] = Field(default={}, description="Base model -> money a million training tokens")
    do: list[Literal["cancel_job"]] = Field(default=[], description="cancel_job: cancel jobs that do not move")
    delete: list[DeletionRules] = Field(default=[], description="What may be deleted, each named with who accepts it")
    notify_before: Duration = Field(default=timedelta(hours=2), description="People are told so long before")


class TokenPrices(Strict):
    """A price map such as LiteLLM's model_prices_and_context_window.json, read when guard.yaml is."""

    file: str = Field(min_length=1, description="Its path; a relative one is relative to guard.yaml")
    as_of: date = Field(description="The day from which its prices are")


class GoogleBudgetRules(Strict):
    """Google's own budget notices, read from Pub/Sub and shown beside the guard's count."""

    subscription: str = Field(
        pattern="^projects/[^/]+/subscriptions/[^/]+$", description="projects/PROJECT/subscriptions/NAME"
    )
    to: str | None = Field(default=None, description="Who is told, a name under notify; unset: the fallback")
    same_as: dict[str, str] = Field(
        default={}, description="Budget's name at Google -> name of the budget here that it is compared with"
    )
