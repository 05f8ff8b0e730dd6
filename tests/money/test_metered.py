"""Storage of buckets and tokens of tunes in the same totals as machines, against the sandbox's own meter."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.world import Place
from tests.e2e.harness import a_harness
from tests.money.world import CONFIG

SCENARIO = """
start: 2026-11-02T00:00:00Z
seed: 3
world_id: metered
projects:
  - {id: demo-research, number: "100000000001", locations: [us-central1, europe-west4]}
  - {id: demo-product, number: "100000000002", locations: [us-central1]}
buckets:
  - {name: tuning-data, project: demo-research, gib: 800}
  - {name: old-weights, project: demo-research, storage_class: NEARLINE, gib: 5000, created: -3d}
  - {name: legacy, project: demo-research, location: us, storage_class: MULTI_REGIONAL, gib: 50}
  - {name: elsewhere, project: demo-product, location: asia-southeast3, gib: 100}
endpoints:
  - {id: 1001, display_name: served, project: demo-research, location: us-central1, labels: {team: vision},
      deploy: [{id: 11, machine: n1-standard-4, at: -20d}], traffic: busy}
  - {id: 7001, display_name: answers, project: demo-research, location: us-central1,
      deploy: [{id: 12, gemini: true, at: -20d}], traffic: busy}
"""


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder: Path = tmp_path_factory.mktemp("metered")
    with a_harness(folder, scenario=SCENARIO, config=CONFIG) as harness:
        for _ in range(12):
            harness.cycle()
            harness.advance(10)
        harness.cycle()
        yield Place(harness, folder)


def answer(place: Place, *arguments: str) -> dict[str, Any]:
    return place.here("costs", "-o", "json", *arguments).document


def usd(sums: list[dict[str, str]]) -> Decimal:
    [one] = sums
    return Decimal(one["amount"])


def test_stored_gigabytes_and_tokens_cost_what_the_meter_says(month: Place) -> None:
    document = answer(month)
    window = {"since": document["month"]["start"], "until": document["until"]}
    metered = httpx.get(f"{month.harness.running.http}/sandbox/meter", params=window).json()["metered"]
    known = {line["title"]: usd(line["known"]) for line in document["lines"] if line["known"]}
    for title, (kind, item) in {
        "tuning-data": ("bucket", "STANDARD"),
        "old-weights (nearline)": ("bucket", "NEARLINE"),
        "legacy": ("bucket", "MULTI_REGIONAL"),
        "gemini-2.5-flash input tokens": ("input_tokens", "gemini-2.5-flash"),
        "gemini-2.5-flash output tokens": ("output_tokens", "gemini-2.5-flash"),
    }.items():
        [line] = [one for one in metered if (one["kind"], one["item"], one["project"]) == (kind, item, "demo-research")]
        assert abs(known[title] / Decimal(line["usd"]) - 1) < Decimal("0.02"), title


def test_they_are_in_the_total_and_what_has_no_price_is_listed(month: Place) -> None:
    document = answer(month)
    assert usd(document["total"]["known"]) == sum(usd(line["known"]) for line in document["lines"] if line["known"])
    unknown = {one["name"]: one["why"] for one in document["unknown"]}
    assert "no price for storage STANDARD in asia-southeast3" in unknown["elsewhere"]
    assert "calls of tunes" in unknown["gemini-2.5-flash input tokens"], "a base's price is a lower bound for a tune's"
    assert document["total"]["lower_bound"]


def test_a_budget_on_a_project_counts_them_and_the_export_says_what_they_are(month: Place) -> None:
    rows = {row["ResourceName"]: row for row in answer(month)["focus"]}
    assert (rows["tuning-data"]["ServiceName"], rows["tuning-data"]["PricingUnit"]) == ("Cloud Storage", "GiB-Hours")
    assert rows["gemini-2.5-flash input tokens"]["PricingUnit"] == "Tokens"
    by_project = {line["group"]: line["known"] for line in answer(month, "--by", "project")["lines"]}
    assert usd(by_project["demo-research"]) > usd([answer(month)["lines"][0]["known"][0]])


def test_an_emptied_bucket_is_gone_at_the_next_days_sample(month: Place) -> None:
    shelves = month.harness.running.world.settings["storage.shelves"]
    shelves.remove_bucket(shelves.bucket("old-weights"))
    for _ in range(3):
        month.harness.advance(24)
        month.harness.cycle()
    titles = [line["title"] for line in answer(month)["lines"]]
    assert "old-weights (nearline) (gone)" in titles
    assert "tuning-data" in titles
