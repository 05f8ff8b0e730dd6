"""What the billing account has agreed on: the Pricing API, v1beta, `billingAccounts.skus.prices.list`.

Source: cloud.google.com/billing/docs/reference/pricing-api/rest/v1beta/billingAccounts.skus.prices, read 2026-11.
"""

import base64
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from starlette.requests import Request

from guard.sandbox.billing.tariff import NANO, Sku
from guard.sandbox.errors import ApiError, denied, invalid
from guard.sandbox.frame import PRINCIPAL
from guard.sandbox.world import World

_PERMISSION: Final = "billing.billingAccountPrice.get"
_PAGE: Final = 5000


def answer(world: World, request: Request) -> dict[str, Any]:
    """One page. Raises ApiError for another account, or a caller who may not read it."""
    account = f"billingAccounts/{request.path_params['account']}"
    prices = world.settings["prices"]
    if account != prices.account or not world.authorize(request.scope[PRINCIPAL], _PERMISSION, account):
        raise denied(_PERMISSION, account, service="cloudbilling.googleapis.com")
    query = request.query_params
    if query.get("currencyCode", "USD") != "USD":
        raise invalid("currencyCode: the sandbox's prices are in USD only.")
    try:
        offset = int(base64.urlsafe_b64decode(query["pageToken"])) if query.get("pageToken") else 0
        size = min(int(query.get("pageSize", "0")) or _PAGE, _PAGE)
    except ValueError as error:
        raise ApiError("INVALID_ARGUMENT", "page_token or page_size is invalid.") from error
    found = [sku for sku in prices.tariff.skus if sku.steps]
    end = offset + size
    following = base64.urlsafe_b64encode(str(end).encode()).decode() if end < len(found) else ""
    return {
        "billingAccountPrices": [_document(sku, account, world.now()) for sku in found[offset:end]],
        "nextPageToken": following,
    }


def _document(sku: Sku, account: str, now: datetime) -> dict[str, Any]:
    agreed = sku.contract != 1
    return {
        "name": f"{account}/skus/{sku.id}/price",
        "currencyCode": "USD",
        "valueType": "rate",
        "priceReason": {"type": "fixed-discount" if agreed else "default-price"},
        "rate": {
            "tiers": [
                {
                    "startAmount": {"value": "0"},
                    "listPrice": _money(sku.usd(now)),
                    "contractPrice": _money(sku.billed(now)),
                    "effectiveDiscountPercent": {"value": str((1 - sku.contract) * 100)},
                }
            ],
            "unitInfo": {"unit": sku.unit, "unitQuantity": {"value": "1"}},
        },
    }


def _money(usd: Decimal) -> dict[str, Any]:
    whole = int(usd)
    return {"currencyCode": "USD", "units": str(whole), "nanos": int((usd - whole) / NANO)}
