"""`wait: auto` over the wire: back-filled usage teaches, the wait names what it rests on, and stays within its worst case."""

from datetime import timedelta
from pathlib import Path

from guard.core.plan import Acknowledgement
from guard.core.reasons import BlockReason
from guard.core.settings import BACKTEST, backtest_digest
from tests.e2e.harness import CONFIG, a_harness

NIGHTLY = """
start: 2026-11-02T00:00:00Z
seed: 5
projects:
  - {id: demo-research, number: "100000000001", locations: [us-central1]}
endpoints:
  - id: 1001
    display_name: nightly
    location: us-central1
    created: -40d
    deploy: [{id: 11, machine: n1-standard-4, at: -40d}]
    traffic: nightly
  - id: 1002
    display_name: busy
    location: us-central1
    created: -40d
    deploy: [{id: 12, machine: n1-standard-4, at: -40d}]
    traffic: busy
"""
AUTO = CONFIG.replace("wait: break_even", "wait: auto").replace(
    "locations: [us-central1, europe-west4]", "locations: [us-central1]"
)


def test_the_first_look_already_learns_from_the_back_filled_past(tmp_path: Path) -> None:
    with a_harness(tmp_path, scenario=NIGHTLY, config=AUTO) as harness:
        result = harness.cycle()

        waits = {v.subject.display_name: v.wait for v in result.verdicts if v.wait is not None}
        wait = waits["nightly-model"]
        assert wait is not None
        assert wait.length is not None
        assert "learned" in wait.because or wait.sum.get("gaps_seen"), wait
        assert len(harness.guard.ledger.learning()) == 3, "two endpoints and the fleet"


def test_a_nightly_job_with_a_dear_mistake_is_never_removed_between_its_runs(tmp_path: Path) -> None:
    with a_harness(tmp_path, scenario=NIGHTLY, config=AUTO) as harness:
        for _ in range(60):
            harness.cycle()
            harness.advance()

        assert harness.deployed("1001") == ["11"]
        assert harness.changes() == []


def test_a_policy_that_learns_acts_only_after_its_backtest_was_accepted(tmp_path: Path) -> None:
    with a_harness(tmp_path, config=AUTO.replace("[us-central1]", "[us-central1, europe-west4]")) as harness:
        results = harness.steps(8)

        assert BlockReason.BACKTEST_NOT_ACCEPTED in {one.block for one in results[-1].did}
        assert harness.changes() == []
        policy = harness.guard.in_force.settings().default.policies[0]
        now = harness.guard.clock.now()
        harness.guard.ledger.acknowledge(
            Acknowledgement(
                what=f"{BACKTEST}{backtest_digest(policy)} {{}}",
                who="a person",
                made_at=now,
                expires_at=now + timedelta(days=180),
            )
        )

        harness.until_settled()

        assert harness.deployed("1001") == []
