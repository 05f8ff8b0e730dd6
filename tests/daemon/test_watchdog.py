"""A wall clock that jumps back silences the scheduler until it has caught up; the watchdog goes by machine time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from guard.daemon.jobs import SILENT_INTERVALS, Daemon
from guard.telemetry.metrics import Metrics

HOUR = timedelta(hours=1)


class HandClock:
    """Machine time moved by hand; domain time stands."""

    def __init__(self) -> None:
        self.machine = 100.0

    def now(self) -> datetime:
        return datetime(2026, 11, 2, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.machine


class NoLeadership:
    """A lease that is nobody's business here."""

    length = timedelta(seconds=30)
    holder = "tests"

    def ensure(self) -> None:
        return None

    def release(self) -> None:
        return None


class Watched:
    """A daemon with a cycle an hour, whose scheduler can be silenced."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.ticks = 0
        self.ticked = threading.Event()
        self.hold: threading.Event | None = None
        self.metrics = Metrics()
        self.daemon = Daemon(
            run_cycle=self._cycle,
            reload_config=lambda: None,
            leadership=NoLeadership(),  # type: ignore[arg-type]  # what of it is used here
            clock=self.clock,
            metrics=self.metrics,
            every=HOUR,
        )

    def _cycle(self) -> None:
        self.ticks += 1
        self.ticked.set()
        if self.hold is not None:
            self.hold.wait(timeout=20)

    def wait_for_tick(self) -> None:
        assert self.ticked.wait(timeout=20)
        self.ticked.clear()

    @property
    def jumps(self) -> float:
        return float(self.metrics.clock_jumps._value.get())


@pytest.fixture
def watched() -> Iterator[Watched]:
    one = Watched()
    one.daemon._schedule()
    yield one
    if one.hold is not None:
        one.hold.set()
    one.daemon._scheduler.shutdown(wait=True)


def silence(watched: Watched) -> None:
    """What a clock that jumped back does: no run is due for a long time."""
    watched.daemon._scheduler.pause()


def test_a_silent_scheduler_is_started_again_and_runs_at_once(watched: Watched) -> None:
    watched.wait_for_tick()
    silence(watched)
    watched.clock.machine += SILENT_INTERVALS * HOUR.total_seconds() + 1

    watched.daemon._watch()

    watched.wait_for_tick()
    assert watched.ticks == 2
    assert watched.jumps == 1


def test_one_that_is_only_late_is_left_alone(watched: Watched) -> None:
    watched.wait_for_tick()
    silence(watched)
    watched.clock.machine += SILENT_INTERVALS * HOUR.total_seconds() - 1

    watched.daemon._watch()

    assert watched.jumps == 0


def test_a_long_cycle_is_no_silence() -> None:
    one = Watched()
    one.hold = threading.Event()
    one.daemon._schedule()
    try:
        one.wait_for_tick()
        one.clock.machine += 10 * HOUR.total_seconds()

        one.daemon._watch()

        assert one.jumps == 0
        assert one.ticks == 1
    finally:
        one.hold.set()
        one.daemon._scheduler.shutdown(wait=True)


def test_a_cycle_that_breaks_is_counted_and_the_next_one_runs(watched: Watched) -> None:
    watched.wait_for_tick()

    def broken() -> None:
        raise KeyError("nobody thought of this")

    watched.daemon._run_cycle = broken
    watched.daemon._tick()
    assert watched.daemon.pulse.problem == "KeyError: 'nobody thought of this'"
    watched.daemon._run_cycle = watched._cycle
    watched.daemon._tick()
    assert watched.daemon.pulse.problem == ""
