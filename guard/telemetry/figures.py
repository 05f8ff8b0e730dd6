"""Figures of the fleet: what the page shows, as gauges of the daemon that leads. A follower has none, or sums over daemons would
double. All of a cycle are put in place at once, so that a scrape never sees half of one.

Labels are bounded: projects (the dearest ones by name, the rest as one), never a thing, unless guard.yaml asks for the dearest few.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

Values = Mapping[tuple[str, ...], float]
"""Label values, in the figure's order -> value."""

OTHERS: Final = "(others)"
"""The label of the projects beyond MOST_PROJECTS, added up."""
MOST_PROJECTS: Final = 200
"""Projects that have series of their own; some twenty series each."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One gauge: name with its unit, what it says, labels."""

    name: str
    what: str
    labels: tuple[str, ...] = ()


THINGS: Final = Figure("tuneguard_things", "Things by decision at the last look", ("project", "verdict"))
KEPT: Final = Figure("tuneguard_kept", "Kept or undecided things by reason", ("reason",))
IDLE: Final = Figure("tuneguard_idle", "Idle things by reason", ("reason",))
BLOCKED: Final = Figure("tuneguard_blocked", "Due removals that do not happen, by reason", ("reason",))
DUE: Final = Figure("tuneguard_due", "Removals that are due and that nothing blocks")
ANNOUNCED: Final = Figure("tuneguard_announced", "Removals that are announced, or about to be, and not due yet")
UNKNOWN_OLDEST: Final = Figure(
    "tuneguard_unknown_oldest_seconds", "How long the longest undecided thing has been so", ("project",)
)
ACTS_NOW: Final = Figure("tuneguard_acts_now", "Acts that have not ended, by stage and state", ("stage", "state"))
RATE: Final = Figure(
    "tuneguard_spend_per_hour",
    "Known spend an hour now (lower bound where prices are unknown)",
    ("project", "currency"),
)
IDLE_RATE: Final = Figure(
    "tuneguard_idle_spend_per_hour", "Known spend an hour on idle things", ("project", "currency")
)
UNPRICED: Final = Figure("tuneguard_unpriced", "Things that bill and whose price is unknown", ("project",))
MONTH: Final = Figure(
    "tuneguard_month_spend",
    "Known spend of the billing month so far, list prices; reckoned once an hour",
    ("project", "currency"),
)
MONTH_FORECAST: Final = Figure(
    "tuneguard_month_forecast", "What the billing month is expected to end at", ("project", "currency")
)
MONTH_PLANNED: Final = Figure(
    "tuneguard_month_forecast_with_plan", "The same if the guard's plan is carried out", ("project", "currency")
)
INCOMPLETE: Final = Figure(
    "tuneguard_month_incomplete", "Things whose cost of the month is not known, wholly or in part", ("project",)
)
BUDGET: Final = Figure("tuneguard_budget_amount", "Amount of a spend budget", ("budget", "currency"))
BUDGET_SPENT: Final = Figure("tuneguard_budget_spent", "Spent of a budget, list prices", ("budget", "currency"))
BUDGET_FORECAST: Final = Figure(
    "tuneguard_budget_forecast", "What the month of a budget is expected to end at", ("budget", "currency")
)
BUDGET_BURN: Final = Figure("tuneguard_budget_burn_ratio", "Spent as a share of the budget", ("budget",))
BUDGET_CROSSED: Final = Figure(
    "tuneguard_budget_crossed", "1 while a budget's threshold is crossed", ("budget", "threshold")
)
SAVED: Final = Figure(
    "tuneguard_saved", "Savings so far: claimed by rate and time, measured by replicas gone", ("basis", "currency")
)
REMOVALS: Final = Figure("tuneguard_removals_last_day", "Removals begun in the last 24 hours, as the limits count them")
REMOVALS_CAP: Final = Figure(
    "tuneguard_removals_per_day_cap", "Most removals in any 24 hours (limits: removals_per_day)"
)
BREAKER: Final = Figure("tuneguard_breaker_tripped", "1 while the breaker is tripped")
PAUSED: Final = Figure("tuneguard_paused", "1 while paused")
SCOPES_FAILED: Final = Figure("tuneguard_scopes_failed", "Project locations whose listing failed")
SCOPES_DOUBTED: Final = Figure("tuneguard_scopes_doubted", "Project locations with doubtful instruments")
JOBS: Final = Figure("tuneguard_tuning_jobs", "Tuning jobs by state", ("provider", "state"))
RETIREMENT: Final = Figure(
    "tuneguard_retirement_seconds",
    "Time until the day on which a base model with tunes is shut down",
    ("provider", "base"),
)
PROVIDER_AGE: Final = Figure(
    "tuneguard_provider_look_age_seconds", "Age of the last look at a provider of tunes", ("provider",)
)
PRICES_WAITING: Final = Figure("tuneguard_prices_waiting", "Prices that jumped and wait for a person")
PRICES_AGE: Final = Figure("tuneguard_prices_age_seconds", "Age of the last whole reading of the price catalogue")
THING_RATE: Final = Figure(
    "tuneguard_thing_spend_per_hour",
    "Known spend an hour of the dearest things (health: things in guard.yaml)",
    ("project", "thing", "currency"),
)
THING_SILENT: Final = Figure(
    "tuneguard_thing_silent_seconds",
    "Silence of the dearest things (health: things in guard.yaml)",
    ("project", "thing"),
)

FIGURES: Final = tuple(value for value in list(globals().values()) if isinstance(value, Figure))


class FleetFigures(Collector):
    """The figures of the last cycle, while this daemon leads."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._shown: Mapping[Figure, Values] = {}
        registry.register(self)

    def show(self, values: Mapping[Figure, Values]) -> None:
        """Put a cycle's figures in place of the last one's."""
        self._shown = dict(values)

    def hide(self) -> None:
        """Say nothing any more: another daemon leads."""
        self._shown = {}

    def collect(self) -> Iterable[Metric]:
        """Give every figure with its help text, also where it has no value yet."""
        shown = self._shown
        for figure in FIGURES:
            family = GaugeMetricFamily(figure.name, figure.what, labels=figure.labels)
            for labels, value in sorted(shown.get(figure, {}).items()):
                family.add_metric(labels, value)
            yield family
