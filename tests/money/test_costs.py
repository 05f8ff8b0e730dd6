"""`tuneguard costs` against the sandbox's meter, over thirty days with autoscaling and a price change."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.world import Place
from tests.e2e.harness import a_harness
from tests.money.world import CONFIG, SCENARIO

DAYS = 29


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """November, nearly whole: scaled by the hour of the day, dearer from the 12th on, one removed on the 18th."""
    folder: Path = tmp_path_factory.mktemp("month")
    with a_harness(folder, scenario=SCENARIO, config=CONFIG) as harness:
        for day in range(DAYS):
            harness.cycle()
            if day == 10:
                harness.advance(9)
                harness.change(price={"skus": "*N1*", "factor": "1.25"})
                harness.advance(-9 + 24)
            elif day == 16:
                harness.advance(20)
                harness.change(undeploy={"endpoint": "gpu"})
                harness.advance(4)
            else:
                harness.advance(24)
        harness.cycle()
        yield Place(harness, folder)


def answer(place: Place, *arguments: str) -> dict[str, Any]:
    return place.here("costs", "-o", "json", *arguments).document


def usd(sums: list[dict[str, str]]) -> Decimal:
    [one] = sums
    assert one["currency"] == "USD"
    return Decimal(one["amount"])


def test_the_month_to_date_is_the_meters_within_two_per_cent_as_a_whole_and_in_each_part(month: Place) -> None:
    document = answer(month)
    window = {"since": document["month"]["start"], "until": document["until"]}
    bill = httpx.get(f"{month.harness.running.http}/sandbox/meter", params=window).json()
    metered = {
        f"{line['name']}/deployedModels/{line['deployed_model_id']}"
        if "deployed_model_id" in line
        else line["name"]: line
        for line in bill["lines"]
        if line["kind"] != "pool" and line["machine_type"] != "ct5lp-hightpu-1t"
    }
    costs = {line["group"]: usd(line["known"]) for line in document["lines"] if line["known"]}

    assert set(costs) == set(metered)
    for name, cost in costs.items():
        assert abs(cost / Decimal(metered[name]["usd"]) - 1) < Decimal("0.02"), name
    whole = sum(Decimal(line["usd"]) for line in metered.values())
    assert abs(usd(document["total"]["known"]) / whole - 1) < Decimal("0.005")


def test_what_has_no_price_is_listed_and_makes_the_total_a_lower_bound(month: Place) -> None:
    document = answer(month)
    assert [one["subject"].split("/")[5] for one in document["unknown"]] == ["1006"]
    assert "no price for machine ct5lp-hightpu-1t" in document["unknown"][0]["why"]
    assert document["total"]["lower_bound"]
    assert ">=" in month.here("costs").out


def test_groups_add_up_to_the_same_total(month: Place) -> None:
    total = usd(answer(month)["total"]["known"])
    for by, expected in {
        "team": {"vision", "shop", "(none)"},
        "owner": {"ml", "shop", "ops"},
        "project": {"demo-research", "demo-product"},
        "label:owner": {"ml", "shop", "(none)"},
        "kind": {"deployed model", "pool"},
        "provider": {"google"},
    }.items():
        lines = answer(month, "--by", by)["lines"]
        assert {line["group"] for line in lines} == expected
        assert sum(usd(line["known"]) for line in lines if line["known"]) == total


def test_the_forecast_is_a_range_that_what_happens_falls_into(month: Place) -> None:
    total = answer(month)["total"]
    assert usd(total["low"]) <= usd(total["forecast"]) <= usd(total["high"])
    assert usd(total["forecast"]) > usd(total["known"])


def test_csv_has_focus_columns_and_adds_up_to_the_total(month: Place) -> None:
    found = list(csv.DictReader(io.StringIO(month.here("costs", "--csv").out)))
    assert {row["ServiceCategory"] for row in found} == {"AI and Machine Learning"}
    assert sum(Decimal(row["ListCost"]) for row in found if row["ListCost"]) == usd(answer(month)["total"]["known"])


def test_one_project_can_be_asked_for_and_a_misspelt_one_is_wrong_use(month: Place) -> None:
    assert [line["group"] for line in answer(month, "--by", "project", "--project", "demo-product")["lines"]] == [
        "demo-product"
    ]
    assert month.here("costs", "--project", "nobodys").code == 2


def test_an_endpoint_bears_the_names_of_its_things_and_no_path(month: Place) -> None:
    said = month.here("costs", "--by", "endpoint").out
    assert "scaled" in said
    assert "projects/" not in said


def test_an_unknown_grouping_is_wrong_use(month: Place) -> None:
    refused = month.here("costs", "--by", "colour")
    assert (refused.code, refused.out) == (2, "")
    assert "found 'colour'. Expected one of thing, endpoint" in refused.err


def test_a_thing_that_went_is_still_in_the_months_costs(month: Place) -> None:
    assert "gpu (gone)" in month.here("costs").out
