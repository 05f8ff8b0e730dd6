"""The tables of the bill: what the billing export held, and every reading of it. Amounts are exact text beside their currency."""

from __future__ import annotations

from sqlalchemy import Column, Text

from guard.ledger.columns import identifier, maybe, needed, table
from guard.ledger.types import Flag, Instant

bill_lines = table(
    "bill_lines",
    "The bill by day, project, region and SKU, summed afresh at each reading.",
    Column("day", Text, primary_key=True, doc="the biller's day (Los Angeles), ISO date"),
    Column("project_id", Text, primary_key=True, doc="project id"),
    Column("region", Text, primary_key=True, doc="region, or `global`"),
    Column("sku_id", Text, primary_key=True, doc="SKU"),
    Column("unit", Text, primary_key=True, doc="pricing unit, in the export's words"),
    Column("currency", Text, primary_key=True, doc="ISO 4217"),
    needed("service", Text, "service, in the export's words"),
    needed("sku", Text, "the SKU's description"),
    needed("quantity", Text, "exact quantity in the unit"),
    needed("cost", Text, "exact cost before credits"),
    needed("credits", Text, "exact credits, 0 or below"),
    maybe("part", Text, "core, ram, accelerator; empty: no prediction machine"),
    maybe("item", Text, "family or accelerator"),
    maybe("provisioning", Text, "on_demand, spot, flex_start; empty with a part: a management fee"),
)
bill_reads = table(
    "bill_reads",
    "Every reading of the billing export.",
    identifier(),
    needed("at", Instant, "when"),
    needed("succeeded", Flag, "read whole"),
    needed("detail", Text, "what went wrong; empty: nothing"),
    maybe("since", Instant, "first instant that was read"),
    maybe("until", Instant, "last instant that was read"),
    maybe("exported_until", Instant, "when the export's latest row was written"),
)
