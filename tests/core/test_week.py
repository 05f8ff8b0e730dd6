"""The outlook runs the limits ahead: what goes when, if nobody calls."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from guard.core.caps import cap_use
from guard.core.limits import PERIOD, act_window_open
from guard.core.rules import ActWindow, Limits
from guard.core.week import Candidate, Held, outlook

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)  # a Tuesday
WEEK = NOW + timedelta(days=7)
QUARTER = timedelta(minutes=15)
MORNINGS = ActWindow(
    weekdays=frozenset({0, 1, 2, 3, 4}), start=time(9), end=time(11), zone="UTC", text="Mon-Fri 09:00-11:00 UTC"
)


def a_candidate(name: str, *, ready: float = 0, amount: str | None = "1", **changes: object) -> Candidate:
    """Ready so many hours from now."""
    fields = {
        "subject": name,
        "unit": name,
        "project": "p",
        "ready_at": NOW + timedelta(hours=ready),
        "amount": None if amount is None else Decimal(amount),
        **changes,
    }
    return Candidate(**fields)  # type: ignore[arg-type]  # a builder's changes


def hours(at: datetime | None) -> float | None:
    return None if at is None else (at - NOW) / timedelta(hours=1)


def test_each_goes_when_its_wait_ends_while_the_limit_has_room() -> None:
    found = outlook(
        [a_candidate("b", ready=30), a_candidate("a", ready=5)], [], Limits(removals_per_day=3), NOW, WEEK, QUARTER
    )

    assert [(one.candidate.subject, hours(one.goes_at), one.held) for one in found] == [("a", 5, None), ("b", 30, None)]


def test_it_goes_at_the_first_look_after_its_wait() -> None:
    found = outlook([a_candidate("a", ready=5.1)], [], Limits(), NOW, WEEK, QUARTER)

    assert (hours(found[0].goes_at), found[0].held) == (5.25, None)


def test_the_dearest_go_first_and_the_rest_when_the_day_is_over() -> None:
    items = [a_candidate("cheap", amount="1"), a_candidate("unpriced", amount=None), a_candidate("dear", amount="9")]

    found = outlook(items, [], Limits(removals_per_day=1), NOW, WEEK, QUARTER)

    assert [(one.candidate.subject, hours(one.goes_at), one.held) for one in found] == [
        ("dear", 0, None),
        ("cheap", 24, Held.LIMIT),
        ("unpriced", 48, Held.LIMIT),
    ]


def test_removals_of_the_last_day_take_up_the_limit() -> None:
    begun = [("x", "p", NOW - timedelta(hours=20))]

    found = outlook([a_candidate("a")], begun, Limits(removals_per_day=1), NOW, WEEK, QUARTER)

    assert (hours(found[0].goes_at), found[0].held) == (4, Held.LIMIT)


def test_an_act_window_holds_until_the_next_morning() -> None:
    found = outlook([a_candidate("a", window=MORNINGS)], [], Limits(), NOW, WEEK, QUARTER)

    assert (hours(found[0].goes_at), found[0].held) == (21, Held.WINDOW)


def test_the_sharers_of_a_pool_go_together_and_count_once() -> None:
    items = [a_candidate("one", unit="pool"), a_candidate("two", unit="pool"), a_candidate("three")]

    found = outlook(items, [], Limits(removals_per_day=2), NOW, WEEK, QUARTER)

    assert {one.candidate.subject: hours(one.goes_at) for one in found} == {"one": 0, "two": 0, "three": 0}


def test_what_does_not_come_within_the_week_stands_at_the_end() -> None:
    items = [a_candidate(f"t{number}") for number in range(9)]

    found = outlook(items, [], Limits(removals_per_day=1), NOW, WEEK, QUARTER)

    assert [hours(one.goes_at) for one in found] == [0, 24, 48, 72, 96, 120, 144, None, None]


@given(
    st.lists(st.tuples(st.integers(0, 160), st.sampled_from("pq"), st.booleans()), max_size=12),
    st.integers(1, 4),
    st.none() | st.integers(1, 2),
)
def test_no_day_ever_holds_more_than_the_limits_allow(
    things: list[tuple[int, str, bool]], most: int, per_project: int | None
) -> None:
    items = [
        a_candidate(f"t{number}", ready=ready, project=project, window=MORNINGS if windowed else None)
        for number, (ready, project, windowed) in enumerate(things)
    ]

    found = outlook(
        items, [], Limits(removals_per_day=most, removals_per_project_per_day=per_project), NOW, WEEK, QUARTER
    )

    assert sorted(one.candidate.subject for one in found) == sorted(one.subject for one in items)
    gone = [(one.goes_at, one.candidate) for one in found if one.goes_at is not None]
    for at, candidate in gone:
        lately = [other for since, other in gone if at - PERIOD < since <= at]
        assert len(lately) <= most
        assert per_project is None or sum(other.project == candidate.project for other in lately) <= per_project
        assert candidate.ready_at <= at
        assert act_window_open(candidate.window, at)


def test_an_unused_limit_has_all_of_it_left() -> None:
    use = cap_use([], Limits(removals_per_day=3), NOW)

    assert (use.used, use.left, use.frees_at) == (0, 3, None)
