"""The throttle lets the dearest through, the breaker none; the hours of acting survive the change of clocks."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.limits import act_window_open, breaker, next_open
from guard.core.rules import ActWindow, Limits
from tests.strategies import checked

MADRID = ActWindow(
    weekdays=frozenset(range(5)),
    start=time(9),
    end=time(17),
    zone="Europe/Madrid",
    text="Mon-Fri 09:00-17:00 Europe/Madrid",
)
NIGHT = ActWindow(weekdays=frozenset({4}), start=time(22), end=time(6), zone="Europe/Madrid", text="Fri 22:00-06:00")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]  # year to minute


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        (utc(2026, 11, 24, 8, 0), True),  # Tuesday 09:00 in Madrid
        (utc(2026, 11, 24, 7, 59), False),
        (utc(2026, 11, 24, 15, 59), True),
        (utc(2026, 11, 24, 16, 0), False),
        (utc(2026, 11, 28, 10, 0), False),  # Saturday
        (utc(2026, 7, 14, 7, 0), True),  # summer time: 09:00 is 07:00 UTC
        (utc(2026, 7, 14, 15, 0), False),
    ],
)
def test_the_window_is_local_time(at: datetime, is_open: bool) -> None:
    assert act_window_open(MADRID, at) is is_open


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_starts() -> None:
    assert act_window_open(NIGHT, utc(2026, 11, 27, 22, 0))  # Friday 23:00
    assert act_window_open(NIGHT, utc(2026, 11, 28, 4, 59))  # Saturday 05:59
    assert not act_window_open(NIGHT, utc(2026, 11, 28, 5, 0))
    assert not act_window_open(NIGHT, utc(2026, 11, 27, 4, 0))  # Friday 05:00 belongs to Thursday


def test_without_a_window_acts_may_happen_at_any_time() -> None:
    assert act_window_open(None, utc(2026, 11, 28, 3, 0))
    assert next_open(None, utc(2026, 11, 28, 3, 0)) == utc(2026, 11, 28, 3, 0)


@pytest.mark.parametrize(
    ("after", "opens"),
    [
        (utc(2026, 11, 24, 10, 0), utc(2026, 11, 24, 10, 0)),
        (utc(2026, 11, 24, 5, 0), utc(2026, 11, 24, 8, 0)),
        (utc(2026, 11, 27, 17, 0), utc(2026, 11, 30, 8, 0)),  # Friday evening -> Monday
        (utc(2026, 10, 23, 16, 0), utc(2026, 10, 26, 8, 0)),  # clocks went back on the 25th
        (utc(2026, 3, 27, 16, 0), utc(2026, 3, 30, 7, 0)),  # clocks went forward on the 29th
    ],
)
def test_the_next_opening_is_right_across_the_change_of_clocks(after: datetime, opens: datetime) -> None:
    assert next_open(MADRID, after) == opens


def test_an_opening_that_the_clocks_skip_comes_as_long_after_the_jump() -> None:
    skipped = ActWindow(weekdays=frozenset({6}), start=time(2, 30), end=time(8), zone="Europe/Madrid", text="")

    assert next_open(skipped, utc(2026, 3, 28, 12, 0)) == utc(2026, 3, 29, 1, 30)


def test_a_window_without_days_never_opens() -> None:
    assert (
        next_open(ActWindow(weekdays=frozenset(), start=time(9), end=time(17), zone="UTC", text=""), utc(2026, 1, 1))
        is None
    )


@checked
@given(
    st.integers(0, 365 * 24 * 60).map(lambda minutes: utc(2026, 1, 1) + timedelta(minutes=minutes)),
    st.sets(st.integers(0, 6), min_size=1),
    st.times(),
    st.times(),
    st.sampled_from(["UTC", "Europe/Madrid", "America/New_York", "Asia/Kolkata"]),
)
def test_the_next_opening_is_open_and_not_before(
    at: datetime, days: set[int], start: time, end: time, zone: str
) -> None:
    window = ActWindow(
        weekdays=frozenset(days), start=start.replace(fold=0), end=end.replace(fold=0), zone=zone, text=""
    )
    after = at

    opens = next_open(window, after)

    assert opens is not None
    assert opens >= after
    assert act_window_open(window, opens)
    assert opens - after <= timedelta(days=8)
    assert opens.astimezone(ZoneInfo(zone)).utcoffset() is not None


LIMITS = Limits(breaker_least=5)


def test_the_breaker_trips_on_a_burst() -> None:
    assert breaker(newly=4, selected=4, fleet=100, usual=0, limits=LIMITS) is None
    tripped = breaker(newly=5, selected=5, fleet=100, usual=0, limits=LIMITS)
    assert tripped is not None
    assert "5" in tripped.why


def test_what_is_usual_is_no_burst() -> None:
    assert breaker(newly=20, selected=20, fleet=100, usual=5, limits=LIMITS) is None
    assert breaker(newly=21, selected=21, fleet=100, usual=5, limits=LIMITS) is not None


def test_the_breaker_trips_on_too_much_of_a_fleet() -> None:
    assert breaker(newly=1, selected=50, fleet=100, usual=5, limits=LIMITS) is None
    assert breaker(newly=1, selected=51, fleet=100, usual=5, limits=LIMITS) is not None


def test_a_small_fleet_has_no_share() -> None:
    assert breaker(newly=2, selected=3, fleet=4, usual=5, limits=LIMITS) is None
