"""What a removal saved: claimed, measured, and on the bill, with credits, a late day and what nobody watches."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from guard.desk.savings import savings
from guard.wiring.desk import desk
from tests.cli.world import Place
from tests.e2e.harness import Harness, a_harness

SCENARIO = """
start: 2026-11-02T00:00:00Z
seed: 5
world_id: savings
projects:
  - {id: demo-research, number: "100000000001", locations: [us-central1]}
tuning_jobs:
  - {id: 901, display_name: answers, project: demo-research, location: us-central1, at: 1d, takes: 3h, epochs: 4, tokens: 900000}
endpoints:
  - {id: 1001, display_name: forgotten, location: us-central1, labels: {owner: ml, team: vision},
      deploy: [{id: 11, machine: g2-standard-12, accelerator: NVIDIA_L4, replicas: 2}],
      traffic: {pattern: burst_then_forgotten, until: -9d}}
  - {id: 1002, display_name: busy, location: us-central1, deploy: [{id: 12, machine: g2-standard-12, accelerator: NVIDIA_L4}],
      traffic: busy}
"""
CONFIG = """
mode: enforce
projects: [demo-research]
locations: [us-central1]
owners: {from: [label:owner, creator], fallback: ops}
notify: {ops: "SINK", ml: "SINK"}
if_wrong: {team: {per_minute_down: 0.5}}
bucket: gs://guard
billing_export: {files: [bill.jsonl]}
guard_costs: {monthly: 7.20 USD}
policies:
  - {name: default, if_wrong: team, wait: break_even, notify_before: 2h, grace: 1h, do: [undeploy]}
"""
LATE = "2026-11-08"


def export(harness: Harness, **query: str) -> None:
    answer = httpx.get(f"{harness.running.http}/sandbox/billing/export", params=query, timeout=60)
    (harness.folder / "bill.jsonl").write_text(answer.raise_for_status().text, encoding="utf-8")


@pytest.fixture(scope="module")
def removed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    """Two replicas of `forgotten` are undeployed on the second day; ten days later the bill is read, with one day late."""
    with a_harness(tmp_path_factory.mktemp("savings"), scenario=SCENARIO, config=CONFIG) as harness:
        for _ in range(30):
            harness.cycle()
            harness.advance(1)
        for _ in range(20):
            harness.advance(12)
            harness.cycle()
        export(harness, since="2026-10-31T00:00:00Z", late=LATE)
        harness.advance(2)
        harness.cycle()
        yield harness


def document(harness: Harness) -> dict[str, Any]:
    return savings(harness.guard.ledger, harness.guard.in_force.settings(), harness.guard.clock.now())


def usd(money: Any) -> Decimal:
    [one] = money if isinstance(money, list) else [money]
    assert one["currency"] == "USD"
    return Decimal(one["amount"])


def test_the_bill_proves_what_was_claimed_but_for_days_that_are_late_or_open(removed: Harness) -> None:
    [line] = document(removed)["removals"]
    assert line["name"] == "forgotten"
    claimed, measured, billed = (usd(line[kind]) for kind in ("claimed", "measured", "billed"))
    assert claimed > measured > claimed * Decimal("0.95")
    assert line["late_days"] == ["2026-11-07", "2026-11-08"]  # a day of UTC lies in two of the biller's
    days = line["billed_days"]
    assert days >= 5
    per_day = usd(line["rate"]) * 24
    assert per_day * days * Decimal("0.9") < billed <= per_day * days * Decimal("1.01")
    assert set(line["late_days"]).isdisjoint(line["open_days"])
    assert line["open_days"], "the last days may still be filled"


def test_the_bill_is_split_to_the_last_cent_and_the_rest_is_named(removed: Harness) -> None:
    bill = document(removed)["bill"]
    rest = sum(usd(one["cost"]) for one in (*bill["unmatched"], *bill["counted"]))
    assert ["Tuning Tokens" in one["sku"] for one in bill["counted"]] == [True], "a job's tokens are no stranger's cost"
    assert sum(usd(one["cost"]) for one in bill["things"]) + rest == usd(bill["billed"])
    unwatched = [one["sku"] for one in bill["unmatched"] if "does not watch" in one["why"]]
    assert any("Workbench" in sku for sku in unwatched)
    assert any("Vector Search" in sku for sku in unwatched)
    assert abs(usd(bill["credits"]) + usd(bill["billed"]) / 10) < Decimal("0.001"), "credits are apart, not netted"


def test_months_add_up_to_the_removals_and_are_net_of_the_guards_own_cost(removed: Harness) -> None:
    found = document(removed)
    [line], [month] = found["removals"], found["months"]
    for kind in ("claimed", "measured", "billed"):
        assert abs(usd(month[kind]) - usd(line[kind])) < Decimal("0.01"), kind
    assert Decimal(2) < usd(month["guard_cost"]) < Decimal("7.20")
    assert usd(month["net"]) == usd(month["measured"]) - usd(month["guard_cost"])


def test_a_tuning_job_shows_what_was_expected_what_was_billed_and_the_difference(removed: Harness) -> None:
    with desk(removed.config, removed.environment) as asked:
        [job] = asked.costs()["tuning_jobs"]
    assert usd(job["cost"]) == Decimal(18), "900,000 tokens x 4 epochs x $5 a million"
    assert usd(job["billed"]) == usd(job["cost"])
    assert usd(job["difference"]) == 0


def test_jobs_shows_what_was_billed_beside_the_estimate(removed: Harness) -> None:
    place = Place(removed, removed.folder)
    [job] = place.here("jobs", "-o", "json").document["jobs"]
    assert (usd(job["cost"]), *(usd(job["on_bill"][name]) for name in ("billed", "difference"))) == (18, 18, 0)
    said = place.here("jobs").out
    assert "billed" in said
    assert said.count("$18.00") == 2


def test_an_export_that_cannot_be_read_leaves_the_last_one_and_says_so(removed: Harness) -> None:
    before = document(removed)["bill"]
    (removed.folder / "bill.jsonl").write_text('{"cost": 1}\n', encoding="utf-8")
    removed.advance(7)
    removed.cycle()
    found = document(removed)
    assert "no column" in found["export"]["failing"]
    assert found["bill"]["billed"] == before["billed"]
    assert found["removals"][0]["billed"], "what was proven stays proven"
