"""The price catalogue: what it serves is what the meter bills by."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from guard.sandbox import meter
from guard.sandbox.server import Running
from tests.sandbox.conftest import SLOW, a_world

VERTEX, COMPUTE = "C7E2-9256-1C43", "6F81-5844-456A"
HOUR = timedelta(hours=1)


def listed(http: httpx.Client, service: str, size: int = 5000) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    token = ""
    while True:
        page = http.get(f"/v1/services/{service}/skus", params={"pageSize": size, "pageToken": token}).json()
        found += page["skus"]
        token = page["nextPageToken"]
        if not token:
            return found


def price(sku: dict[str, Any]) -> Decimal:
    [tier] = sku["pricingInfo"][0]["pricingExpression"]["tieredRates"]
    return Decimal(tier["unitPrice"]["units"]) + Decimal(tier["unitPrice"]["nanos"]) / 10**9


def test_pages_hold_every_sku_once(slow: Running, http: httpx.Client) -> None:
    whole = listed(http, VERTEX)
    assert listed(http, VERTEX, 7) == whole
    assert len({sku["skuId"] for sku in whole}) == len(whole) > 50


def test_the_rows_of_a_machine_add_up_to_what_the_meter_bills(slow: Running, http: httpx.Client) -> None:
    prices = {sku["description"]: price(sku) for sku in listed(http, VERTEX) if "Gemini" not in sku["description"]}
    words = "Vertex AI: Online/Batch Prediction {} running in Americas"
    machine = (
        12 * prices[words.format("G2 Predefined Instance Core")]
        + 48 * prices[words.format("G2 Predefined Instance Ram")]
        + prices[words.format("Nvidia L4 GPU")]
    )
    world = a_world(
        f"{SLOW}endpoints:\n  - {{id: 1, project: demo-research, location: us-central1, "
        "deploy: [{machine: g2-standard-12, accelerator: NVIDIA_L4}]}\n"
    )
    world.advance(HOUR)
    assert Decimal(meter.read(world, world.start, world.now())["total_usd"]) == machine


def test_the_bill_by_sku_is_the_whole_bill(slow: Running) -> None:
    world = a_world(
        f"{SLOW}endpoints:\n  - {{id: 1, project: demo-research, location: europe-west4, "
        "deploy: [{machine: n1-standard-4, accelerator: NVIDIA_TESLA_T4, spot: true, replicas: 2}]}\n"
    )
    world.advance(24 * HOUR)
    bill = meter.read(world, world.start, world.now())
    assert sum(Decimal(line["usd"]) for line in bill["skus"]) == Decimal(bill["total_usd"]) > 0
    assert {line["service"] for line in bill["skus"]} == {VERTEX, COMPUTE}, "Spot is billed by both services"


def test_a_price_change_counts_from_its_instant_on() -> None:
    world = a_world(
        f"{SLOW}endpoints:\n  - {{id: 1, project: demo-research, location: us-central1, deploy: [{{machine: n1-standard-4}}]}}\n"
        'changes: [{at: 10h, price: {skus: "*Prediction N1*", factor: 2}}]\n'
    )
    world.advance(30 * HOUR)
    bill = meter.read(world, world.start, world.now())
    assert Decimal(bill["total_usd"]) == Decimal("0.219") * 10 + Decimal("0.438") * 20
    assert bill["lines"][0]["usd_per_replica_hour"] == "0.438"


def test_a_change_of_no_price_is_noted(slow: Running, http: httpx.Client) -> None:
    answer = http.post("/sandbox/change", json={"price": {"skus": "nothing*", "factor": 2}})
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "no SKU's description fits 'nothing*'")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/services/AAAA-BBBB-CCCC/skus", 404),
        (f"/v1/services/{VERTEX}/skus?currencyCode=EUR", 400),
        (f"/v1/services/{VERTEX}/skus?pageSize=-1", 400),
        (f"/v1/services/{VERTEX}/skus?pageToken=%21", 400),
    ],
)
def test_the_catalogue_refuses_what_it_cannot_answer(slow: Running, http: httpx.Client, path: str, code: int) -> None:
    assert http.get(path).status_code == code
