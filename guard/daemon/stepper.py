"""Runs the real cycle on a stepped clock: run at an instant, then move the world's clock; used by demo, tests, `run --once`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Protocol

from guard.daemon.cycle import Cycle, Result


class Steppable(Protocol):
    """A world whose domain time can be moved."""

    def now(self) -> datetime: ...

    def advance(self, by: timedelta) -> None: ...


def step(cycle: Cycle, world: Steppable, *, every: timedelta, until: datetime) -> Iterator[Result]:
    """Run a cycle now and after every step until an instant; yields each result as it falls."""
    while world.now() < until:
        yield cycle.run(world.now())
        world.advance(min(every, until - world.now()))


def once(cycle: Cycle, now: Callable[[], datetime]) -> Result:
    """Run one cycle."""
    return cycle.run(now())
