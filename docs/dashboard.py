"""Makes docs/alerts/tuneguard.dashboard.json: every metric of the daemon on one Grafana dashboard (classic JSON model).

Which metrics there are comes from the registry; here stands only how each is drawn. A metric that nobody placed is an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

SCHEMA_VERSION = 39
"""Grafana 11's; later versions read it and move it on by themselves."""
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24
METRIC = re.compile(r"tuneguard_\w+")


@dataclass(frozen=True, slots=True)
class Drawn:
    """One panel: title, queries (expression, legend), unit as Grafana names it, width of 24."""

    title: str
    queries: tuple[tuple[str, str], ...]
    unit: str = "short"
    width: int = 8
    kind: Literal["stat", "timeseries"] = "timeseries"
    what: str = ""


def _legend(*labels: str) -> str:
    return " ".join("{{" + label + "}}" for label in labels)


def _of(metric: str, by: str = "") -> tuple[str, str]:
    """Ask for the leader's value (a follower has none), by labels where the picture has lines for them."""
    if not by:
        return f"max({metric})", ""
    return f"max by ({by}) ({metric})", _legend(*by.split(", "))


def _per_second(metric: str, by: str) -> tuple[str, str]:
    return f"sum by ({by}) (increase({metric}[$__rate_interval]))", _legend(by.rsplit(", ", maxsplit=1)[-1])


def _sum(metric: str, by: str = "currency") -> tuple[str, str]:
    return f'sum by ({by}) ({metric}{{project=~"$project"}})', _legend(by)


MONEY = "none"
"""Amounts keep their own currency as the line's name: a dashboard that called all of them dollars would lie."""

ROWS: tuple[tuple[str, tuple[Drawn, ...]], ...] = (
    (
        "Now",
        (
            Drawn("Spend an hour", (_sum("tuneguard_spend_per_hour"),), MONEY, 4, "stat"),
            Drawn("Idle spend an hour", (_sum("tuneguard_idle_spend_per_hour"),), MONEY, 4, "stat"),
            Drawn("Month so far", (_sum("tuneguard_month_spend"),), MONEY, 4, "stat"),
            Drawn("Month ends at", (_sum("tuneguard_month_forecast"),), MONEY, 4, "stat"),
            Drawn("Saved", (_of("tuneguard_saved", "basis, currency"),), MONEY, 4, "stat"),
            Drawn("Price unknown", (_sum("tuneguard_unpriced", "project"),), "short", 4, "stat"),
        ),
    ),
    (
        "Things",
        (
            Drawn("By decision", (_sum("tuneguard_things", "verdict"),)),
            Drawn("Idle, why", (_of("tuneguard_idle > 0", "reason"),)),
            Drawn("Kept or undecided, why", (_of("tuneguard_kept > 0", "reason"),)),
            Drawn("Undecided for", (_of("tuneguard_unknown_oldest_seconds", "project"),), "s"),
            Drawn("Dearest things", (_of("tuneguard_thing_spend_per_hour", "thing, currency"),), MONEY),
            Drawn("Silence of the dearest", (_of("tuneguard_thing_silent_seconds", "thing"),), "s"),
        ),
    ),
    (
        "Money",
        (
            Drawn("Spend an hour by project", (_of("tuneguard_spend_per_hour", "project, currency"),), MONEY),
            Drawn(
                "Month: so far, forecast, with the plan",
                (
                    ("sum by (currency) (tuneguard_month_spend)", "so far {{currency}}"),
                    ("sum by (currency) (tuneguard_month_forecast)", "ends at {{currency}}"),
                    ("sum by (currency) (tuneguard_month_forecast_with_plan)", "with the plan {{currency}}"),
                ),
                MONEY,
            ),
            Drawn("Cost not known", (_of("tuneguard_month_incomplete", "project"),)),
            Drawn(
                "Budgets",
                (
                    ("max by (budget, currency) (tuneguard_budget_spent)", "{{budget}} spent {{currency}}"),
                    ("max by (budget, currency) (tuneguard_budget_forecast)", "{{budget}} ends at {{currency}}"),
                    ("max by (budget, currency) (tuneguard_budget_amount)", "{{budget}} {{currency}}"),
                ),
                MONEY,
            ),
            Drawn("Budget used", (_of("tuneguard_budget_burn_ratio", "budget"),), "percentunit"),
            Drawn("Thresholds crossed", (_of("tuneguard_budget_crossed", "budget, threshold"),), "bool"),
            Drawn("Age of the prices", (_of("tuneguard_prices_age_seconds"),), "s", 12),
            Drawn("Prices that wait for a person", (_of("tuneguard_prices_waiting"),), width=12),
        ),
    ),
    (
        "Acts and limits",
        (
            Drawn(
                "Plan",
                (
                    ("max(tuneguard_due)", "due"),
                    ("max(tuneguard_announced)", "announced"),
                    ("sum(max by (reason) (tuneguard_blocked))", "blocked"),
                ),
            ),
            Drawn("Blocked, why", (_of("tuneguard_blocked > 0", "reason"),)),
            Drawn("Acts that have not ended", (_of("tuneguard_acts_now", "stage, state"),)),
            Drawn("Acts", (_per_second("tuneguard_acts_total", "stage, state"),)),
            Drawn(
                "Removals of a day",
                (("max(tuneguard_removals_last_day)", "begun"), ("max(tuneguard_removals_per_day_cap)", "cap")),
            ),
            Drawn("Wrong removals", (_per_second("tuneguard_wrong_removals_total", "instance"),)),
            Drawn("Breaker tripped", (_of("tuneguard_breaker_tripped"),), "bool", 12),
            Drawn("Paused", (_of("tuneguard_paused"),), "bool", 12),
        ),
    ),
    (
        "Tuning",
        (
            Drawn("Tuning jobs", (_of("tuneguard_tuning_jobs", "provider, state"),)),
            Drawn("Time until a base is shut down", (_of("tuneguard_retirement_seconds", "provider, base"),), "s"),
            Drawn("Age of the look at the provider", (_of("tuneguard_provider_look_age_seconds", "provider"),), "s"),
        ),
    ),
    (
        "The guard itself",
        (
            Drawn("Leads", (("tuneguard_leader", "{{instance}}"),), "bool"),
            Drawn("Last completed cycle", (("tuneguard_last_success_age_seconds", "{{instance}}"),), "s"),
            Drawn("Ledger can be written", (("tuneguard_ledger_writable", "{{instance}}"),), "bool"),
            Drawn("Cycles", (_per_second("tuneguard_cycles_total", "outcome"),)),
            Drawn(
                "A cycle takes",
                (
                    (
                        "histogram_quantile(0.95, sum by (le) (rate(tuneguard_cycle_seconds_bucket[$__rate_interval])))",
                        "95 %",
                    ),
                ),
                "s",
            ),
            Drawn("Missed runs", (_per_second("tuneguard_missed_runs_total", "why"),)),
            Drawn(
                "Locations that failed, or whose instruments are in doubt",
                (("max(tuneguard_scopes_failed)", "failed"), ("max(tuneguard_scopes_doubted)", "in doubt")),
            ),
            Drawn("Clock", (_of("tuneguard_clock_odd"), _per_second("tuneguard_clock_jumps_total", "instance"))),
            Drawn("Notices", (_per_second("tuneguard_notices_total", "outcome"), ("max(tuneguard_outbox)", "waiting"))),
            Drawn("guard.yaml is valid", (_of("tuneguard_config_valid"),), "bool", 12),
            Drawn("Calls to the platform", (_per_second("tuneguard_calls_total", "kind"),), width=12),
        ),
    ),
)


def dashboard() -> str:
    """Return the dashboard as JSON text."""
    document: dict[str, Any] = {
        "uid": "tuneguard",
        "title": "Tuneguard",
        "description": "What deployed fine-tuned models cost, which are idle, what the guard does about it.",
        "tags": ["tuneguard"],
        "timezone": "browser",
        "editable": True,
        "schemaVersion": SCHEMA_VERSION,
        "time": {"from": "now-7d", "to": "now"},
        "refresh": "5m",
        "templating": {
            "list": [
                {"name": "datasource", "type": "datasource", "label": "Prometheus", "query": "prometheus"},
                {
                    "name": "project",
                    "type": "query",
                    "label": "Project",
                    "datasource": SOURCE,
                    "query": "label_values(tuneguard_things, project)",
                    "refresh": 2,
                    "sort": 1,
                    "multi": True,
                    "includeAll": True,
                    "allValue": ".*",
                },
            ]
        },
        "annotations": {"list": []},
        "panels": list(_panels()),
    }
    return json.dumps(document, indent=1) + "\n"


def _panels() -> Iterator[dict[str, Any]]:
    helps = _helps()
    y = number = 0
    for title, drawn in ROWS:
        number += 1
        yield {
            "id": number,
            "type": "row",
            "title": title,
            "collapsed": False,
            "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1},
            "panels": [],
        }
        y += 1
        x, height = 0, 4 if drawn[0].kind == "stat" else 8
        for one in drawn:
            number += 1
            if x + one.width > WIDTH:
                x, y = 0, y + height
            yield _panel(one, number, {"x": x, "y": y, "w": one.width, "h": height}, helps)
            x += one.width
        y += height


def _panel(one: Drawn, number: int, place: dict[str, int], helps: dict[str, str]) -> dict[str, Any]:
    asked = sorted({re.sub("_(total|bucket)$", "", name) for query, _ in one.queries for name in METRIC.findall(query)})
    return {
        "id": number,
        "type": one.kind,
        "title": one.title,
        "description": " ".join(f"{helps[name]}." for name in asked),
        "datasource": SOURCE,
        "gridPos": place,
        "targets": [
            {"refId": chr(ord("A") + index), "expr": query, "legendFormat": legend, "datasource": SOURCE}
            for index, (query, legend) in enumerate(one.queries)
        ],
        "fieldConfig": {"defaults": {"unit": one.unit}, "overrides": []},
        "options": {},
    }


def _helps() -> dict[str, str]:
    from guard.telemetry.metrics import Metrics

    return {family.name: family.documentation for family in Metrics().registry.collect()}
