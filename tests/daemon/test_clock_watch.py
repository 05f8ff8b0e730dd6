"""A clock that was set, back or forward, is doubted until it comes back, or has stayed so for a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from guard.daemon.clock_watch import BELIEVED_AGAIN, ClockWatch

START = datetime(2026, 11, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


class TwoClocks:
    """Domain time and machine time, moved by hand."""

    def __init__(self) -> None:
        self.domain = START
        self.machine = 1000.0

    def now(self) -> datetime:
        return self.domain

    def monotonic(self) -> float:
        return self.machine

    def go(self, by: timedelta, *, jump: timedelta = timedelta(0)) -> datetime:
        self.domain += by + jump
        self.machine += by.total_seconds()
        return self.domain


def watched(*, stepped: bool = False) -> tuple[TwoClocks, ClockWatch]:
    clocks = TwoClocks()
    watch = ClockWatch(clocks, stepped=stepped)
    assert watch.jump(clocks.now()) is None
    return clocks, watch


def test_a_clock_that_goes_is_believed() -> None:
    clocks, watch = watched()

    assert [watch.jump(clocks.go(HOUR)) for _ in range(48)] == [None] * 48


def test_a_drift_of_a_minute_an_hour_never_adds_up_to_a_jump() -> None:
    clocks, watch = watched()

    assert [watch.jump(clocks.go(HOUR, jump=timedelta(minutes=1))) for _ in range(48)] == [None] * 48


def test_a_jump_is_doubted_until_the_clock_is_back() -> None:
    for jump in (timedelta(days=10), timedelta(hours=-3)):
        clocks, watch = watched()

        assert watch.jump(clocks.go(HOUR, jump=jump)) == jump
        assert watch.jump(clocks.go(HOUR)) == jump, "one quiet cycle is no recovery"
        assert watch.jump(clocks.go(HOUR, jump=-jump)) is None


def test_a_clock_that_stays_where_it_was_set_is_believed_after_a_day() -> None:
    clocks, watch = watched()
    watch.jump(clocks.go(HOUR, jump=timedelta(days=10)))

    clocks.go(BELIEVED_AGAIN - HOUR)
    assert watch.jump(clocks.now()) == timedelta(days=10)
    assert watch.jump(clocks.go(HOUR)) is None
    assert watch.jump(clocks.go(HOUR)) is None


def test_a_sandboxs_time_may_be_stepped_forward_and_not_back() -> None:
    clocks, watch = watched(stepped=True)

    assert watch.jump(clocks.go(timedelta(0), jump=timedelta(days=3))) is None
    assert watch.jump(clocks.go(timedelta(0), jump=-HOUR)) == -HOUR
