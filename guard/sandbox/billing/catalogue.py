"""The tariff as the Cloud Billing Catalog API (v1) says it. Source: cloud.google.com/billing/docs/reference/rest, read 2026-11."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from guard.sandbox.billing.tariff import NANO, SERVICES, Sku
from guard.sandbox.clock import rfc3339

_UNITS: Final = {
    "h": ("hour", "s", 3600),
    "GiBy.h": ("gibibyte hour", "By.s", 3865470566400),
    "mo": ("month", "s", 2628000),
    "count": ("count", "count", 1),
}


def document(sku: Sku, now: datetime) -> dict[str, Any]:
    """One SKU with the price in force."""
    unit, base, factor = _UNITS[sku.unit]
    since = [at for at, _ in sku.steps if at is not None and at <= now]
    tiers = sku.tiers or ((0, sku.usd(now)),)
    return {
        "name": f"services/{sku.service}/skus/{sku.id}",
        "skuId": sku.id,
        "description": sku.description,
        "category": {
            "serviceDisplayName": SERVICES[sku.service],
            "resourceFamily": "ApplicationServices" if sku.service.startswith("C7E2") else "Compute",
            "resourceGroup": sku.group,
            "usageType": sku.usage_type,
        },
        "serviceRegions": list(sku.regions),
        "pricingInfo": [
            {
                "effectiveTime": rfc3339(since[-1] if since else now),
                "summary": "",
                "pricingExpression": {
                    "usageUnit": sku.unit,
                    "usageUnitDescription": unit,
                    "baseUnit": base,
                    "baseUnitConversionFactor": factor,
                    "displayQuantity": 1_000_000 if sku.unit == "count" else 1,
                    "tieredRates": [{"startUsageAmount": start, "unitPrice": _money(usd)} for start, usd in tiers],
                },
                "currencyConversionRate": 1,
            }
        ],
        "serviceProviderName": "Google",
        "geoTaxonomy": {
            "type": "GLOBAL"
            if sku.regions == ("global",)
            else "REGIONAL"
            if len(sku.regions) == 1
            else "MULTI_REGIONAL",
            "regions": list(sku.regions),
        },
    }


def _money(usd: Decimal) -> dict[str, Any]:
    whole = int(usd)
    return {"currencyCode": "USD", "units": str(whole), "nanos": int((usd - whole) / NANO)}
