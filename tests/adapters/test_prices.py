"""The shipped price rows: what they say, where they come from, and what they leave open."""

import json
import os
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from guard.adapters.billing.shipped import load_price_book, shipped_rows
from guard.core.model import Machine, Provisioning
from guard.core.prices import Basis, Confidence, Part, Priced, override_rows
from guard.core.units import Known, Unknown

AT = datetime(2026, 11, 24, tzinfo=UTC)
SHARED = Path(os.environ.get("TUNEGUARD_SHARED", Path(__file__).parents[2].parent / "shared"))
BY_REGION = SHARED / "prices" / "vertex_prediction_by_region.json"


def priced(machine: Machine, region: str) -> Priced:
    found = load_price_book().rate(machine, region, Decimal(1), AT)
    assert isinstance(found, Known), found
    return found.value


def amount(machine_type: str, region: str = "us-central1") -> Decimal:
    return priced(Machine(machine_type=machine_type), region).rate.per_hour.amount


def test_every_row_has_source_date_confidence_and_one_meaning() -> None:
    rows = shipped_rows()

    assert len(rows) > 100
    for row in rows:
        assert row.source.startswith("https://")
        assert date(2025, 1, 1) < row.as_of < date(2026, 11, 25)
        assert row.currency == "USD"
        assert row.amount > 0
        assert row.region != "*"
        assert isinstance(row.confidence, Confidence)
    keys = [(row.part, row.item, row.region, row.provisioning) for row in rows]
    assert len(keys) == len(set(keys))


def test_no_estimate_ships() -> None:
    assert not [row for row in shipped_rows() if row.basis is Basis.ESTIMATE]


@pytest.mark.parametrize(
    ("machine_type", "hourly"),
    [
        ("n1-standard-4", "0.219"),  # the price page
        ("a3-highgpu-1g", "12.625919"),  # a bill
        ("g2-standard-12", "1.1507"),  # Model Garden's table
        ("a2-highgpu-1g", "4.2245"),
        ("a2-ultragpu-1g", "5.7818"),
    ],
)
def test_known_machines_cost_what_their_sources_say(machine_type: str, hourly: str) -> None:
    assert amount(machine_type) == Decimal(hourly)


def test_a_row_and_its_parts_agree() -> None:
    """An 8-fold H100 machine by its parts is Model Garden's own figure for it, 101.0074; n1-standard-8 is twice -4."""
    assert abs(amount("a3-highgpu-8g") - Decimal("101.0074")) < Decimal("0.001")
    assert abs(amount("n1-standard-8") - 2 * amount("n1-standard-4")) < Decimal("0.001")


def test_regions_differ() -> None:
    assert amount("n1-standard-4", "europe-west4") > amount("n1-standard-4")
    assert len({row.region for row in shipped_rows() if row.item == "n1"}) == 32


def test_flex_start_has_a_price_of_its_own_and_spot_none() -> None:
    flex = Machine(machine_type="a3-highgpu-1g", provisioning=Provisioning.FLEX_START)
    spot = Machine(machine_type="n1-standard-4", provisioning=Provisioning.SPOT)

    assert priced(flex, "us-central1").rate.per_hour.amount == Decimal("6.436875")
    assert isinstance(load_price_book().rate(spot, "us-central1", Decimal(1), AT), Unknown)


@pytest.mark.parametrize("machine_type", ["g2-standard-4", "ct5lp-hightpu-1t", "a9-mega-1g", "c3-standard-8"])
def test_a_machine_without_a_row_is_unknown(machine_type: str) -> None:
    found = load_price_book().rate(Machine(machine_type=machine_type), "us-central1", Decimal(1), AT)

    assert isinstance(found, Unknown)


def test_an_attached_accelerator_without_a_row_makes_a_lower_bound() -> None:
    found = priced(
        Machine(machine_type="n1-standard-4", accelerator_type="NVIDIA_TESLA_T4", accelerator_count=1), "us-central1"
    )

    assert found.is_lower_bound
    assert "NVIDIA_TESLA_T4" in found.note


def test_a_price_of_the_file_wins() -> None:
    own = override_rows({"g2-standard-4": "0.70 USD"}, source="guard.yaml:12", as_of=date(2026, 11, 1))
    found = load_price_book(own).rate(Machine(machine_type="g2-standard-4"), "us-central1", Decimal(2), AT)

    assert isinstance(found, Known)
    assert found.value.rate.per_hour.amount == Decimal("1.40")


def test_tuning_tokens_have_a_price() -> None:
    found = load_price_book().tuning("gemini-2.5-flash", 3_000_000, "us-central1", AT)

    assert isinstance(found, Known)
    assert found.value.amount == Decimal(15)


@pytest.mark.skipif(not BY_REGION.exists(), reason="the gathered prices are not part of the repository")
def test_shipped_regions_are_the_gathered_ones() -> None:
    gathered = json.loads(BY_REGION.read_text())["rows"]
    parts = {"vcpu": Part.CORE, "ram": Part.RAM}
    rows = {(row.part, row.item, row.region): row.amount for row in shipped_rows()}
    for raw in gathered:
        if raw["component"] == "machine":  # n1-standard-4, whose parts ship
            assert abs(amount(raw["resource"], raw["region"]) - Decimal(raw["price_usd"])) < Decimal("0.001")
        else:
            part = parts.get(raw["component"], Part.MACHINE)
            assert rows[part, raw["resource"], raw["region"]] == Decimal(raw["price_usd"])
