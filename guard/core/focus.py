"""Costs under FOCUS column names. Columns of our own begin with `x_`, as the specification asks.

Source: FOCUS 1.2, columns and attributes (github.com/FinOps-Open-Cost-and-Usage-Spec/FOCUS_Spec, tag v1.2), read 2026-11-25.
Every column that it calls mandatory is there. These are list prices, or contracted ones where the price book has them, and an
estimate before the bill: BilledCost, EffectiveCost and the billing account are empty rather than filled with something else,
although FOCUS allows no nulls there; so the rows bear its names and are no conformant bill.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime

from guard.core.prices import Basis
from guard.core.rates import measure_of
from guard.core.spend import Spend
from guard.core.units import Window

COLUMNS = (
    "BillingAccountId",
    "BillingAccountName",
    "BillingPeriodStart",
    "BillingPeriodEnd",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ProviderName",
    "PublisherName",
    "InvoiceIssuerName",
    "ServiceName",
    "ServiceCategory",
    "SubAccountId",
    "RegionId",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "PricingQuantity",
    "PricingUnit",
    "ListUnitPrice",
    "ListCost",
    "ContractedUnitPrice",
    "ContractedCost",
    "EffectiveCost",
    "BilledCost",
    "BillingCurrency",
    "Tags",
    "x_Owner",
    "x_Policy",
    "x_PriceSource",
    "x_IsLowerBound",
    "x_UnknownHours",
    "x_UnpricedReplicaHours",
    "x_ForecastCost",
)

EMPTY = ("BillingAccountId", "BillingAccountName", "ChargeClass", "EffectiveCost", "BilledCost")
"""What only a bill can say; a usage row of the running period has no ChargeClass (it is for corrections)."""


def rows(spends: Iterable[Spend], billing: Window) -> list[dict[str, str | None]]:
    """One row a thing and currency; a thing without any known cost has one row with an empty cost."""
    found = []
    for spend in spends:
        thing, measure = spend.thing, measure_of(spend.thing)
        # A contracted price tells nothing of the list price; a list price is what is paid where no contract says otherwise.
        contracted = any(row.basis is Basis.CONTRACTED for row in spend.rows)
        for money in spend.known.values() or (None,):
            one_price = spend.rows and len(spend.known) == 1 and not spend.unpriced_hours and spend.replica_hours
            unit = money.amount / spend.replica_hours if money is not None and one_price else None
            row = {
                **dict.fromkeys(EMPTY),
                "BillingPeriodStart": _instant(billing.start),
                "BillingPeriodEnd": _instant(billing.end),
                "ChargePeriodStart": _instant(spend.window.start),
                "ChargePeriodEnd": _instant(spend.window.end),
                "ChargeCategory": "Usage",
                "ChargeDescription": f"{thing.machine}, {measure.focus_unit.lower()}",
                "ProviderName": "Google Cloud",
                "PublisherName": "Google Cloud",
                "InvoiceIssuerName": "Google Cloud",
                "ServiceName": measure.service,
                "ServiceCategory": measure.category,
                "SubAccountId": thing.project_id,
                "RegionId": thing.location,
                "ResourceId": thing.name,
                "ResourceName": thing.display_name,
                "ResourceType": thing.kind.value,
                "PricingQuantity": f"{spend.replica_hours.normalize():f}",
                "PricingUnit": measure.focus_unit,
                "ListUnitPrice": None if unit is None or contracted else f"{unit:f}",
                "ListCost": None if money is None or contracted else f"{money.amount:f}",
                "ContractedUnitPrice": None if unit is None else f"{unit:f}",
                "ContractedCost": None if money is None else f"{money.amount:f}",
                "BillingCurrency": None if money is None else money.currency,
                "Tags": json.dumps(dict(thing.labels), sort_keys=True),
                "x_Owner": thing.owner,
                "x_Policy": thing.policy or None,
                "x_PriceSource": "; ".join(dict.fromkeys(f"{row.source} ({row.as_of})" for row in spend.rows)) or None,
                "x_IsLowerBound": "true" if spend.is_lower_bound else "false",
                "x_UnknownHours": f"{spend.unknown_hours.normalize():f}",
                "x_UnpricedReplicaHours": f"{spend.unpriced_hours.normalize():f}",
                "x_ForecastCost": None if spend.forecast is None else f"{spend.forecast.amount:f}",
            }
            found.append({name: row[name] for name in COLUMNS})
    return found


def _instant(at: datetime) -> str:
    """An instant as FOCUS wants it: UTC, whole seconds, a `Z` at the end."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
