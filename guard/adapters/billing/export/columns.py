"""The columns of the detailed usage cost export that are read, the sums that are made of them, and what a sum means.

Source: docs.cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/detailed-usage, names as of 2026-11. `cost` is before
credits; rows are corrected later by further rows, so sums are made over all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from guard.adapters.billing.descriptions import Charge, read
from guard.core.bill import BillLine, Sold
from guard.core.model import Provisioning
from guard.core.units import Money

COLUMNS: Mapping[str, str] = {
    "started": "usage_start_time",
    "exported": "export_time",
    "project": "project.id",
    "region": "location.region",
    "place": "location.location",
    "service": "service.description",
    "sku_id": "sku.id",
    "sku": "sku.description",
    "unit": "usage.pricing_unit",
    "quantity": "usage.amount_in_pricing_units",
    "currency": "currency",
    "cost": "cost",
    "credits": "credits",
}
"""Our word -> the export's column."""
GROUPS = "day, project, region, service, sku_id, sku, unit, currency"

SUMS = """
SELECT {groups}, SUM(quantity) AS quantity, SUM(cost) AS cost, SUM(credits) AS credits
FROM (
  SELECT {day} AS day, {project} AS project, COALESCE({region}, {place}, 'global') AS region, {service} AS service,
    {sku_id} AS sku_id, {sku} AS sku, {unit} AS unit, {currency} AS currency,
    {quantity} AS quantity, {cost} AS cost, {credits} AS credits
  FROM {source}
  WHERE {started} >= {since} AND {started} < {until}
) AS one
WHERE project IN {projects}
GROUP BY {groups}
ORDER BY {groups}
"""
"""The same question in both dialects; what stands in braces is written by each."""

_HOW = {
    Charge.ALL_IN: Provisioning.ON_DEMAND,
    Charge.SPOT: Provisioning.SPOT,
    Charge.FLEX_START: Provisioning.FLEX_START,
    Charge.FEE: None,
}


def lines(rows: Iterable[Mapping[str, Any]]) -> tuple[BillLine, ...]:
    """Make lines of the sums; a sum without usage and without money (a row and its reversal) is left out."""
    found = []
    for row in rows:
        cost, credits_, quantity = (Decimal(row[name] or 0) for name in ("cost", "credits", "quantity"))
        if not (cost or credits_ or quantity):
            continue
        currency, text = str(row["currency"]), str(row["sku"] or "")
        meaning = read(text)
        day = row["day"]
        found.append(
            BillLine(
                day=day if isinstance(day, date) else date.fromisoformat(str(day)),
                project_id=str(row["project"]),
                region=str(row["region"]),
                service=str(row["service"] or ""),
                sku_id=str(row["sku_id"] or ""),
                sku=text,
                unit=str(row["unit"] or ""),
                quantity=quantity,
                cost=Money(cost, currency),
                credits=Money(credits_, currency),
                sold=Sold(meaning.part, meaning.item, _HOW[meaning.charge]) if meaning is not None else None,
            )
        )
    return tuple(found)
