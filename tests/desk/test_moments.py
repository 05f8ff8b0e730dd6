"""An instant in people's words: understood as they mean it, or refused with both of its meanings; never in the past."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from guard.cli.moments import moment as typed
from guard.cli.moments import own_zone
from guard.desk.moments import moment
from guard.ports.errors import ConfigInvalid, NotUnderstood

WEDNESDAY = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
FRIDAY = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("Friday 18:00", "2026-11-27T17:00:00"),
        ("friday", "2026-11-27T22:59:59"),
        ("Fri 6pm", "2026-11-27T17:00:00"),
        ("tomorrow", "2026-11-26T22:59:59"),
        ("tomorrow 9am", "2026-11-26T08:00:00"),
        ("in two weeks", "2026-12-09T22:59:59"),
        ("in 3 hours", "2026-11-25T13:00:00"),
        ("09:00", "2026-11-26T08:00:00"),
        ("noon", "2026-11-25T11:00:00"),
        ("1 dec", "2026-12-01T22:59:59"),
        ("Friday 4 December 18:00", "2026-12-04T17:00:00"),
        ("2026-12-01 18:00", "2026-12-01T17:00:00"),
        ("12h", "2026-11-25T22:00:00"),
        ("2w", "2026-12-09T10:00:00"),
        ("1 july 12:00", "2027-07-01T10:00:00"),
    ],
)
def test_words_are_read_in_the_readers_zone_and_point_ahead(words: str, meant: str) -> None:
    assert moment(words, WEDNESDAY, "Europe/Madrid").isoformat() == f"{meant}+00:00"


@pytest.mark.parametrize(
    ("words", "now", "one", "other"),
    [
        ("next Friday", WEDNESDAY, "Friday 2026-11-27", "Friday 2026-12-04"),
        ("Friday 18:00", FRIDAY, "Friday 2026-11-27 18:00", "Friday 2026-12-04 18:00"),
        ("03/04", WEDNESDAY, "2027-03-04", "2027-04-03"),
        ("december", WEDNESDAY, "2026-12-01", "2026-12-31"),
        ("5", WEDNESDAY, "2026-11-05", "2027-05-01"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused_with_both(words: str, now: datetime, one: str, other: str) -> None:
    with pytest.raises(NotUnderstood, match="may mean") as refused:
        moment(words, now)
    assert one in refused.value.message
    assert other in refused.value.message
    assert "Nothing was kept" in refused.value.message


def test_on_a_friday_an_earlier_hour_of_friday_means_next_week() -> None:
    assert moment("Friday 09:00", FRIDAY).isoformat() == "2026-12-04T09:00:00+00:00"


@pytest.mark.parametrize("words", ["soon", "until friday", "", "2026-02-30", "99999999999999d", "x" * 500, "\x00"])
def test_what_means_nothing_is_refused_with_examples(words: str) -> None:
    with pytest.raises(NotUnderstood, match='Expected for example "Friday 18:00"'):
        moment(words, WEDNESDAY)


@pytest.mark.parametrize("words", ["yesterday", "2 days ago", "2020-01-01"])
def test_the_past_is_refused(words: str) -> None:
    with pytest.raises(NotUnderstood, match=r"is over already \(it is 2026-11-25 10:00\)"):
        moment(words, WEDNESDAY)


@pytest.mark.parametrize("zone", ["Nowhere/Else", "", "../etc/passwd", "Europe/Madrid\x00"])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(ConfigInvalid, match="Expected a name such as Europe/Madrid"):
        moment("tomorrow", WEDNESDAY, zone)


def test_the_command_line_says_which_zone_words_were_read_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")

    assert own_zone() == "Asia/Tokyo"
    assert typed("Friday 18:00", WEDNESDAY).local == "Friday 2026-11-27 18:00 Asia/Tokyo"
    assert typed("Friday 18:00", WEDNESDAY, "Europe/Madrid").at.hour == 17
    assert typed("2026-12-01T18:00", WEDNESDAY) == (datetime(2026, 12, 1, 18, 0, tzinfo=UTC), ""), "figures are UTC"
    with pytest.raises(ConfigInvalid, match="--tz: found 'Mars'"):
        typed("tomorrow", WEDNESDAY, "Mars")
    monkeypatch.setenv("TZ", "no zone")
    assert own_zone() != "no zone"
