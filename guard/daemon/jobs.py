"""APScheduler wiring: one job each, missed runs folded, a grace set on purpose, no logic inside.

Tried on 3.11.3 (docs/explanation/scheduler.md): a misfire grace of the default 1 s drops late runs; a wall clock that jumps
back silences the scheduler until it has caught up. Hence the grace of one interval and the watchdog on machine time.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from types import FrameType
from typing import Any

from guard.daemon.budgets import WATCH_EVERY
from guard.daemon.leader import Leadership
from guard.ports.clock import Clock
from guard.ports.errors import GuardError
from guard.telemetry import events, logging
from guard.telemetry.metrics import Metrics

SILENT_INTERVALS = 3
"""Intervals without a tick after which the watchdog schedules everything again."""

log = logging.get()


@dataclass(slots=True)
class Pulse:
    """When the cycle last ended well, on machine time; health and watchdog read it."""

    clock: Clock
    last_tick: float = 0.0
    last_success: float | None = None
    started: float = 0.0
    problem: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ticked(self) -> None:
        with self.lock:
            self.last_tick = self.clock.monotonic()

    def succeeded(self) -> None:
        with self.lock:
            self.last_success = self.clock.monotonic()
            self.problem = ""

    def failed(self, problem: str) -> None:
        with self.lock:
            self.problem = problem

    def success_age(self) -> float | None:
        """Seconds of machine time since a cycle last ended well; None if none has."""
        return None if self.last_success is None else self.clock.monotonic() - self.last_success


class Daemon:
    """Schedules the cycle and the lease, and stops cleanly in the middle of an act on SIGTERM or SIGINT."""

    def __init__(
        self,
        *,
        run_cycle: Callable[[], None],
        reload_config: Callable[[], None],
        leadership: Leadership,
        clock: Clock,
        metrics: Metrics,
        every: timedelta,
        watch_budgets: Callable[[], None] = lambda: None,
    ) -> None:
        self._run_cycle = run_cycle
        self._reload = reload_config
        self._watch_budgets = watch_budgets
        self._leadership = leadership
        self._metrics = metrics
        self._every = every
        self.pulse = Pulse(clock, last_tick=clock.monotonic(), started=clock.monotonic())
        self._clock = clock
        self._stop = threading.Event()
        self._at_work = threading.Event()  # a long cycle is no sign of a silent scheduler
        self._scheduler: Any = None

    def stop(self) -> None:
        """Ask the daemon to end; a running cycle finishes first."""
        self._stop.set()

    def run(self, *, handle_signals: bool = True, on_ready: Callable[[], None] | None = None) -> None:
        """Run until stopped. Blocks the calling (main) thread."""
        if handle_signals:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, self._on_signal)
        self._schedule()
        log.info(events.DAEMON_STARTED, every_s=self._every.total_seconds(), holder=self._leadership.holder)
        if on_ready is not None:
            on_ready()
        try:
            while not self._stop.wait(timeout=min(1.0, self._every.total_seconds())):
                self._watch()
        finally:
            self._scheduler.shutdown(wait=True)
            self._leadership.release()
            log.info(events.DAEMON_STOPPED)

    # ------------------------------------------------------------------------------------------------------------------

    def _schedule(self) -> None:
        from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
        from apscheduler.executors.pool import ThreadPoolExecutor
        from apscheduler.schedulers.background import BackgroundScheduler
        from apscheduler.triggers.interval import IntervalTrigger

        grace = max(1, int(self._every.total_seconds()))
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": ThreadPoolExecutor(3)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": grace},
        )
        self._scheduler.add_listener(lambda _event: self._metrics.missed.labels("missed").inc(), EVENT_JOB_MISSED)
        self._scheduler.add_listener(
            lambda _event: self._metrics.missed.labels("overlapped").inc(), EVENT_JOB_MAX_INSTANCES
        )
        first = IntervalTrigger(seconds=self._every.total_seconds(), timezone="UTC")
        self._scheduler.add_job(self._tick, first, id="cycle", next_run_time=_now_of(self._scheduler))
        self._scheduler.add_job(
            self._leadership.ensure,
            IntervalTrigger(seconds=self._leadership.length.total_seconds() / 3, timezone="UTC"),
            id="lease",
        )
        self._scheduler.add_job(self._reload, IntervalTrigger(seconds=min(10.0, grace), timezone="UTC"), id="config")
        self._scheduler.add_job(
            self._budgets,
            IntervalTrigger(seconds=min(WATCH_EVERY, self._every).total_seconds(), timezone="UTC"),
            id="budgets",
        )
        self._scheduler.start()

    def _tick(self) -> None:
        self._at_work.set()
        self.pulse.ticked()
        try:
            self._run_cycle()
        except GuardError as error:
            self.pulse.failed(str(error))
            self._metrics.cycles.labels("failed").inc()
            log.warning(events.CYCLE_FAILED, detail=str(error))
        except Exception as error:  # a bug in one cycle must not end the daemon; it is counted and logged
            self.pulse.failed(f"{type(error).__name__}: {error}")
            self._metrics.cycles.labels("failed").inc()
            log.exception(events.CYCLE_FAILED)
        else:
            self.pulse.succeeded()
        finally:
            self.pulse.ticked()
            self._at_work.clear()

    def _budgets(self) -> None:
        """The cycle judges the budgets too; this look comes between two of them."""
        try:
            self._watch_budgets()
        except GuardError as error:
            log.warning(events.BUDGETS_UNREAD, detail=str(error))

    def _watch(self) -> None:
        """Machine time only: schedule again if the scheduler has fallen silent (a wall clock that jumped back)."""
        age = self.pulse.success_age()
        self._metrics.last_success_age.set(age if age is not None else self._clock.monotonic() - self.pulse.started)
        silent = self._clock.monotonic() - self.pulse.last_tick
        if silent <= SILENT_INTERVALS * self._every.total_seconds() or self._at_work.is_set():
            return
        log.warning(events.WATCHDOG_RESCHEDULED, silent_s=round(silent, 1))
        self._metrics.clock_jumps.inc()
        self.pulse.ticked()
        self._scheduler.shutdown(wait=False)
        self._schedule()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop.set()


def _now_of(scheduler: Any) -> Any:
    """The scheduler's own idea of now, for a first run at once."""
    from datetime import datetime

    return datetime.now(scheduler.timezone)  # noqa: TID251  # APScheduler works on the wall clock and can have no other
