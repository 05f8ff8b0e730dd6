"""What the stack says that it costs."""

from decimal import Decimal
from typing import Any

from guard.adapters.billing.shipped import shipped_rows
from guard.core.prices import Part
from infra import cost, settings
from tests.infra.declared import BASE, raw


def of(values: dict[str, Any] | None = None) -> cost.MonthlyCost:
    keys = frozenset(f"tuneguard:{key}" for key in settings.SECRETS)
    return cost.monthly_cost(settings.load(raw({**BASE, **(values or {})}), secret_keys=keys, stack="dev"))


def test_the_vm_home_is_priced_by_hour_and_gigabyte() -> None:
    """730 h x 0.016752855 + 10 GiB x 0.10 + 10 GiB x 0.04, the address unpriced."""
    spent = of()

    assert spent.known == Decimal("0.016752855") * 730 + Decimal("1.40")
    assert spent.document()["lines"] == {"machine": "12.23", "ledger disk": "1.00", "boot disk": "0.40"}


def test_an_unknown_price_is_named_and_never_counted_as_zero() -> None:
    spent = of({"machine": "e2-huge"})

    assert spent.unpriced == ("machine", "external address")
    assert "machine" not in spent.document()["lines"]
    assert "no price known for machine, external address" in spent.sentence()
    assert "at least 1.40 USD" in spent.sentence()


def test_the_worker_pool_costs_more_than_the_vm() -> None:
    pool = of({"home": "worker_pool", "databasePassword": "x", "guardConfig": "guard.yaml"})

    assert pool.known > of().known
    assert pool.unpriced == ("worker pool's memory", "database disk", "secrets"), "what has no price is named"


def test_shells_cost_nothing_and_their_models_are_named_as_use() -> None:
    spent = of({"home": "none", "endpoints": [{"name": "chat"}]})

    assert spent.known == 0
    assert any("models deployed" in one for one in spent.by_use)


def test_every_price_has_unit_source_and_confidence() -> None:
    for key, price in cost.prices().items():
        assert price.amount > 0, key
        assert price.source.startswith("https://"), key
        assert price.unit in {"h", "GiB month"}, key
        assert all((price.basis, price.confidence, price.as_of)), key


def test_the_prices_are_those_of_the_guards_own_book() -> None:
    ours = {row.item: (row.amount, row.unit) for row in shipped_rows() if row.part is Part.STACK}

    assert {item: (price.amount, price.unit) for item, price in cost.prices().items()} == ours
