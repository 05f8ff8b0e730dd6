"""An account's own prices: exact, SKU by SKU; what looks odd leaves the list price and is listed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from guard.adapters.billing.catalog import BillingCatalog
from guard.adapters.connection import Connection
from guard.core.prices import Basis, Part
from guard.sandbox.billing import contract
from guard.sandbox.billing.tariff import Sku
from guard.sandbox.server import Running
from tests.adapters.sandboxed import connected, serving

ACCOUNT = "billingAccounts/012345-6789AB-CDEF01"
NOW = datetime(2026, 11, 2, tzinfo=UTC)
LISTED = contract._document


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with serving() as one:
        one.world.settings["prices"].tariff.agree("*Prediction N1*", Decimal("0.75"))
        yield one


@pytest.fixture
def link(running: Running) -> Iterator[Connection]:
    with connected(running) as made:
        yield made


def test_a_contract_price_is_taken_for_each_sku_that_has_one(link: Connection) -> None:
    reading = BillingCatalog(link, lambda: ACCOUNT).read(NOW)

    found = {
        (row.part, row.item): row
        for row in reading.rows
        if row.region == "us-central1" and row.provisioning.value == "on_demand"
    }
    n1, g2 = found[Part.CORE, "n1"], found[Part.CORE, "g2"]
    assert (n1.amount, n1.basis) == (Decimal("0.027"), Basis.CONTRACTED)
    assert n1.source.startswith("Cloud Billing Pricing API, SKU ")
    assert g2.basis is Basis.LIST
    assert ACCOUNT in reading.contract
    assert not reading.contract_failed


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"tiers": "twice"}, "too many values"),
        ({"unit": "mo"}, "it is by 'mo' in USD"),
        ({"zero": True}, "0 for 1"),
        ({"no rate": True}, "KeyError"),
    ],
)
def test_an_odd_contract_price_leaves_the_list_price_and_is_listed(
    link: Connection, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], why: str
) -> None:
    def odd(sku: Sku, account: str, now: datetime) -> dict[str, Any]:
        document: dict[str, Any] = LISTED(sku, account, now)
        if sku.contract == 1 or not sku.description.endswith("N1 Predefined Instance Core running in Americas"):
            return document
        rate = document["rate"]
        if "tiers" in change:
            rate["tiers"] *= 2
        if "unit" in change:
            rate["unitInfo"]["unit"] = change["unit"]
        if "zero" in change:
            rate["tiers"][0]["contractPrice"] = {"currencyCode": "USD", "units": "0", "nanos": 0}
        if "no rate" in change:
            del document["rate"]
        return document

    monkeypatch.setattr(contract, "_document", odd)
    reading = BillingCatalog(link, lambda: ACCOUNT).read(NOW)

    [core] = [
        row
        for row in reading.rows
        if (row.part, row.item, row.region, row.provisioning.value) == (Part.CORE, "n1", "us-central1", "on_demand")
    ]
    assert (core.amount, core.basis) == (Decimal("0.036"), Basis.LIST)
    [told] = [one for one in reading.unmapped if one.why.startswith("its contract price is not used: ")]
    assert why in told.why


def test_another_account_falls_back_and_says_so(link: Connection) -> None:
    reading = BillingCatalog(link, lambda: "billingAccounts/ABCDEF-000000-111111").read(NOW)
    assert reading.contract_failed
    assert "list prices count" in reading.contract
    assert not any(row.basis is Basis.CONTRACTED for row in reading.rows)
