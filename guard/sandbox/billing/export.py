"""The sandbox's detailed usage cost export: the meter's SKU lines by the hour, with what else a bill holds.

Rows come late (`LAG`), credits are apart, no Vertex resource is named, and a notebook and an index endpoint that no deployed model
explains are on the bill too. Schema: docs.cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/detailed-usage.
"""

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from guard.sandbox import meter
from guard.sandbox.billing.tariff import SERVICES, VERTEX
from guard.sandbox.world import Project, World

LAG: Final = timedelta(hours=12)
"""How long after its hour a row is written."""
_HOUR: Final = timedelta(hours=1)
_UNITS: Final = {"h": "hour", "GiBy.h": "gibibyte hour", "GiBy.mo": "gibibyte month", "count": "count"}
_OTHERS: Final = (
    ("Vertex AI: Workbench Instances management fee on N1 Instance Core in Iowa", "us-central1", Decimal("0.0252888")),
    ("Vertex AI: Vector Search Index Serving e2-standard-2 in Iowa", "us-central1", Decimal("0.0938084")),
)
"""What nobody watches: a notebook's fee (4 vCPUs) and a deployed index, USD an hour
(cloud.google.com/vertex-ai/pricing, 2026-09)."""
_TUNING: Final = {
    "gemini-3.5-flash": Decimal(10),
    "gemini-3.1-flash-lite": Decimal(3),
    "gemini-2.5-pro": Decimal(25),
    "gemini-2.5-flash": Decimal(5),
}
"""USD a million training tokens (cloud.google.com/gemini-enterprise-agent-platform/generative-ai/pricing, 2026-09)."""


def rows(world: World, since: datetime, until: datetime, *, late: frozenset[str], credit: Decimal) -> Iterator[Any]:
    """The rows of every hour that the export has by now.

    Args:
        world: The world.
        since: First hour.
        until: Last hour, exclusive; rows younger than LAG are not there yet.
        late: UTC days (`2026-11-20`) whose rows have not come.
        credit: Share of each cost that a promotion pays (0.1).
    """
    at = since.replace(minute=0, second=0, microsecond=0)
    end = min(until, world.now() - LAG)
    numbers = {project.id: project for project in world.all_projects()}
    first = next(iter(numbers.values()), None)
    while at + _HOUR <= end:
        if at.date().isoformat() not in late:
            for line in meter.read(world, at, at + _HOUR)["skus"]:
                yield _row(at, numbers[line["project"]], line, credit)
            for description, region, usd in _OTHERS if first is not None else ():
                other = {"sku": _id(description), "description": description, "service": VERTEX, "location": region}
                yield _row(at, first, {**other, "unit": "h", "quantity": "1", "usd": str(usd)}, credit)
            for number, line in _tuned(world, at):
                yield _row(at, numbers[number], line, credit)
        at += _HOUR


def _tuned(world: World, at: datetime) -> Iterator[tuple[str, dict[str, str]]]:
    """Project and line of each tuning job that succeeded within the hour: tokens of its data x epochs."""
    for name, job in world.store.all("tuningJobs"):
        ended = job.get("endTime")
        stats = job.get("tuningDataStats", {}).get("supervisedTuningDataStats", {})
        usd = _TUNING.get(str(job.get("baseModel", "")))
        if not ended or usd is None or not at <= datetime.fromisoformat(ended) < at + _HOUR or not stats:
            continue
        epochs = int(job["supervisedTuningSpec"].get("hyperParameters", {}).get("epochCount", 1))
        tokens = int(stats["totalBillableTokenCount"]) * epochs
        project = world.project(name.split("/")[1])
        text = f"{str(job['baseModel']).replace('-', ' ').title()} Tuning Tokens"
        if project is not None:
            yield (
                project.id,
                {
                    "sku": _id(text),
                    "description": text,
                    "service": VERTEX,
                    "location": "global",
                    "unit": "count",
                    "quantity": str(tokens),
                    "usd": str(usd * tokens / 1_000_000),
                },
            )


def written(found: Iterator[Any], form: str) -> str:
    """The rows as JSON lines, as BigQuery exports them, or as CSV with dotted names. Raises ValueError for another form."""
    if form == "jsonl":
        return "".join(json.dumps(row) + "\n" for row in found)
    if form != "csv":
        raise ValueError(f"format: found {form!r}, expected jsonl or csv")
    text, writer = io.StringIO(), None
    for row in found:
        flat = dict(_flat(row))
        if writer is None:
            writer = csv.DictWriter(text, list(flat), lineterminator="\n")
            writer.writeheader()
        writer.writerow(flat)
    return text.getvalue()


def _row(at: datetime, project: Any, line: Any, credit: Decimal) -> dict[str, Any]:
    cost = Decimal(line["usd"]).quantize(Decimal("0.000000001"))
    paid = (cost * credit).quantize(Decimal("0.000000001"))
    credits_ = [{"id": "trial", "name": "Trial credit", "type": "PROMOTION", "amount": float(-paid)}] if paid else []
    unit, quantity = _UNITS[line["unit"]], float(line["quantity"])
    return {
        "billing_account_id": "000000-000000-000000",
        "service": {"id": line["service"], "description": SERVICES[line["service"]]},
        "sku": {"id": line["sku"], "description": line["description"]},
        "usage_start_time": _utc(at),
        "usage_end_time": _utc(at + _HOUR),
        "project": _project(project),
        "labels": [],
        "system_labels": [],
        "location": {"location": line["location"], "country": "", "region": line["location"], "zone": None},
        "resource": {"name": None, "global_name": None},
        "cost": float(cost),
        "currency": "USD",
        "currency_conversion_rate": 1.0,
        "usage": {"amount": quantity, "unit": unit, "amount_in_pricing_units": quantity, "pricing_unit": unit},
        "credits": credits_,
        "invoice": {"month": f"{at:%Y%m}"},
        "cost_type": "regular",
        "export_time": _utc(at + _HOUR + LAG),
        "cost_at_list": str(cost),
    }


def _project(project: Project) -> dict[str, Any]:
    return {"id": project.id, "number": project.number, "name": project.display_name or project.id, "labels": []}


def _flat(row: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in row.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", json.dumps(value) if isinstance(value, list) else value


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _id(description: str) -> str:
    return "-".join(f"{sum(map(ord, part)):04X}" for part in (description, description[1:], description[2:]))
