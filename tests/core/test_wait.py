"""How long to wait, with the sum that is shown; floors and notices; what never ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.config.values import act_window
from guard.core.model import Machine
from guard.core.rules import BreakEven, Fixed, IfWrong, Learned, Never
from guard.core.units import Money, Rate, short
from guard.core.verdict import Wait
from guard.core.wait import wait_for
from tests.builders import L4, N1, TEAM, h
from tests.strategies import RATES, WAITS, checked

FLOOR = timedelta(hours=2, minutes=6)
UNSTATED = replace(TEAM, redeploy=None)


def a_wait(**changes: Any) -> Wait:
    arguments: dict[str, Any] = {"rule": BreakEven(), "if_wrong": TEAM, "rate": Rate.of("0.22"), "machine": N1}
    return wait_for(**(arguments | changes))


def test_break_even_is_shown_as_a_sum() -> None:
    wait = a_wait()

    assert wait.length is not None
    assert short(wait.length) == "3 d 19 h"
    assert wait.because == (
        "waits 3 d 19 h: a wrong removal costs $20.07 (20 min down x $1/min + $0.07 of machine), an idle hour $0.22"
    )
    assert wait.worst_case == "at worst 2x the cost of knowing the future"
    assert wait.sum["wrong_removal"].startswith("20.0733")


def test_a_dearer_machine_waits_less() -> None:
    cheap, dear = a_wait().length, a_wait(rate=Rate.of(12)).length

    assert cheap is not None
    assert dear is not None
    assert dear < cheap


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"rule": Never()}, "never"),
        ({"if_wrong": None}, "if_wrong"),
        ({"rate": None}, "not known"),
        ({"rate": Rate.of("0.2", "EUR")}, "EUR"),
        ({"rate": Rate.of("0.0000001")}, "never"),
    ],
)
def test_without_a_sum_the_wait_never_ends(changes: dict[str, Any], why: str) -> None:
    wait = a_wait(**changes)

    assert wait.length is None
    assert why in wait.because


def test_a_fixed_wait_needs_neither_price_nor_class() -> None:
    assert a_wait(rule=Fixed(h(24)), rate=None, if_wrong=None).length == h(24)


def test_the_floor_is_lag_and_request_and_bucket_and_the_class() -> None:
    assert a_wait(rule=Fixed(h(0)), if_wrong=None).length == FLOOR
    assert a_wait(rule=Fixed(h(0)), if_wrong=replace(TEAM, floor=h(5))).length == FLOOR + h(5)
    assert "made longer by the floor of 2 h 6 min" in a_wait(rule=Fixed(h(0))).because


def test_the_notice_runs_inside_the_wait() -> None:
    assert a_wait(notice=h(2)).length == a_wait().length


def test_a_notice_longer_than_the_wait_makes_it_longer_and_says_so() -> None:
    wait = a_wait(rule=Fixed(h(10)), notice=h(24))

    assert wait.length == FLOOR + h(24)
    assert "the notice of 1 d" in wait.because


def test_the_worst_case_names_what_a_floor_costs() -> None:
    wait = a_wait(rate=Rate.of(40))

    assert wait.length == FLOOR
    assert "beyond the 3x asked for" in wait.worst_case


def test_a_restore_doubles_the_wait() -> None:
    single, double = a_wait().length, a_wait(factor=2).length

    assert single is not None
    assert double == single * 2


def test_machines_that_may_not_come_back_add_a_stated_risk() -> None:
    wait = a_wait(rate=Rate.of("0.98"), machine=L4, if_wrong=UNSTATED)

    assert wait.sum["scarcity_minutes"] == 24
    assert "for the risk that no machines are left" in wait.because
    assert a_wait(if_wrong=UNSTATED).sum["scarcity_minutes"] == 0


def test_redeploy_time_is_stated_else_measured_else_a_default() -> None:
    def minutes(**changes: Any) -> tuple[float, str]:
        found = a_wait(**changes).sum
        return found["redeploy_minutes"], found["redeploy_source"]

    assert minutes(measured_redeploy=timedelta(minutes=42)) == (20, "as stated in if_wrong")
    assert minutes(if_wrong=UNSTATED, measured_redeploy=timedelta(minutes=42)) == (42, "measured on its own deploys")
    assert minutes(if_wrong=UNSTATED) == (15, "a default by machine family")
    assert minutes(if_wrong=UNSTATED, machine=L4)[0] == 20
    assert minutes(if_wrong=UNSTATED, machine=Machine(machine_type="a3-highgpu-8g"))[0] == 30


def test_a_price_known_in_part_says_at_least() -> None:
    assert "an idle hour at least $0.22" in a_wait(rate_is_lower_bound=True).because


@dataclass(frozen=True)
class Answer:
    wait: timedelta | None
    because: str = "its gaps are short"
    gaps_seen: int = 40
    worst_case: float = 2.4


def test_a_learned_wait_takes_the_place_of_break_even() -> None:
    asked: list[tuple[timedelta, timedelta]] = []

    def learner(*, ratio: timedelta, floor: timedelta) -> Answer:
        asked.append((ratio, floor))
        return Answer(h(30))

    wait = a_wait(rule=Learned(), learned=learner)

    assert wait.length == h(30)
    assert "its gaps are short; break-even would be 3 d 19 h" in wait.because
    assert asked == [(a_wait().length, FLOOR)]


def test_too_little_history_falls_back_to_break_even() -> None:
    assert a_wait(rule=Learned()).length == a_wait().length
    assert a_wait(rule=Learned(), learned=lambda *, ratio, floor: None).length == a_wait().length


def test_learning_may_say_never() -> None:
    wait = a_wait(rule=Learned(), learned=lambda *, ratio, floor: Answer(None, "it comes back every week"))

    assert wait.length is None
    assert "every week" in wait.because


@checked
@given(RATES, st.integers(0, 300), st.integers(1, 8), WAITS)
def test_no_wait_is_below_its_floor_and_a_notice_never_shortens(
    rate: Decimal, minutes: int, factor: int, notice: timedelta
) -> None:
    if_wrong = IfWrong(
        name="x", per_minute_down=Money(Decimal(1)), fixed=Money(Decimal(0)), redeploy=timedelta(minutes=minutes)
    )
    plain = a_wait(rate=Rate.of(rate), if_wrong=if_wrong, factor=factor).length
    told = a_wait(rate=Rate.of(rate), if_wrong=if_wrong, factor=factor, notice=notice).length

    assert plain is not None
    assert told is not None
    assert plain >= FLOOR
    assert told >= plain
    assert told - notice >= FLOOR or told == plain


def test_a_cost_in_euros_needs_no_fixed_amount_in_euros() -> None:
    in_euros = replace(TEAM, per_minute_down=Money(Decimal(1), "EUR"))

    assert a_wait(if_wrong=in_euros, rate=Rate.of("0.22", "EUR")).length == a_wait().length
    mixed = a_wait(if_wrong=replace(in_euros, fixed=Money(Decimal(5), "USD")), rate=Rate.of("0.22", "EUR"))
    assert (mixed.length, mixed.because) == (None, "never: if_wrong is in USD, the price in EUR")


def test_an_act_window_says_how_long_it_may_hold_back_and_what_that_costs() -> None:
    window = act_window("Mon-Fri 09:00-17:00 Europe/Madrid")

    wait = a_wait(act_during=window, removals_per_day=3)

    assert wait.length == a_wait().length, "held back at the end, not made longer"
    assert wait.worst_case == (
        "at worst 2x the cost of knowing the future; acts only Mon-Fri 09:00-17:00 Europe/Madrid: that may add 2 d 16 h ($14.08), "
        "then 2.7x"
    )
    assert wait.sum["act_window_may_add_hours"] == 64.0
    assert wait.sum["removals_per_day"] == 3


@pytest.mark.parametrize(
    ("text", "hours"), [("Mon-Sun 06:00-05:00 UTC", 1), ("Sat 22:00-04:00 UTC", 162), ("Mon-Fri 20:00-06:00 UTC", 62)]
)
def test_the_longest_time_that_a_window_is_shut(text: str, hours: float) -> None:
    assert act_window(text).longest_closed == h(hours)
