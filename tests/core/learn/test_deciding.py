"""What the learned wait promises: its bound, its steadiness, what it remembers, and what it says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.core.learn import Book, EndpointState, Use, decide, new_book, new_fleet
from guard.core.learn.decision import waits_tried

HOUR, DAY = 3600.0, 86_400.0
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


def a_book(uses: list[Use], *, days: int, resolution: float = HOUR) -> Book:
    book = new_book(0.0, resolution=resolution)
    for day in range(days):
        today = sorted((u for u in uses if day * DAY <= u.began < (day + 1) * DAY), key=lambda u: u.began)
        book = book.after_day(today)
    return book


def wait_hours(book: Book, endpoint: str, began: float, *, ratio_hours: float, worst_case: str = "4") -> float:
    answer = book.ask(endpoint, at(began), Decimal(worst_case))(ratio=timedelta(hours=ratio_hours), floor=timedelta(0))
    assert answer is not None
    assert answer.wait is not None
    return answer.wait.total_seconds() / HOUR


def every(hours: float, *, name: str, days: int, offset: float = 0.0) -> list[Use]:
    count = int((days * 24 - offset) // hours)
    return [Use(name, (offset + i * hours) * HOUR, (offset + i * hours + 1) * HOUR) for i in range(count)]


@settings(max_examples=30, deadline=None)
@given(
    gaps=st.lists(st.floats(0.2, 300.0), min_size=0, max_size=12),
    ratio=st.floats(0.2, 720.0),
    worst=st.floats(2.0, 9.0),
    watched=st.floats(0.0, 60.0),
)
def test_no_history_moves_the_wait_beyond_its_stated_worst_case(
    gaps: list[float], ratio: float, worst: float, watched: float
) -> None:
    uses, now = [], 0.0
    for gap in gaps:
        uses.append(Use("e", now, now + 60))
        now += 60 + gap * HOUR
    days = int(now // DAY) + 1 + int(watched)
    book = a_book(uses, days=days)
    state = book.endpoints.get("e", EndpointState())

    answer = decide(
        state, book.fleet, ratio=timedelta(hours=ratio), silence_began_at=at(now), now=at(now), worst_case=worst
    )

    assert answer.wait is not None
    assert ratio / (worst - 1) * (1 - 1e-6) <= answer.wait.total_seconds() / HOUR <= ratio * (worst - 1) * (1 + 1e-6)
    assert answer.worst_case <= worst * (1 + 1e-6)


def test_a_fleet_that_was_hardly_watched_keeps_as_long_as_the_worst_case_allows() -> None:
    answer = decide(
        EndpointState(), new_fleet(0.0), ratio=timedelta(hours=8), silence_began_at=at(HOUR), now=at(HOUR), worst_case=3
    )

    assert answer.wait == timedelta(hours=16)
    assert "watched for 1 h only" in answer.because


def test_a_job_that_comes_every_twenty_hours_is_waited_for_where_waiting_is_cheaper() -> None:
    book = a_book(every(20, name="job", days=60), days=60)

    # Waiting 19 h costs 19; a removal at the shortest allowed wait costs 8 + 24.
    assert wait_hours(book, "job", 60 * DAY, ratio_hours=24) >= 19.0


def test_a_job_that_comes_every_forty_days_is_removed_soon_in_between() -> None:
    uses = every(40 * 24, name="job", days=900) + every(3, name="busy", days=900)
    book = a_book(uses, days=900)

    assert wait_hours(book, "job", 880 * DAY + HOUR, ratio_hours=24) < 24.0


def test_a_monthly_job_is_not_forgotten_by_a_year_of_a_busy_fleet() -> None:
    """Forgetting goes by an endpoint's own passages: twelve returns in a year still decide."""
    uses = every(720, name="monthly", days=400) + every(5, name="busy", days=400)
    book = a_book(uses, days=400)
    began = 390 * DAY + HOUR

    # 719 h of silence cost 719; a removal costs at least 1000 / 3 + 1000: it is waited for.
    assert wait_hours(book, "monthly", began, ratio_hours=1000) >= 719.0


def test_a_rhythm_is_told_once_it_is_one_and_before_that_it_says_so() -> None:
    uses = every(720, name="monthly", days=400) + every(5, name="busy", days=400)

    def told(days: int) -> str:
        book = a_book([use for use in uses if use.began < days * DAY], days=days)
        began = book.endpoints["monthly"].silent_since
        assert began is not None
        answer = book.ask("monthly", at(began), Decimal(4))(ratio=timedelta(hours=300), floor=timedelta(0))
        assert answer is not None
        return answer.because

    assert "one long silence is no rhythm yet" in told(35)
    assert told(130).startswith("its long silences come back after about 30 d (by its last 4)")


def test_a_new_endpoint_is_like_its_kind() -> None:
    """Thirty that are called every thirty hours, thirty that are called once and never again."""
    back = [use for i in range(30) for use in every(30, name=f"e{i}", days=60, offset=i)]
    gone = [Use(f"x{i}", i * DAY + HOUR, i * DAY + 2 * HOUR) for i in range(30)]
    new = [Use("new batch", 59 * DAY, 59 * DAY + HOUR), Use("new trial", 59 * DAY, 59 * DAY + HOUR)]
    kinds = {use.endpoint: "batch" if use.endpoint[0] == "e" else "trial" for use in (*back, *gone)}
    kinds |= {"new batch": "batch", "new trial": "trial"}
    book = new_book(0.0)
    for day in range(60):
        today = [u for u in (*back, *gone, *new) if day * DAY <= u.began < (day + 1) * DAY]
        book = book.after_day(sorted(today, key=lambda u: u.began), kinds)

    waits = {name: wait_hours(book, name, 59 * DAY + HOUR, ratio_hours=36) for name in ("new batch", "new trial")}

    assert waits["new batch"] > 29
    assert waits["new trial"] < 18
    assert Book.from_json(json.loads(json.dumps(book.to_json()))) == book


def test_kinds_beyond_a_dozen_stay_with_the_fleet() -> None:
    uses = sorted((u for i in range(30) for u in every(7, name=f"e{i}", days=6)), key=lambda u: u.began)
    book = new_book(0.0)
    for day in range(6):
        book = book.after_day(
            [u for u in uses if day * DAY <= u.began < (day + 1) * DAY], {f"e{i}": f"k{i}" for i in range(30)}
        )

    assert len(book.fleet.kinds) <= 13


def test_what_was_learned_before_kinds_and_rhythms_were_kept_goes_on() -> None:
    book = a_book(every(5, name="a", days=20), days=20)
    document = json.loads(json.dumps(book.to_json()))
    for law in document["fleet"]["laws"]:
        del law["kinds"]
    del document["fleet"]["kinds"]
    for key in ("kind", "long_silences", "rhythm_odds"):
        del document["endpoints"]["a"][key]

    assert Book.from_json(document) == book


def test_a_fleet_whose_endpoints_never_come_back_is_removed_sooner_than_one_whose_do() -> None:
    back = [use for i in range(30) for use in every(30, name=f"e{i}", days=60, offset=i)]
    gone = [Use(f"e{i}", i * DAY + HOUR, i * DAY + 2 * HOUR) for i in range(30)]

    faithful = wait_hours(a_book(back, days=60), "e1", 60 * DAY, ratio_hours=36)
    forgotten = wait_hours(a_book(gone, days=60), "e1", 60 * DAY, ratio_hours=36)

    assert forgotten < 36 / 2
    assert faithful > 29


def test_nights_without_anybody_are_not_waited_through() -> None:
    """A fleet that works from 8 to 18 every day, at random hours: a silence that begins in the evening will last the night."""
    uses = []
    for endpoint in range(12):
        for day in range(50):
            for hour in range(8, 18):
                if (endpoint * 31 + day * 17 + hour * 7) % 3 == 0:
                    begun = day * DAY + hour * HOUR
                    uses.append(Use(f"e{endpoint}", begun, begun + HOUR))
    book = a_book(uses, days=49)

    evening = wait_hours(book, "e3", 48 * DAY + 18 * HOUR, ratio_hours=8)
    morning = wait_hours(book, "e3", 48 * DAY + 9 * HOUR, ratio_hours=8)

    assert evening < 4
    assert morning > evening


def test_the_wait_of_a_silence_stays_the_same_while_it_lasts() -> None:
    uses = every(7, name="a", days=30) + every(11, name="b", days=90)
    book = a_book(uses, days=31)
    began = book.endpoints["a"].silent_since
    assert began is not None
    first = wait_hours(book, "a", began, ratio_hours=400)
    for day in range(31, 60):
        book = book.after_day([u for u in uses if u.endpoint == "b" and day * DAY <= u.began < (day + 1) * DAY])

        assert wait_hours(book, "a", began, ratio_hours=400) == first


def test_a_book_survives_json_and_goes_on_as_if_nothing_had_happened() -> None:
    uses = every(5, name="a", days=20) + every(26, name="b", days=20)
    book = a_book(uses, days=12)

    back = Book.from_json(json.loads(json.dumps(book.to_json())))

    today = [u for u in uses if 12 * DAY <= u.began < 13 * DAY]
    assert back == book
    assert back.after_day(today) == book.after_day(today)


def test_a_state_does_not_grow_with_the_past() -> None:
    short = a_book(every(3, name="a", days=30), days=30)
    long = a_book(every(3, name="a", days=300), days=300)

    assert len(json.dumps(long.to_json())) < 1.3 * len(json.dumps(short.to_json()))


def test_the_answer_says_what_it_rests_on() -> None:
    book = a_book(every(5, name="a", days=40), days=40)
    ask = book.ask("a", at(40 * DAY), Decimal(3))

    answer = ask(ratio=timedelta(hours=8), floor=timedelta(0))

    assert answer is not None
    assert answer.because == f"learned from {answer.gaps_seen} silences of its own and 40 d of the fleet's"
    assert answer.gaps_seen == 191


def test_a_floor_lengthens_the_wait_and_the_worst_case_says_so() -> None:
    book = a_book(every(5, name="a", days=40), days=40)

    answer = book.ask("a", at(40 * DAY), Decimal(3))(ratio=timedelta(hours=1), floor=timedelta(hours=6))

    assert answer is not None
    assert answer.wait == timedelta(hours=6)
    assert answer.worst_case == pytest.approx(7.0)
    assert "made longer by the floor" in answer.because


def test_an_endpoint_that_the_book_does_not_know_gets_no_answer() -> None:
    ask = a_book(every(5, name="a", days=3), days=3).ask("other", at(3 * DAY), Decimal(3))

    assert ask(ratio=timedelta(hours=8), floor=timedelta(0)) is None


@pytest.mark.parametrize(("ratio", "worst"), [(0.0, 3.0), (-5.0, 3.0), (3600.0, 1.9)])
def test_a_sum_that_makes_no_sense_is_refused(ratio: float, worst: float) -> None:
    with pytest.raises(ValueError, match="found"):
        waits_tried(ratio, worst)


def test_asking_before_the_silence_began_is_refused() -> None:
    with pytest.raises(ValueError, match="before the silence began"):
        decide(
            EndpointState(), new_fleet(0.0), ratio=timedelta(hours=1), silence_began_at=at(DAY), now=at(0), worst_case=3
        )
