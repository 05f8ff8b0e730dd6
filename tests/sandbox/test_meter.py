"""The sandbox's bill."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from guard.sandbox import meter
from guard.sandbox.server import Running
from tests.sandbox.conftest import SLOW, a_world
from tests.sandbox.test_vertex_refusals import deploy, made

HOUR = timedelta(hours=1)


def bill(deployed: str, more: str = "", hours: int = 24, where: str = "us-central1") -> Any:
    text = (
        f"{SLOW}endpoints:\n  - {{id: 1001, project: demo-research, location: {where}, deploy: [{deployed}]}}\n{more}"
    )
    world = a_world(text)
    world.advance(hours * HOUR)
    return meter.read(world, world.start, world.now())


@pytest.mark.parametrize(
    ("deployed", "usd"),
    [
        ("{machine: n1-standard-4}", "5.256"),
        ("{machine: n1-standard-4, replicas: 3}", "15.768"),
        ("{machine: n1-standard-4, accelerator: NVIDIA_TESLA_T4}", "14.916"),
        ("{machine: n1-standard-4, spot: true}", "2.1024"),
        ("{machine: g2-standard-12, accelerator: NVIDIA_L4}", "27.6168"),
        ("{machine: a2-highgpu-1g, accelerator: NVIDIA_TESLA_A100}", "101.388"),
        ("{machine: a3-highgpu-1g, accelerator: NVIDIA_H100_80GB}", "303.0216"),
        ("{automatic: true}", "33"),
        ("{gemini: true}", "0"),
        ("{scale_to_zero: {idle: 1h}}", "0"),
        ('{daily: {"08:00": 3, "20:00": 1}}', "10.512"),
    ],
)
def test_a_day_of_a_deployment_costs_by_its_replicas(deployed: str, usd: str) -> None:
    assert bill(deployed)["total_usd"] == usd


def test_a_region_has_its_factor() -> None:
    assert bill("{machine: n1-standard-4}", where="europe-west4")["total_usd"] == "5.5188"


def test_a_scenario_sets_prices() -> None:
    prices = 'prices: {machines: {n1-standard-4: "1", new-machine: 2.5}, regions: {us-central1: 2}}\n'
    assert bill("{machine: n1-standard-4}", prices)["total_usd"] == "48"
    assert bill("{machine: new-machine}", prices)["total_usd"] == "120"


def test_a_machine_without_a_price_is_listed_and_in_no_total() -> None:
    read = bill("{machine: m9-unheard-of}")
    assert (read["total_usd"], read["lines"][0]["usd"], read["lines"][0]["replica_hours"]) == ("0", None, "24")
    assert read["unpriced"] == [read["lines"][0]["name"]]


def test_a_pool_bills_once_for_its_sharers_and_ends_with_the_last() -> None:
    text = f"""{SLOW}pools: [{{id: p, project: demo-product}}]
endpoints:
  - {{id: 1, display_name: a, project: demo-product, deploy: [{{pool: p}}]}}
  - {{id: 2, display_name: b, project: demo-product, deploy: [{{pool: p}}]}}
changes:
  - {{at: 5h, undeploy: {{endpoint: a}}}}
  - {{at: 10h, undeploy: {{endpoint: b}}}}
"""
    world = a_world(text)
    world.advance(24 * HOUR)
    read = meter.read(world, world.start, world.now())
    assert [(one["kind"], one["usd"]) for one in read["lines"]] == [
        ("pool", "0"),
        ("pool", "0"),
        ("pool_machines", "2.19"),
    ]
    assert read["total_usd"] == "2.19"


def test_an_empty_pool_and_an_empty_endpoint_bill_nothing() -> None:
    world = a_world(f"{SLOW}pools: [{{id: p, project: demo-product}}]\nendpoints: [{{id: 1, project: demo-product}}]\n")
    world.advance(24 * HOUR)
    assert meter.read(world, world.start, world.now())["lines"] == []


def test_billing_runs_from_the_end_of_the_deployment_to_the_end_of_the_undeployment(
    slow: Running, http: httpx.Client
) -> None:
    endpoint = made(http, slow)
    deploy(http, endpoint, "1")
    slow.world.advance(timedelta(minutes=8) + HOUR)
    http.post(f"{endpoint}:undeployModel", json={"deployedModelId": "1"})
    slow.world.advance(HOUR)
    line = http.get("/sandbox/meter").json()["lines"][0]
    hours = (Decimal(3600) + 90) / 3600
    assert Decimal(line["replica_hours"]) == hours
    assert Decimal(line["usd"]) == hours * Decimal("0.219")


def test_windows_add_up(slow: Running, http: httpx.Client) -> None:
    deploy(http, made(http, slow), "1")
    slow.world.advance(10 * HOUR)

    def total(since: str, until: str) -> Decimal:
        return Decimal(http.get("/sandbox/meter", params={"since": since, "until": until}).json()["total_usd"])

    halves = total("0s", "4h20m") + total("4h20m", "10h")
    assert halves == total("0s", "10h") > 0
    assert total("2026-11-02T02:00:00+00:00", "2026-11-02T03:00:00Z") == Decimal("0.219")
