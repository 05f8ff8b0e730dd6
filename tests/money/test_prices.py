"""`tuneguard prices`, on a guard that looked."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.world import Place
from tests.e2e.harness import a_harness
from tests.money.world import CONFIG, SCENARIO


def machine(place: Place, name: str) -> dict[str, Any]:
    lines = place.here("prices", "-o", "json").document["machines"]
    [line] = [one for one in lines if one["machine"] == name]
    return dict(line)


def waiting_gauge(place: Place) -> float:
    text = place.harness.guard.metrics.render().decode()
    return float(text.split("\ntuneguard_prices_waiting ")[1].split()[0])


def test_each_machine_has_its_price_source_and_age_and_what_is_missing_is_said(place: Place) -> None:
    place.harness.cycle()

    answer = place.here("prices")

    assert answer.code == 1, "a price is missing"
    assert "ct5lp-hightpu-1t in us-central1: no price for machine ct5lp-hightpu-1t" in answer.out
    assert "1177 prices" in answer.out
    gpu = machine(place, "g2-standard-12 + 1 NVIDIA_L4")
    assert gpu["rate"] == {"amount": "1.1507", "currency": "USD"}
    assert {row["part"] for row in gpu["rows"]} == {"core", "ram", "accelerator"}
    assert all(row["source"].startswith("Cloud Billing Catalog, SKU ") for row in gpu["rows"])


def test_a_persons_price_wins(place: Place) -> None:
    place.harness.configure(place.config.read_text() + "prices: {g2-standard-12: 0.9 USD}\n")
    place.harness.cycle()
    found = machine(place, "g2-standard-12 + 1 NVIDIA_L4")
    assert (found["rate"]["amount"], found["rows"][0]["basis"]) == ("0.9", "contracted")


def test_a_small_change_is_taken_up_and_told(place: Place) -> None:
    place.harness.cycle()
    place.harness.change(price={"skus": "*Prediction N1*", "factor": "1.1"})
    place.harness.advance(25)
    place.harness.cycle()
    assert "core n1 in us-central1: 0.036 USD -> 0.0396 USD/h" in place.here("prices").out
    assert Decimal(machine(place, "n1-standard-4")["rate"]["amount"]) == Decimal("0.219") * Decimal("1.1")


def test_a_jump_waits_is_told_once_and_moves_nothing_until_it_is_accepted(place: Place) -> None:
    place.harness.cycle()
    place.harness.change(price={"skus": "*Prediction N1*", "factor": 3})
    place.harness.advance(25)
    place.harness.cycle()
    place.harness.advance(25)
    results = place.harness.cycle()

    assert place.harness.told().count("core n1 in us-central1: 0.036 USD -> 0.108 USD/h") == 1
    assert machine(place, "n1-standard-4")["rate"]["amount"] == "0.219"
    waits = place.here("prices", "-o", "json").document["waiting"]
    assert {one["item"] for one in waits} == {"n1"}
    waited = waiting_gauge(place)
    assert waited >= len(waits), "the metric counts every region, the page what is used here"
    for number in {one["source"]: one["number"] for one in waits}.values():
        assert place.here("prices", "accept", str(number), "--who", "ada").code == 0

    assert place.here("prices", "-o", "json").document["waiting"] == []
    assert machine(place, "n1-standard-4")["rate"]["amount"] == "0.657"
    before = {v.subject.name: v.subject.rate for v in results.verdicts}
    after = {v.subject.name: v.subject.rate for v in place.harness.cycle().verdicts}
    assert sum(1 for name in before if before[name] != after[name]) == 2, "the pool and the deployment on demand"
    assert waiting_gauge(place) <= waited - len(waits)


def test_accepting_what_does_not_wait_is_wrong_use(place: Place) -> None:
    place.harness.cycle()
    answer = place.here("prices", "accept", "1")
    assert (answer.code, answer.out) == (2, "")
    assert "No price waits under number 1." in answer.err


def test_an_unreachable_catalogue_leaves_the_shipped_prices_and_says_so(place: Place) -> None:
    place.harness.fault("server_error", service="cloudbilling", status=503)
    result = place.harness.cycle()

    assert len(result.verdicts) > 5, "the cycle went on"
    said = place.here("prices").out
    assert "not read yet" in said
    assert "cannot be read now" in said
    assert machine(place, "n1-standard-4")["rate"]["amount"] == "0.219"

    place.harness.clear_faults()
    place.harness.advance(1.5)
    place.harness.cycle()
    assert "1177 prices" in place.here("prices").out


def test_before_the_first_look_there_is_nothing_to_show(place: Place) -> None:
    place.harness.open()
    assert place.here("prices").code == 3


ACCOUNT = "billingAccounts/012345-6789AB-CDEF01"


@pytest.fixture
def agreed(tmp_path: Path) -> Iterator[Place]:
    """A billing account that has agreed on 80 % of the list price of N1."""
    scenario = SCENARIO + 'prices: {contract: {"*Prediction N1*": 0.8}}\n'
    with a_harness(tmp_path, scenario=scenario, config=f"{CONFIG}billing_account: {ACCOUNT}\n") as harness:
        yield Place(harness, tmp_path)


def test_the_accounts_own_price_counts_and_the_meter_agrees(agreed: Place) -> None:
    agreed.harness.cycle()

    found = machine(agreed, "n1-standard-4")
    assert Decimal(found["rate"]["amount"]) == Decimal("0.219") * Decimal("0.8")
    assert {row["basis"] for row in found["rows"]} == {"contracted"}
    assert {row["basis"] for row in machine(agreed, "g2-standard-12 + 1 NVIDIA_L4")["rows"]} == {"list"}
    assert f"contract prices of {ACCOUNT}" in " ".join(agreed.here("prices").out.split())
    bill = httpx.get(f"{agreed.harness.running.http}/sandbox/meter").json()
    metered = {line["endpoint_display_name"]: line for line in bill["lines"] if "endpoint_display_name" in line}
    assert metered["scaled"]["usd_per_replica_hour"] == "0.1752"


def test_an_account_that_cannot_be_read_falls_back_to_list_prices_says_so_and_undoes_nothing(agreed: Place) -> None:
    agreed.harness.fault("permission_lost", service="billing")
    agreed.harness.cycle()
    assert machine(agreed, "n1-standard-4")["rate"]["amount"] == "0.219"
    assert "cannot be read, list prices count" in " ".join(agreed.here("prices").out.split())

    agreed.harness.clear_faults()
    agreed.harness.advance(25)
    agreed.harness.cycle()
    assert machine(agreed, "n1-standard-4")["rate"]["amount"] == "0.1752"
    assert "core n1 in us-central1: 0.036 USD -> 0.0288 USD/h" in agreed.here("prices").out

    agreed.harness.fault("permission_lost", service="billing")
    agreed.harness.advance(25)
    agreed.harness.cycle()
    assert machine(agreed, "n1-standard-4")["rate"]["amount"] == "0.1752", "a failure is no change of price"
    assert machine(agreed, "n1-standard-4")["rows"][0]["basis"] == "contracted"


def test_a_price_that_vanished_stays_in_force_and_is_said(place: Place) -> None:
    place.harness.cycle()
    place.harness.fault("listing_shrinks", service="cloudbilling", keep=0)
    place.harness.advance(25)
    place.harness.cycle()
    assert machine(place, "n1-standard-4")["rate"]["amount"] == "0.219"
    assert "Not in the catalogue since" in place.here("prices").out
