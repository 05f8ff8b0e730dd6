"""Tuning jobs: as expected, over time, stalled, over estimate, waiting, ended, not known."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from guard.core.model import JobState
from guard.core.prices import Part, PriceBook
from guard.core.reasons import KeepReason, RemoveReason
from guard.core.rules import JobRule, Policy
from guard.core.units import Money
from guard.core.verdict import Idle, Keep, Stage, Undecided, Verdict
from tests.builders import NOW, PARENT, a_job, a_keep, a_policy, a_price, a_snapshot, a_view, h, judged, stages

JOB = f"{PARENT}/tuningJobs/j1"
CANCELS = a_policy(stages=stages(Stage.CANCEL_JOB))
TOKENS = replace(a_price(), part=Part.TUNING_TOKENS, item="gemini-3.5-flash", unit="1M tokens", amount=Decimal(10))


def the_job(policy: Policy = CANCELS, *, others: Any = (), **changes: Any) -> Verdict:
    prices, view = changes.pop("prices", None), changes.pop("view", None)
    return judged(a_snapshot(jobs=[a_job(**changes), *others]), {}, policy, prices=prices, view=view)[JOB]


def test_a_job_that_runs_as_expected_stays() -> None:
    verdict = the_job()

    assert verdict.reason is KeepReason.JOB_RUNNING
    assert "warning" not in verdict.evidence


@pytest.mark.parametrize("state", [state for state in JobState if state.has_ended])
def test_an_ended_job_stays(state: JobState) -> None:
    assert the_job(state=state).reason is KeepReason.JOB_ENDED


def test_an_unfamiliar_state_is_unknown() -> None:
    verdict = the_job(state=JobState.UNFAMILIAR, state_text="JOB_STATE_REHEATING")

    assert isinstance(verdict, Undecided)
    assert verdict.reason is KeepReason.STATE_UNKNOWN
    assert verdict.evidence["state"] == "JOB_STATE_REHEATING"


LATE: dict[str, Any] = {"started_at": NOW - h(60), "created_at": NOW - h(61)}
STALLED: dict[str, Any] = {"started_at": NOW - h(10), "progress_at": NOW - h(7)}


def test_over_time_is_cancelled_where_the_policy_says_so_and_warned_of_otherwise() -> None:
    cancel, warn = the_job(**LATE), the_job(a_policy(), **LATE)

    assert isinstance(cancel, Idle)
    assert cancel.reason is RemoveReason.JOB_OVER_TIME
    assert cancel.stage is Stage.CANCEL_JOB
    assert isinstance(warn, Keep)
    assert warn.evidence["warning_reason"] == "job_over_time"
    assert "2 d 12 h" in warn.evidence["warning"]


def test_no_progress_is_stalled() -> None:
    verdict = the_job(**STALLED)

    assert isinstance(verdict, Idle)
    assert verdict.reason is RemoveReason.JOB_STALLED
    assert verdict.due_at == NOW - h(1)


def test_people_are_told_before_a_stalled_job_goes() -> None:
    policy = replace(CANCELS, notify_before=h(3))

    ahead = the_job(policy, started_at=NOW - h(10), progress_at=NOW - h(4))

    assert isinstance(ahead, Idle)
    assert ahead.due_at == NOW + h(2)


@pytest.mark.parametrize("state", [JobState.WAITING_FOR_CAPACITY, JobState.PAUSED, JobState.CANCELLING])
def test_waiting_for_capacity_is_not_stalling(state: JobState) -> None:
    verdict = the_job(state=state, **{**LATE, "progress_at": NOW - h(60)})

    assert verdict.reason is KeepReason.JOB_RUNNING
    assert "warning" not in verdict.evidence


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.PENDING])
def test_a_queue_is_no_stalling_either(state: JobState) -> None:
    assert the_job(state=state, started_at=None, progress_at=NOW - h(90)).reason is KeepReason.JOB_RUNNING


def test_over_its_estimate() -> None:
    policy = replace(CANCELS, jobs=JobRule(max_cost=Money(Decimal(20))))
    size: dict[str, Any] = {"dataset_tokens": 1_000_000, "epochs": 3}

    assert the_job(policy, prices=PriceBook([TOKENS]), **size).reason is RemoveReason.JOB_OVER_ESTIMATE
    assert (
        the_job(policy, prices=PriceBook([TOKENS]), dataset_tokens=500_000, epochs=3).reason is KeepReason.JOB_RUNNING
    )
    assert the_job(policy, prices=PriceBook(), **size).reason is KeepReason.JOB_RUNNING
    euro = replace(CANCELS, jobs=JobRule(max_cost=Money(Decimal(20), "EUR")))
    assert the_job(euro, prices=PriceBook([TOKENS]), **size).reason is KeepReason.JOB_RUNNING


def test_what_is_expected_comes_from_the_policy_then_like_jobs_then_a_default() -> None:
    like = a_job(
        "j2", state=JobState.SUCCEEDED, started_at=NOW - h(30), ended_at=NOW - h(26), dataset_tokens=100, epochs=2
    )
    size: dict[str, Any] = {"dataset_tokens": 200, "epochs": 2}

    stated = replace(CANCELS, jobs=JobRule(expected=h(1)))
    assert the_job(stated, others=[like], **size).evidence["expected_from"] == "the policy"
    assert the_job(others=[like], **size).evidence["expected_hours"] == 8
    assert the_job().evidence["expected_from"] == "a default"
    assert the_job(expected=h(5)).evidence["expected_hours"] == 5


def test_a_keep_holds_a_job() -> None:
    assert the_job(view=a_view(keeps=(a_keep(JOB),)), **STALLED).reason is KeepReason.KEPT_BY_PERSON
