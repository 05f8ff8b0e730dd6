"""What a billing account pays for a SKU in place of the list price: the Pricing API, v1beta.

Source: cloud.google.com/billing/docs/reference/pricing-api/rest/v1beta/billingAccounts.skus.prices, read 2026-11-24. Needs
`billing.billingAccountPrice.get` on the account. No account of ours was asked, so whatever looks odd leaves the list price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from guard.adapters.connection import Connection, Read
from guard.ports.errors import Malformed

PAGE_SIZE = 5_000


@dataclass(frozen=True, slots=True)
class Contract:
    """One SKU's price by contract: for `quantity` of `unit`; `problem` says why it cannot be used."""

    amount: Decimal
    currency: str
    unit: str
    problem: str = ""


def contracts(connection: Connection, account: str) -> dict[str, Contract]:
    """Read every SKU of an account (`billingAccounts/ID`) whose price differs from the list price. Raises GuardError."""
    url = f"{connection.world.service('cloudbilling')}/v1beta/{account}/skus/-/prices"
    asked = Read("billing", "billingAccounts.skus.prices.list", account)
    found: dict[str, Contract] = {}
    for page in connection.pages(url, asked, {"currencyCode": "USD", "pageSize": str(PAGE_SIZE)}):
        prices = page.get("billingAccountPrices", [])
        if not isinstance(prices, list):
            raise Malformed(f"{asked}: billingAccountPrices is no list.")
        for price in prices:
            parts = str(price.get("name", "")).split("/")
            if len(parts) != 5 or parts[2] != "skus":
                raise Malformed(f"{asked}: {price.get('name')!r} is no price's name.")
            contract = _contract(price)
            if contract is not None:
                found[parts[3]] = contract
    return found


def _contract(price: Mapping[str, Any]) -> Contract | None:
    """The contract price of a SKU; None where it is the list price."""
    try:
        rate = price["rate"]
        tiers = rate["tiers"]
        unit, quantity = str(rate["unitInfo"]["unit"]), Decimal(str(rate["unitInfo"]["unitQuantity"]["value"]))
        amounts = [(_money(tier.get("listPrice")), _money(tier.get("contractPrice"))) for tier in tiers]
        if all(contract is None or contract == listed for listed, contract in amounts):
            return None
        [(_, contract)] = amounts  # more tiers than one: not known which applies
        amount, currency = contract or (Decimal(0), "")
        problem = "" if amount > 0 and quantity > 0 else f"{amount} for {quantity}"
        return Contract(amount / quantity if not problem else amount, currency, unit, problem)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        return Contract(Decimal(0), "", "", problem=f"{type(error).__name__}: {error}")


def _money(raw: Mapping[str, Any] | None) -> tuple[Decimal, str] | None:
    if raw is None:
        return None
    return Decimal(str(raw.get("units", "0"))) + Decimal(int(raw.get("nanos", 0))) / 10**9, str(raw["currencyCode"])
