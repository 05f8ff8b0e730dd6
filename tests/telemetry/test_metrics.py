"""What /metrics says: every figure of a guard that runs, in a form that Prometheus takes, from the leader alone."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from guard import wiring
from guard.core.retirements import LAST_DAYS
from guard.telemetry.figures import FIGURES
from tests.e2e.harness import Harness, a_harness

SCENARIO = """
start: 2026-11-02T00:00:00Z
seed: 5
projects:
  - {id: demo-research, number: "100000000001", locations: [us-central1]}
endpoints:
  - {id: 1001, display_name: forgotten, project: demo-research, location: us-central1, labels: {owner: ml},
      deploy: [{id: 11, machine: n1-standard-4}], traffic: {pattern: burst_then_forgotten, until: -9d}}
  - {id: 1002, display_name: busy, project: demo-research, location: us-central1,
      deploy: [{id: 12, machine: n1-standard-4}], traffic: busy}
  - {id: 1003, display_name: strange, project: demo-research, location: us-central1,
      deploy: [{id: 13, machine: q9-mega-1}], traffic: busy}
tuning_jobs:
  - {id: 902, display_name: answers, project: demo-research, location: us-central1, at: -20d, endpoint_id: 7001,
      base_model: gemini-3.5-flash, creator: ada@example.com}
"""
CONFIG = """
mode: enforce
projects: [demo-research]
locations: [us-central1]
owners: {from: [label:owner, creator], fallback: ops}
notify: {ops: "SINK", ml: "SINK"}
if_wrong: {team: {per_minute_down: 0.5}}
bucket: gs://guard
policies:
  - {name: default, if_wrong: team, wait: 30h, notify_before: 2h, grace: 1h, do: [undeploy]}
limits: {removals_per_day: 2}
budgets: [{name: all, monthly: 1 USD, alert_at: [50%, forecast 100%]}]
health: {port: 0, things: 1}
"""


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    """A guard that has watched for four hours: it undeployed what was forgotten."""
    with a_harness(tmp_path_factory.mktemp("metrics"), scenario=SCENARIO, config=CONFIG) as harness:
        harness.steps(4)
        harness.cycle()
        yield harness


def samples(guard: wiring.Guard) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(guard.metrics.render().decode())
        for sample in family.samples
    }


def value(guard: wiring.Guard, name: str, **labels: str) -> float | None:
    return samples(guard).get((name, frozenset(labels.items())))


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool comes with Debian's prometheus package")
def test_prometheus_finds_nothing_to_object_to_in_our_own_output(harness: Harness) -> None:
    done = subprocess.run(
        ["promtool", "check", "metrics"],  # looked up on PATH above
        input=harness.guard.metrics.render(),
        capture_output=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def test_money_is_told_by_project_and_agrees_with_the_ledger(harness: Harness) -> None:
    guard = harness.guard
    rates = [
        float(document["rate"]["amount"])
        for document in guard.ledger.verdicts().values()
        if document["billed"] and document["rate"] and document["decision"] != "gone"
    ]

    assert value(guard, "tuneguard_spend_per_hour", project="demo-research", currency="USD") == pytest.approx(
        sum(rates)
    )
    assert value(guard, "tuneguard_unpriced", project="demo-research") == 1
    assert value(guard, "tuneguard_month_incomplete", project="demo-research") == 1
    spent = value(guard, "tuneguard_month_spend", project="demo-research", currency="USD")
    ends = value(guard, "tuneguard_month_forecast", project="demo-research", currency="USD")
    assert spent is not None
    assert ends is not None
    assert 0 < spent < ends
    assert value(guard, "tuneguard_budget_burn_ratio", budget="all") == pytest.approx(spent)
    assert value(guard, "tuneguard_budget_crossed", budget="all", threshold="50%") == 1
    saving = guard.ledger.savings()[0]
    assert saving.claimed is not None
    assert value(guard, "tuneguard_saved", basis="claimed", currency="USD") == pytest.approx(
        float(saving.claimed.amount)
    )


def test_decisions_acts_and_caps_are_counted(harness: Harness) -> None:
    guard = harness.guard

    assert value(guard, "tuneguard_things", project="demo-research", verdict="idle") == 0
    assert value(guard, "tuneguard_removals_last_day") == 1
    assert value(guard, "tuneguard_removals_per_day_cap") == 2
    assert value(guard, "tuneguard_acts_total", stage="undeploy", state="started") == 1
    assert value(guard, "tuneguard_scopes_failed") == 0
    assert value(guard, "tuneguard_tuning_jobs", provider="vertex", state="succeeded") == 1
    days = (LAST_DAYS["gemini-3.5-flash"] - guard.clock.now().date()).days
    assert value(guard, "tuneguard_retirement_seconds", provider="vertex", base="gemini-3.5-flash") == days * 86_400
    assert value(guard, "tuneguard_clock_odd") == 0
    assert value(guard, "tuneguard_ledger_writable") == 1
    calls = value(guard, "tuneguard_calls_total", kind="endpoints.list")
    assert calls is not None
    assert calls > 4


def test_a_thing_is_named_only_where_the_file_asks_for_the_dearest(harness: Harness) -> None:
    named = {labels for name, labels in samples(harness.guard) if name == "tuneguard_thing_spend_per_hour"}

    assert len(named) == 1
    assert not any(
        "deployedModels" in text
        for name, labels in samples(harness.guard)
        if not name.startswith("tuneguard_thing_")
        for _, text in labels
    )


def test_a_follower_tells_that_it_does_not_lead_and_no_totals(harness: Harness) -> None:
    follower = harness.open(adopt=False)
    try:
        assert follower.cycle.run(follower.clock.now()).skipped
        told = {name for name, _ in samples(follower)}

        assert value(follower, "tuneguard_leader") == 0
        assert not told & {figure.name for figure in FIGURES}
        assert value(harness.guard, "tuneguard_leader") == 1
    finally:
        harness.guards.remove(follower)
        follower.close()


def test_a_leader_that_hands_over_takes_its_figures_with_it(harness: Harness) -> None:
    assert value(harness.guard, "tuneguard_removals_last_day") is not None

    harness.guard.leadership.release()
    after = value(harness.guard, "tuneguard_removals_last_day"), value(harness.guard, "tuneguard_leader")
    harness.cycle()

    assert after == (None, 0)
    assert value(harness.guard, "tuneguard_removals_last_day") == 1


def test_a_large_fleets_month_is_added_up_beside_the_cycle(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    before = value(harness.guard, "tuneguard_month_spend", project="demo-research", currency="USD")
    monkeypatch.setattr("guard.daemon.gauges.LARGE", 1)
    harness.advance(2)

    harness.cycle()
    adding = harness.guard.cycle._p.gauges._adding
    assert adding is not None
    adding.join(30)
    harness.cycle()

    after = value(harness.guard, "tuneguard_month_spend", project="demo-research", currency="USD")
    assert before is not None
    assert after is not None
    assert after > before
