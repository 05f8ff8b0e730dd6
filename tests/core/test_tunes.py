"""Another provider's tuning: what is said and what is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from guard.core.model import JobState
from guard.core.tunes import (
    CURVE,
    Loss,
    RemoteJob,
    Tune,
    TuneLook,
    TunePrice,
    TuneRules,
    curve,
    days_left,
    findings,
    training_cost,
    trouble,
)
from guard.core.units import Known, Money, Unknown
from tests.builders import NOW

RULES = TuneRules(name="openai", base_url="https://example.com/v1")
JOB = RemoteJob(
    id="ftjob-1",
    base="gpt-4.1-mini-2025-04-14",
    state=JobState.RUNNING,
    state_text="running",
    created_at=NOW - timedelta(hours=9),
    progress_at=NOW - timedelta(hours=1),
)
TUNE = Tune(
    id="ft:gpt-4.1-mini-2025-04-14:acme::1",
    base="gpt-4.1-mini-2025-04-14",
    created_at=NOW - timedelta(days=90),
    shut_down=NOW.date() + timedelta(days=80),
    last_used=Known(NOW - timedelta(days=2)),
)
PRICES = {JOB.base: TunePrice(base=JOB.base, amount=Money(Decimal(5)), source="a list", as_of=date(2026, 1, 1))}


def told(*, jobs: tuple[RemoteJob, ...] = (), tunes: tuple[Tune, ...] = ()) -> list[str]:
    look = TuneLook(taken_at=NOW, jobs=jobs, tunes=tunes, files=(), spent=Unknown("no key"))
    return [finding.fact for finding in findings(look, RULES, NOW)]


def test_a_job_that_shows_no_event_is_stalled() -> None:
    assert trouble(JOB, RULES, NOW) is None
    assert trouble(replace(JOB, progress_at=NOW - timedelta(hours=6)), RULES, NOW) == "no event for 6 h; 6 h is allowed"
    assert trouble(replace(JOB, progress_at=None), RULES, NOW) is not None, "none at all since it was made"


def test_a_job_long_past_its_expected_finish_is_told() -> None:
    assert "past the finish" in str(trouble(replace(JOB, estimated_finish=NOW - timedelta(hours=7)), RULES, NOW))


@pytest.mark.parametrize(
    "state", [state for state in JobState if state is not JobState.RUNNING], ids=lambda state: state.value
)
def test_only_a_running_job_can_stall(state: JobState) -> None:
    assert trouble(replace(JOB, state=state, progress_at=NOW - timedelta(days=30)), RULES, NOW) is None


def test_an_overdue_job_is_one_fact_and_a_stalled_one_is_told_by_its_verdict() -> None:
    late = replace(JOB, estimated_finish=NOW - timedelta(hours=7))
    assert len(told(jobs=(late,))) == 1
    assert told(jobs=(late,)) == told(jobs=(replace(late, progress_at=NOW),))
    assert told(jobs=(replace(late, progress_at=NOW - timedelta(hours=7)),)) == []


@pytest.mark.parametrize(("left", "step"), [(91, None), (90, 90), (31, 90), (30, 30), (8, 30), (7, 7), (0, 7)])
def test_a_countdown_is_told_once_a_step(left: int, step: int | None) -> None:
    tune = replace(TUNE, shut_down=NOW.date() + timedelta(days=left))
    assert told(tunes=(tune,)) == ([f"{tune.shut_down} {step}"] if step else [])


def test_a_tune_without_an_announced_day_is_not_counted_down() -> None:
    assert days_left(None, NOW) is None
    assert told(tunes=(replace(TUNE, shut_down=None),)) == []


def test_training_costs_what_was_trained_or_is_unknown() -> None:
    done = replace(JOB, state=JobState.SUCCEEDED, trained_tokens=200_000)
    assert training_cost(done, PRICES) == Known(Money(Decimal(1)))
    assert training_cost(JOB, PRICES) == Unknown("it has not ended")
    assert training_cost(done, {}) == Unknown(f"no training price for {JOB.base}")
    assert isinstance(training_cost(replace(done, state=JobState.FAILED), PRICES), Unknown)


def test_a_loss_curve_grows_from_look_to_look_and_stays_small() -> None:
    first = [Loss(step, 2 - step / 1000, 1.5 if step % 50 == 0 else None) for step in range(1, 101)]
    more = [Loss(step, 2 - step / 1000) for step in range(90, 701)]

    joined = curve(first, more)

    assert len(joined) <= CURVE
    assert (joined[0].step, joined[-1].step) == (1, 700)
    assert [point.step for point in joined] == sorted({point.step for point in joined})
    assert {50, 100} <= {point.step for point in curve(first, first)}
