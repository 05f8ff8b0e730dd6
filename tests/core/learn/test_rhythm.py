"""Long silences that repeat: what counts as evidence, how soon it is believed, how soon given up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.learn.rhythm import BEFORE, FROM, KEPT, MOST, NONE, Rhythm, survival

DAY = 86_400.0
SCALE_FREE = (1.0,) * 64


def seen(*days: float) -> Rhythm:
    rhythm = NONE
    for length in days:
        rhythm = rhythm.after(length * DAY, SCALE_FREE)
    return rhythm


def test_three_months_of_their_own_length_are_a_rhythm() -> None:
    assert seen().chance == 0.0
    assert seen(30.4).chance < 0.5, "one silence is no rhythm"
    assert seen(30.9, 27.9, 30.9).chance > 0.9


def test_lengths_that_do_not_repeat_are_none() -> None:
    assert seen(9, 21, 50, 6.5, 14, 33).chance < 0.1


def test_a_job_that_moved_to_another_period_is_believed_soon() -> None:
    monthly = seen(*[30.4] * 12)

    moved = monthly
    for _ in range(3):
        moved = moved.after(14 * DAY, SCALE_FREE)

    assert monthly.chance > 0.9
    assert moved.chance > 0.5
    assert moved.lasting(16 * DAY) == [pytest.approx(0.25, abs=0.05)], "three of the last four were a fortnight"


def test_what_has_not_come_yet_speaks_against_the_rhythm() -> None:
    monthly = seen(30, 30.5, 30.2)

    chances = [monthly.from_age(days * DAY, SCALE_FREE) for days in (6, 29, 33, 40)]

    assert chances[0] == pytest.approx(monthly.chance, abs=0.01)
    assert chances[1] > chances[0], "others would have ended before"
    assert chances[3] < 0.1 < chances[2]


def test_nights_and_weekends_are_the_calendars() -> None:
    assert seen(0.5, 2.6, 2.6, 2.6) == NONE


@given(st.lists(st.floats(0.01, 400.0), max_size=30))
def test_the_state_is_bounded_and_a_chance_stays_one(days: list[float]) -> None:
    rhythm = seen(*days)

    assert len(rhythm.lengths) <= KEPT
    assert -MOST <= rhythm.odds <= MOST
    assert 0 <= rhythm.chance < 1
    assert rhythm.lengths or rhythm.odds == BEFORE
    for age in (FROM, 10 * DAY, 100 * DAY):
        assert 0 <= rhythm.from_age(age, SCALE_FREE) <= 1 if rhythm.lengths else True


def test_under_the_scale_free_law_survival_falls_as_one_over_the_age() -> None:
    assert survival(2 * FROM, SCALE_FREE) == pytest.approx(0.5)
    assert survival(FROM, SCALE_FREE) == pytest.approx(1.0)
