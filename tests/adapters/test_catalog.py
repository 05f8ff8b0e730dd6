"""The Billing Catalog as price rows: over the wire from the sandbox, and the traps of real descriptions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from guard.adapters.billing.catalog import COMPUTE, VERTEX, BillingCatalog
from guard.adapters.billing.descriptions import Charge, Meaning, read
from guard.adapters.connection import Connection
from guard.core.catalogue import Quote, Reading, layered
from guard.core.model import Machine, Provisioning
from guard.core.prices import Part, PriceBook
from guard.core.units import Known
from guard.ports.errors import Malformed, Unavailable
from guard.sandbox.server import Running
from tests.adapters.sandboxed import connected, serving

PREDICTION = "Vertex AI: Online/Batch Prediction"
H100 = "NVIDIA_H100_80GB"
NOW = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with serving() as one:
        yield one


@pytest.fixture
def link(running: Running) -> Iterator[Connection]:
    running.world.faults.clear()
    with connected(running) as made:
        yield made
    running.world.faults.clear()


@pytest.fixture(scope="module")
def reading(running: Running) -> Reading:
    with connected(running) as made:
        return BillingCatalog(made).read(NOW)


@pytest.fixture(scope="module")
def book(reading: Reading) -> PriceBook:
    return layered([], [Quote(row=row, read_at=NOW) for row in reading.rows])


def hourly(book: PriceBook, machine: str, region: str, how: Provisioning = Provisioning.ON_DEMAND) -> Decimal | str:
    found = book.rate(
        Machine(machine_type=machine, provisioning=how), region, Decimal(1), datetime(2027, 1, 1, tzinfo=UTC)
    )
    if not isinstance(found, Known):
        return found.reason
    return found.value.rate.per_hour.amount


@pytest.mark.parametrize(
    ("machine", "region", "how", "usd"),
    [
        ("n1-standard-4", "us-central1", "on_demand", "0.219"),  # without the fee row beside it: 0.2476 with it
        ("g2-standard-12", "us-central1", "on_demand", "1.1507"),
        ("a2-highgpu-1g", "us-central1", "on_demand", "4.2245"),  # "A2 Instance Core", no "Predefined"
        ("a3-highgpu-1g", "us-central1", "on_demand", "12.6259"),
        ("n1-standard-4", "us-east4", "on_demand", "0.246594"),  # its own row, not the Americas' that names it too
        ("n1-standard-4", "us-central1", "spot", "0.0876"),  # Compute Engine and fee
        ("a3-highgpu-1g", "us-central1", "spot", "5.05036"),  # its GPU row is marked OnDemand
    ],
)
def test_a_machine_costs_what_the_meter_bills(book: PriceBook, machine: str, region: str, how: str, usd: str) -> None:
    assert hourly(book, machine, region, Provisioning(how)) == Decimal(usd)


@pytest.mark.parametrize(
    ("machine", "region"),
    [("ct5lp-hightpu-1t", "us-central1"), ("e2-standard-4", "us-central1"), ("n1-standard-4", "mars")],
)
def test_what_has_not_exactly_one_row_is_unknown(book: PriceBook, machine: str, region: str) -> None:
    assert "no price for" in str(hourly(book, machine, region))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("Cloud TPU v5e Chips running in Americas", "fits no machine that is known"),
        ("NVIDIA B200 GPU running in Iowa", "fits no machine that is known"),
        ("C3 Predefined Instance Core running in Iowa", "priced by 'mo', expected 'h'"),
        ("e2 in us-central1", "2 SKUs for one price"),
    ],
)
def test_a_sku_that_gives_no_price_is_listed_with_its_reason(reading: Reading, words: str, why: str) -> None:
    assert [one for one in reading.unmapped if one.description.endswith(words) and why in one.why]


def test_every_row_names_its_skus_and_its_day(reading: Reading) -> None:
    for row in reading.rows:
        assert row.source.count("SKU") == 1
        assert row.source.count(" + ") == (row.provisioning is not Provisioning.ON_DEMAND)
        assert row.as_of == NOW.date()


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        (f"{PREDICTION} N1 Predefined Instance Core running in Americas", Meaning(Charge.ALL_IN, Part.CORE, "n1")),
        (f"{PREDICTION} A3 Predefined Instance Ram running in Iowa", Meaning(Charge.ALL_IN, Part.RAM, "a3")),
        (f"{PREDICTION} A2 Instance Core running in Americas", Meaning(Charge.ALL_IN, Part.CORE, "a2")),
        (f"{PREDICTION} Nvidia H100 80gb GPU running in Iowa", Meaning(Charge.ALL_IN, Part.ACCELERATOR, H100)),
        (f"{PREDICTION} management fee on NVIDIA H100 80GB in Iowa", Meaning(Charge.FEE, Part.ACCELERATOR, H100)),
        (f"{PREDICTION} management fee on N1 Predefined Instance Core in Iowa", Meaning(Charge.FEE, Part.CORE, "n1")),
        ("Spot Preemptible N1 Predefined Instance Core running in Americas", Meaning(Charge.SPOT, Part.CORE, "n1")),
        ("Vertex AI: Training/Pipelines on A3 Instance Core in Iowa", None),
        ("N1 Predefined Instance Core running in Americas", None),
        ("Commitment v1: N1 Cpu in Americas for 1 Year", None),
        ("Custom Spot Preemptible N1 Predefined Instance Core running in Americas", None),
    ],
)  # fmt: skip
def test_a_description_is_read_whole_or_not_at_all(text: str, meaning: Meaning | None) -> None:
    assert read(text) == meaning


def test_half_a_catalogue_is_none(running: Running, link: Connection) -> None:
    running.world.faults.add(
        "server_error",
        at=NOW,
        scope={"service": "cloudbilling", "resource": f"services/{COMPUTE}*"},
        params={"status": 502},
    )
    with pytest.raises(Unavailable):
        BillingCatalog(link).read(NOW)


def test_a_page_that_comes_twice_is_not_trusted(
    running: Running, link: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guard.adapters.billing.catalog.PAGE_SIZE", 50)
    running.world.faults.add(
        "page_repeated", at=NOW, scope={"service": "cloudbilling", "resource": f"services/{VERTEX}"}
    )
    with pytest.raises(Malformed, match="twice"):
        BillingCatalog(link).read(NOW)
