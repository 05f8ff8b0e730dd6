"""From a rule's wait to the removal that happens: notice, act window, limits and looks, as the guard itself would have them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.backtest.openings import Openings, openings_of
from guard.backtest.practice import Practice, Practised, Step, same_for_all
from guard.backtest.rules import in_steps, rule_of
from guard.backtest.score import score
from guard.backtest.silences import Silences, silences_of
from guard.config.values import act_window
from guard.core.limits import act_window_open, next_open
from tests.backtest.fleets import DAY, HOUR, a_fleet, lognormal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OFFICE = act_window("Mon-Fri 09:00-17:00 Europe/Madrid")


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    text=st.sampled_from(
        ["Mon-Fri 09:00-17:00 Europe/Madrid", "Sat-Sun 22:00-04:00 America/New_York", "Wed 00:00-06:30 Asia/Kolkata"]
    ),
    minutes=st.integers(0, 2 * 365 * 24 * 60),
)
def test_the_openings_are_those_of_the_plan(text: str, minutes: int) -> None:
    """Summer time included: two years from New Year 2025 on."""
    window, at = act_window(text), datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    seconds = (at - EPOCH).total_seconds()

    found = openings_of(window, seconds, seconds).first_look(np.array([seconds]))[0]

    wanted = next_open(window, at)
    assert wanted is not None
    assert found == (wanted - EPOCH).total_seconds()


def one_silence(start: float, length: float) -> Silences:
    begun = np.array([start - 60, start + length])
    return silences_of({"e": (begun, np.array([start, start + length + 60]))}, {"e": start + length + 60})


def waits_of(silences: Silences, practice: Practice, wait: float, step: Step = Step.LIMITS) -> list[float]:
    waits = np.full(len(silences.start), wait)
    found = same_for_all(practice, len(silences.names)).waits(silences, waits, step)
    return [float(value) / HOUR for value in found]


def test_a_notice_runs_inside_the_wait_and_is_given_at_a_look() -> None:
    silences = one_silence(600.0, 90 * HOUR)  # ten minutes past a look

    assert waits_of(silences, Practice(notice=2 * HOUR), 24 * HOUR) == [24]
    assert waits_of(silences, Practice(notice=2 * HOUR, floor=3 * HOUR), HOUR) == [5]
    # Told at the first look after 22 h of silence, which is twenty minutes late; two hours from then are due between looks.
    late = waits_of(silences, Practice(notice=2 * HOUR, look=1800.0), 24 * HOUR)
    assert late == [pytest.approx(24 + 20 / 60)]


def test_outside_the_act_window_a_removal_waits_for_monday_morning() -> None:
    friday_evening = (datetime(2026, 11, 20, 18, 0, tzinfo=UTC) - EPOCH).total_seconds()
    silences = one_silence(friday_evening, 90 * HOUR)

    (waited,) = waits_of(silences, Practice(window=OFFICE), 2 * HOUR)

    due = EPOCH + timedelta(seconds=friday_evening + waited * HOUR)
    assert due == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # nine in Madrid
    assert act_window_open(OFFICE, due)


def test_the_dearest_go_first_and_what_was_called_meanwhile_leaves_the_queue() -> None:
    # Four silences from hour 0 on; one removal a day. The cheapest's turn would come on the fourth day; it is called on the third.
    names = ["cheap", "dear", "middle", "dearest"]
    lengths = {"cheap": 70.0, "dear": 200.0, "middle": 200.0, "dearest": 200.0}
    intervals = {n: (np.array([-60.0, lengths[n] * HOUR]), np.array([0.0, lengths[n] * HOUR + 60])) for n in names}
    silences = silences_of(intervals, {n: lengths[n] * HOUR + 60 for n in names})
    practised = Practised([Practice(per_day=1)] * 4, np.array([1.0, 3.0, 2.0, 4.0]), np.zeros(4, np.intp))

    found = practised.waits(silences, np.full(4, 10 * HOUR)) / HOUR

    assert dict(zip(names, found.tolist(), strict=True)) == {"dearest": 10, "dear": 34, "middle": 58, "cheap": np.inf}


def test_a_projects_share_holds_back_its_own_and_nobody_elses() -> None:
    names = [f"e{i}" for i in range(4)]
    intervals = {n: (np.array([-60.0]), np.array([0.0])) for n in names}
    silences = silences_of(intervals, dict.fromkeys(names, 100 * HOUR))
    practice = Practice(per_day=3, per_project=1)
    practised = Practised([practice] * 4, np.array([4.0, 3.0, 2.0, 1.0]), np.array([0, 0, 0, 1]))

    found = practised.waits(silences, np.full(4, HOUR)) / HOUR

    assert found.tolist() == [1, 25, 49, 1]


@pytest.mark.parametrize("seed", range(4))
def test_the_throttle_is_what_a_look_every_hour_would_have_done(seed: int) -> None:
    """Against a plain loop over looks: two projects, an act window, three removals in any 24 hours, two a project."""
    silences = a_fleet(lognormal(30, 1.2), endpoints=14, days=40, seed=seed)
    rng = np.random.default_rng(seed)
    price, project = rng.permutation(14).astype(float), rng.integers(0, 2, 14)
    practice = Practice(floor=HOUR, notice=3 * HOUR, look=HOUR, window=OFFICE, per_day=3, per_project=2)
    waits = np.full(len(silences.start), 6 * HOUR)

    practised = Practised([practice] * 14, price, project)
    found = practised.waits(silences, waits) + silences.start
    ready = practised.waits(silences, waits, Step.WINDOW) + silences.start

    until = silences.start + silences.length
    expected = np.full(len(waits), np.inf)
    gone: list[tuple[float, int]] = []
    for look in np.arange(0, 41 * DAY, HOUR):
        if not act_window_open(OFFICE, EPOCH + timedelta(seconds=float(look))):
            continue
        due = [i for i in np.flatnonzero((ready <= look) & (until > look)) if expected[i] == np.inf]
        for i in sorted(due, key=lambda i: -price[silences.endpoint[i]]):
            lately = [where for at, where in gone if at > look - DAY]
            where = int(project[silences.endpoint[i]])
            if len(lately) < 3 and lately.count(where) < 2:
                expected[i] = look
                gone.append((float(look), where))
    reached = ready < until
    np.testing.assert_array_equal(found[reached], expected[reached])


def test_each_part_of_practice_only_lengthens_and_its_price_shows() -> None:
    silences = a_fleet(lognormal(8, 1.4), endpoints=12, days=40)
    practice = Practice(floor=2 * HOUR, notice=24 * HOUR, look=900.0, window=OFFICE, per_day=3)
    waits = np.full(len(silences.start), 6 * HOUR)
    practised = same_for_all(practice, 12)

    steps = [practised.waits(silences, waits, step) for step in Step]

    for before, after in pairwise(steps):
        assert (after >= before - 1e-6).all()
    removals = [score(silences, step, 6 * HOUR).removals.sum() for step in steps]
    assert removals == sorted(removals, reverse=True)
    assert removals[0] > removals[-1]
    assert [rule.name for rule in in_steps(rule_of("auto"), practice)] == [
        "auto",
        "auto + 2 h floor",
        "auto + 2 h floor + 24 h notice",
        "auto + 2 h floor + 24 h notice + act window",
        "auto + 2 h floor + 24 h notice + act window + 3 a day",
    ]
    assert [rule.name for rule in in_steps(rule_of("never"), practice)] == ["never"]


def test_a_window_that_never_opens_again_lets_nothing_go() -> None:
    shut = Openings(np.array([0.0]), np.array([10.0]))

    assert shut.first_look(np.array([5.0, 20.0])).tolist() == [5.0, np.inf]
