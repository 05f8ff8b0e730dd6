"""What the answers about money hold. What is unknown is listed beside the sums and is in none of them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from guard.web.api.answering import Looked
from guard.web.api.documents import Money

Open = ConfigDict(extra="allow")


class Span(BaseModel):
    """A stretch of time, half-open."""

    model_config = Open
    start: str
    end: str


class CostLine(BaseModel):
    """One group's money; each figure is a list with an entry for each currency."""

    model_config = Open
    group: str
    title: str
    things: list[str]
    rate: list[Money]
    known: list[Money] = Field(description="The month to date.")
    forecast: list[Money] = Field(description="What the month ends at.")
    low: list[Money]
    high: list[Money]
    planned: list[Money] = Field(description="What it ends at if the plan is carried out.")
    lower_bound: bool
    unknown: list[str]


class Costs(Looked):
    """The billing month, list prices."""

    month: Span
    basis: str
    by: str
    lines: list[CostLine]
    total: CostLine
    unknown: list[dict[str, Any]]
    tuning_jobs: list[dict[str, Any]]
    providers: list[dict[str, Any]] = Field(
        description="What other providers say was spent in the UTC month; in no sum."
    )
    not_known_by_name: list[str]
    focus: list[dict[str, str | None]] = Field(description="A row a thing, under FOCUS column names.")


class Crossing(BaseModel):
    """A threshold that was crossed."""

    budget: str
    threshold: str
    at: str
    value: Money
    limit: Money
    ended_at: str | None


class Budget(BaseModel):
    """How one budget stands."""

    model_config = Open
    name: str
    amount: Money
    length: str
    spent: Money
    share: str | None
    forecast: Money | None
    things: int
    lower_bound: bool
    unknown: list[str]
    crossed: list[Crossing]


class Budgets(Looked):
    """Every budget and every crossing."""

    budgets: list[Budget]
    crossings: list[Crossing]


class PriceRow(BaseModel):
    """One price with its source."""

    model_config = Open
    part: str
    item: str
    region: str
    amount: str
    currency: str
    unit: str
    basis: str
    confidence: str
    source: str
    as_of: str


class Quote(PriceRow):
    """A price as a catalogue said it."""

    number: int
    vanished_at: str | None


class MachinePrice(BaseModel):
    """What one machine costs in one place."""

    machine: str
    location: str
    project: str
    things: list[str]
    rate: Money | None
    lower_bound: bool
    rows: list[PriceRow]
    missing: str


class Prices(Looked):
    """Prices of what was seen."""

    machines: list[MachinePrice]
    waiting: list[Quote]
    vanished: list[Quote]
    catalogue: dict[str, Any]


class Savings(Looked):
    """By removal and billing month."""

    months: list[dict[str, Any]]


class Report(Looked):
    """A month's report."""

    month: Span
