"""The story: a folder of its own, the sandbox, the guard put together by the real wiring, stepped an hour at a time."""

from __future__ import annotations

import fcntl
import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from guard.cli.demonstration.beats import Beat, Teller, rate_of
from guard.cli.demonstration.closing import Closing, close
from guard.cli.demonstration.cloud import Cloud
from guard.cli.demonstration.fleet import Fleet, part
from guard.cli.demonstration.people import People
from guard.cli.demonstration.sink import Sink
from guard.core.verdict import Verdict
from guard.ports.errors import GuardError, Unavailable

if TYPE_CHECKING:
    from guard.wiring import Guard

HOUR = timedelta(hours=1)
AFTERWARDS = 60.0
"""How fast the clock runs once the story is over: a minute a second, so that a restore is done while one looks on."""
LOOK_EVERY_S = 5.0
"""Seconds between two looks from then on: the five minutes that the demo's guard.yaml says, at that speed."""
OURS = ("env", "fleet.yaml", "guard.yaml", "ledger.db", "ledger.db-shm", "ledger.db-wal", "page.log", "sandbox.log")
"""What the demo writes into its folder, and clears away before it starts afresh; nothing else there is touched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One look: the beats that fell and how things stand."""

    now: datetime
    beats: tuple[Beat, ...]
    spending: str
    saved: Decimal


@dataclass(slots=True)
class Stage:
    """Everything that the story needs, running."""

    fleet: Fleet
    folder: Path
    cloud: Cloud
    sink: Sink
    guard: Guard
    people: People
    verdicts: tuple[Verdict, ...] = ()
    looks: int = 0
    beats: list[Beat] = field(default_factory=list)

    def play(self, stopped: Callable[[], bool]) -> Iterator[Moment]:
        """Look, let people answer, step the clock by an hour; a last look at the end. Ends early where `stopped`."""
        teller, saved = Teller(), Decimal(0)
        end = self.fleet.start + timedelta(days=self.fleet.days)
        now = self.fleet.start
        while not stopped():
            result = self.guard.cycle.run(now)
            self.looks += 1
            if result.plan is None:
                raise Unavailable("Another guard leads on the demo's ledger.", hint="End it, or give --folder.")
            self.verdicts = result.verdicts
            beats = teller.tell(result)
            beats += self.people.act(result.plan, self.sink.fresh(), now)
            self.beats += beats
            if beats or now.hour == 0:
                saved = sum((one.claimed.amount for one in self.guard.ledger.savings() if one.claimed), Decimal(0))
            yield Moment(now=now, beats=tuple(beats), spending=rate_of(result.verdicts), saved=saved)
            if now >= end:
                return
            self.cloud.advance(HOUR)
            now += HOUR

    def close(self) -> Closing:
        """The account so far."""
        return close(self.cloud, self.guard.ledger, self.verdicts, self.fleet.start, self.cloud.now())

    def stay_open(self, over: Callable[[float], bool]) -> None:
        """Let the world's clock run and go on looking, so that what a user says is carried out, until `over` (seconds) is true.

        A look that fails is told on standard error; the next one comes all the same.
        """
        self.cloud.run_clock(AFTERWARDS)
        while not over(LOOK_EVERY_S):
            try:
                self.guard.cycle.run(self.cloud.now())
            except GuardError as error:
                sys.stderr.write(f"tuneguard: this look failed: {error}\n")


@contextmanager
def set_up(fleet: Fleet, folder: Path, port: int) -> Iterator[Stage]:
    """Clear the folder, start sandbox and notices, put the guard together; all of it ends with the block.

    Raises Unavailable where another demo uses the folder or the sandbox cannot start.
    """
    from guard import wiring
    from guard.telemetry import logging

    logging.set_up(level="error")
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        _only_one(held, folder)
        for name in OURS:
            (folder / name).unlink(missing_ok=True)
        scenario = folder / "fleet.yaml"
        scenario.write_text(fleet.scenario, encoding="utf-8")
        sink = held.enter_context(Sink())
        cloud = held.enter_context(Cloud(scenario, port))
        config = folder / "guard.yaml"
        config.write_text(part("guard.yaml").replace("SINK", sink.url), encoding="utf-8")
        environment = {
            "TUNEGUARD_SANDBOX": cloud.url,
            "TUNEGUARD_CONFIG": str(config),
            "TUNEGUARD_LEDGER": f"sqlite:///{folder / 'ledger.db'}",
        }
        # Where this very tuneguard is: a shell without the virtual environment finds it too.
        environment_path = f"export PATH={quote(str(Path(sys.executable).parent))}:$PATH\n"
        lines = [f"export {name}={quote(value)}\n" for name, value in environment.items()]
        (folder / "env").write_text(environment_path + "".join(lines), encoding="utf-8")
        guard = wiring.build(config, environment, may_act=True)
        held.callback(guard.close)
        guard.ledger.adopt("demo", "a fresh ledger for a made-up world", fleet.start)
        people = People(cloud=cloud, ledger=guard.ledger, start=fleet.start, calls=fleet.calls)
        gc.freeze()  # what is loaded by now stays: the collector need not look at it 700 times
        yield Stage(fleet=fleet, folder=folder, cloud=cloud, sink=sink, guard=guard, people=people)


def _only_one(held: ExitStack, folder: Path) -> None:
    lock = held.enter_context((folder / "lock").open("w", encoding="utf-8"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise Unavailable(
            f"Another demo runs in {folder}.", hint="End it with Ctrl-C, or give this one a --folder of its own."
        ) from error
