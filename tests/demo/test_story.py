"""Thirty days of the made-up fleet: every kind gets the right verdict, nothing in use goes, both counts agree."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.demo.conftest import command, environment

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]

WENT = {
    "forgotten-gpu": ("undeploy", "idle"),
    "whisper-trial": ("undeploy", "idle"),
    "ab-test-gpu": ("undeploy", "idle"),
    "broken-prompt": ("undeploy", "only_failing"),
    "old-demo-page": ("undeploy", "only_probes"),
    "ranker": ("undeploy", "rollout_leftover"),
    "eval-nl": ("undeploy", "pool_idle"),
    "eval-fr": ("undeploy", "pool_idle"),
    "rec-staging": ("undeploy", "idle"),
    "sales-demo": ("undeploy", "idle"),
    "untitled": ("delete_endpoint", "endpoint_empty"),
    "stuck-tuning": ("cancel_job", "job_stalled"),
}
STAYED = {
    "support-chat": "in_use",
    "new-assistant": "in_use",
    "fraud-check": "kept_by_label",
    "paper-baseline": "label_not_understood",
    "quarterly-report": "kept_by_person",
    "next-assistant": "deploying",
    "tuned-next": "job_running",
}
IN_USE = ("support-chat", "triage-bot", "nightly-scoring", "office-search", "new-assistant", "faq-de", "faq-fr")
NOT_KNOWN = {
    "sentiment-old": {"metrics_missing", "not_live"},
    "batch-embed": {"metrics_stale", "not_live"},
    "mystery-worker": {"witness_disagrees"},
    "tiny-llm": {"price_unknown"},
}
NOTICE = timedelta(hours=2)

Story = Mapping[str, Any]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("story")
    done = subprocess.run(
        command("demo", "--exit", "--output", "json", "--days", "30", "--folder", str(folder)),
        capture_output=True,
        text=True,
        timeout=290,
        check=False,
        env=environment(),
    )
    assert done.returncode == 0, done.stderr
    found: Story = json.loads(done.stdout)
    return found


def kept(story: Story, name: str) -> set[str]:
    """Reasons for which what bills by the hour (or is a job) under this name stays."""
    return {one["reason"] for one in story["kept"] if one["name"] == name and one["kind"] != "model"}


def test_what_nobody_needs_goes_for_its_own_reason(story: Story) -> None:
    assert {one["name"]: (one["stage"], one["reason"]) for one in story["removals"]} == WENT


def test_nothing_that_is_in_use_goes(story: Story) -> None:
    went = {one["name"] for one in story["removals"]}

    assert went.isdisjoint(IN_USE)
    assert {
        name: kept(story, name) & {"in_use", "waiting"} for name in ("triage-bot", "nightly-scoring", "faq-pool")
    } == {
        "triage-bot": kept(story, "triage-bot"),
        "nightly-scoring": kept(story, "nightly-scoring"),
        "faq-pool": kept(story, "faq-pool"),
    }
    assert kept(story, "office-search") <= {"in_use", "waiting"}
    assert kept(story, "office-search")


def test_only_the_old_version_of_a_roll_out_goes(story: Story) -> None:
    (gone,) = [one["subject"] for one in story["removals"] if one["name"] == "ranker"]

    assert gone.endswith("/endpoints/2002/deployedModels/33")
    assert "in_use" in kept(story, "ranker")


def test_what_stays_says_why(story: Story) -> None:
    assert {name: kept(story, name) for name in STAYED} == {name: {reason} for name, reason in STAYED.items()}
    assert len([one for one in story["kept"] if one["reason"] == "per_token"]) == 3
    assert "managed_by_iac" in kept(story, "rec-staging")
    assert "job_ended" in {one["reason"] for one in story["kept"] if one["kind"] == "tuning_job"}


def test_what_is_not_known_stays_and_is_listed(story: Story) -> None:
    reasons = {one["name"]: one["reason"] for one in story["unknown"]}

    assert set(reasons) == set(NOT_KNOWN)
    assert all(reasons[name] in allowed for name, allowed in NOT_KNOWN.items())
    assert all(Decimal(one["cost_by_meter"]) > 0 for one in story["unknown"])


def test_the_meter_and_the_guard_agree_on_what_was_saved(story: Story) -> None:
    saved = {count: Decimal(amount) for count, amount in story["saved"].items()}

    assert saved["by_meter"] > 1000
    assert abs(saved["by_guard_claimed"] - saved["by_meter"]) < saved["by_meter"] * Decimal("0.05")
    assert abs(saved["by_guard_measured"] - saved["by_meter"]) < saved["by_meter"] * Decimal("0.05")
    for one in story["removals"]:
        if one["saved"]["by_meter"] is not None:
            meter, claimed = Decimal(one["saved"]["by_meter"]), Decimal(one["saved"]["by_guard_claimed"])
            assert abs(claimed - meter) < max(meter * Decimal("0.05"), Decimal(5)), one["name"]


def test_a_crossed_budget_is_told_and_the_end_of_a_base_model_is_counted_down(story: Story) -> None:
    crossed = {one["threshold"]: one for one in story["budgets"]}

    assert set(crossed) == {"forecast 100%", "50%"}
    assert all(Decimal(one["value"]) >= Decimal(one["limit"]) for one in crossed.values())
    assert all(one["told_at"] is not None for one in crossed.values())
    assert "tuned-answers" in {one["tune"] for one in story["retirements"] if one["days_left"] > 100}


def test_a_pool_of_two_saves_once(story: Story) -> None:
    figures = [one["saved"]["by_guard_claimed"] for one in story["removals"] if one["reason"] == "pool_idle"]

    assert sorted(figure is None for figure in figures) == [False, True]


def test_every_removal_was_told_before_and_can_be_undone(story: Story) -> None:
    for one in story["removals"]:
        told, went = datetime.fromisoformat(one["told_at"]), datetime.fromisoformat(one["intended_at"])
        assert went - told >= NOTICE, one["name"]
        assert one["reason"]
        assert one["policy"]
        assert one["recipe"] or one["stage"] == "cancel_job", one["name"]


def test_people_change_the_course(story: Story) -> None:
    heard = {(one["what"], one["name"]) for one in story["decisions"]}

    assert ("people", "quarterly-report") in heard
    assert ("stays", "quarterly-report") in heard
    assert ("people", "sales-demo") in heard
    assert ("stays", "sales-demo") in heard
    assert ("restored", "ab-test-gpu") in heard
    assert [one["back_at"] is not None for one in story["removals"] if one["name"] == "ab-test-gpu"].count(True) == 1


def test_the_dearest_go_first_when_a_day_has_no_room_for_all(story: Story) -> None:
    waited = [one["name"] for one in story["decisions"] if one["what"] == "waits"]
    went = {one["name"]: one["went_at"] for one in story["removals"]}

    assert waited == ["old-demo-page"]
    assert went["old-demo-page"] > max(went["forgotten-gpu"], went["ranker"], went["broken-prompt"])
