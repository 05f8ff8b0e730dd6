"""What a crossing does to acts, through the whole guard in enforce mode: asked for, cancelled, never more than the rules allow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from guard.core.removal import ActState
from guard.core.verdict import Stage
from tests.cli.world import Place
from tests.e2e.harness import CONFIG, SCENARIO, a_harness

JOB = """
tuning_jobs:
  - {id: 5001, location: us-central1, at: -1h, takes: 40h, base_model: gemini-3.5-flash, display_name: sweep-7}
  - {id: 5002, location: us-central1, at: -1h, takes: 40h, base_model: gemini-3.5-flash, display_name: release}
"""
BUDGET = """
budgets:
  - name: all
    amount: 1 USD
    per: 12h
    alert_at: [100%]
    on_crossing:
      - {at: 100%, do: [{ask: {policies: [default]}}, {cancel_jobs: {policies: [jobs], names: ["sweep-*"]}}]}
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    jobs = "  - {name: jobs, match: {kinds: [tuning_job]}, notify_before: 1h, do: [cancel_job]}\n  - name: default"
    config = CONFIG.replace("  - name: default", jobs) + BUDGET
    with a_harness(tmp_path, scenario=SCENARIO + JOB, config=config) as harness:
        yield Place(harness, tmp_path)


def test_acts_wait_for_a_word_and_a_named_job_is_cancelled_while_the_crossing_stands(place: Place) -> None:
    place.harness.steps(6)

    acts = {act.display_name: act for act in place.harness.acts()}
    assert set(acts) == {"forgotten", "sweep-7"}, "a running job that is not named goes on"
    assert (acts["sweep-7"].key.stage, acts["sweep-7"].state) == (Stage.CANCEL_JOB, ActState.VERIFIED)
    assert acts["sweep-7"].noticed_at is not None
    assert acts["forgotten"].state is ActState.DUE
    assert place.harness.deployed("1001") == ["11"], "in enforce mode too, it waits"
    assert "acts of default wait for a person's yes" in place.harness.told()

    assert place.here("approve", "forgotten", "--who", "ada").code == 0
    place.harness.steps(2)
    assert place.harness.deployed("1001") == []
