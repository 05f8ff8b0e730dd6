"""Walk through the scripts as a person does, each a process of its own, and get in its way: Ctrl-C and cut connections."""

import asyncio
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from guard.sandbox import frame
from guard.sandbox.faults import Fault
from guard.sandbox.scenario.build import build
from guard.sandbox.scenario.load import parse
from guard.sandbox.server import start_in_thread
from guard.sandbox.world import World
from tests.scripts.forking import Forked, Forker

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
BUCKET = "tuning-data"
PROJECT = "demo-research"
SCENARIO = """
start: 2026-11-24T10:00:00Z
speed: 2400
seed: 3
tuning: {takes: 20m}
projects:
  - {id: demo-research, number: "100000000001", locations: [us-central1]}
"""
PATIENCE_S = 120.0  # a test machine can be busy; nothing here takes longer than two seconds by itself
INTERRUPTED = 130
HELD = 86_400.0  # seconds of latency that stand for "until the gate is opened"


class Gate:
    """Holds a call back until it is let through, in place of the sandbox's sleep: no test depends on how fast the machine is."""

    def __init__(self) -> None:
        self._open = threading.Event()

    def close(self) -> None:
        self._open.clear()

    def open(self) -> None:
        self._open.set()

    async def sleep(self, seconds: float) -> None:
        while seconds == HELD and not self._open.is_set():  # noqa: ASYNC110  # opened from another thread
            await asyncio.sleep(0.01)


@dataclass
class Walk:
    """A folder to work in, a running sandbox, and the scripts."""

    folder: Path
    world: World
    url: str
    forker: Forker
    more: dict[str, str] = field(default_factory=dict)
    gate: Gate = field(default_factory=Gate)

    def env(self) -> dict[str, str]:
        clean = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("OPENAI", "ANTHROPIC", "GOOGLE", "TUNEGUARD"))
        }
        return {
            **clean,
            "TUNEGUARD_SANDBOX": self.url,
            "GOOGLE_CLOUD_PROJECT": PROJECT,
            "PYTHONWARNINGS": "ignore",
            **self.more,
        }

    def start(self, script: str, *arguments: str) -> Forked:
        return self.forker.start(SCRIPTS / script, arguments, cwd=self.folder, env=self.env())

    def run(self, script: str, *arguments: str, code: int = 0) -> str:
        """Run a script to its end; its standard output. The exit code must be as expected, and no traceback may be shown."""
        process = self.start(script, *arguments)
        out, err = process.communicate(timeout=PATIENCE_S)
        assert "Traceback" not in err, err
        assert process.returncode == code, f"{script} {arguments}: {process.returncode}\n{out}\n{err}"
        return out

    def answer(self, script: str, *arguments: str, code: int = 0) -> Any:
        """Run a script with --output json and read what it says."""
        return json.loads(self.run(script, *arguments, "--output", "json", code=code))

    def interrupt(self, method: str, script: str, *arguments: str) -> None:
        """Ctrl-C while a call is under way; the platform does the work all the same, after the client is gone."""
        before = len(self.world.calls)
        self.gate.close()
        self.world.faults.add(
            "latency", at=self.world.now(), scope={"method": method}, params={"seconds": HELD}, count=1
        )
        fault = self.world.faults.all()[-1]
        process = self.start(script, *arguments)
        self._until(lambda: fault.remaining == 0, process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_S)
        self.world.faults.clear()
        self.gate.open()
        assert process.returncode == INTERRUPTED, f"{process.returncode}\n{out}\n{err}"
        assert "Traceback" not in err, err
        assert "run the same command again" in err
        self._until(lambda: any(method in call.method for call in self.world.calls[before:]))

    def cut(self, method: str, script: str, *arguments: str, code: tuple[int, ...] = (0,)) -> None:
        """The connection is cut after the work is done and before the answer."""
        self.world.faults.add("answer_dropped", at=self.world.now(), scope={"method": method}, count=1)
        fault = self.world.faults.all()[-1]
        process = self.start(script, *arguments)
        out, err = process.communicate(timeout=PATIENCE_S)
        assert fault.remaining == 0, f"{method} was not called\n{out}\n{err}"
        self.world.faults.clear()
        assert process.returncode in code, f"{process.returncode}\n{out}\n{err}"
        assert "Traceback" not in err, err

    def disturb(self, script: str, *arguments: str) -> set[str]:
        """Ctrl-C at the first call of every kind that a script makes, then a cut connection at each, until it gets through.

        Returns the methods at which it was disturbed, all of them both ways.
        """
        interrupted = self._interrupt_each(script, *arguments)
        return interrupted | self._cut_each(script, *arguments)

    def _interrupt_each(self, script: str, *arguments: str) -> set[str]:
        met: set[str] = set()
        while True:
            self.gate.close()
            calls, known = len(self.world.calls), set(met)
            with self._striking("latency", met, {"seconds": HELD}):
                process = self.start(script, *arguments)
                self._until(lambda known=known, process=process: met > known or process.poll() is not None)
                if met == known:
                    break
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(PATIENCE_S)
            self.gate.open()
            assert process.returncode == INTERRUPTED, f"{script} {met}: {process.returncode}\n{out}\n{err}"
            assert "Traceback" not in err, err
            # The platform does the work all the same; whether it has done it by the next start is not the script's to know.
            self._until(
                lambda held=met - known, since=calls: held <= {call.method for call in self.world.calls[since:]}
            )
        self.gate.open()
        out, err = process.communicate(PATIENCE_S)
        assert process.returncode == 0, f"{script}: {process.returncode}\n{out}\n{err}"
        return met

    def _cut_each(self, script: str, *arguments: str) -> set[str]:
        met: set[str] = set()
        while True:
            with self._striking("answer_dropped", met, {}):
                before, process = len(met), self.start(script, *arguments)
                out, err = process.communicate(PATIENCE_S)
            assert "Traceback" not in err, err
            assert process.returncode in {0, 3}, f"{script} {met}: {process.returncode}\n{out}\n{err}"
            if len(met) == before:
                assert process.returncode == 0, f"{script}: {process.returncode}\n{out}\n{err}"
                return met

    @contextmanager
    def _striking(self, kind: str, met: set[str], params: dict[str, float]) -> Iterator[None]:
        """Let a fault strike at each method that was not met yet, once."""
        faults = self.world.faults
        faults.add(
            "rate_limited", at=self.world.now(), scope={"method": "none"}, count=1
        )  # so that the faults are asked
        asked = faults.take

        def take(what: str, **about: Any) -> Fault | None:
            if what == kind and about["method"] not in met:
                met.add(about["method"])
                return Fault(id="each", kind=kind, params=params, since=self.world.now())
            return asked(what, **about)

        with mock.patch.object(faults, "take", take):
            yield
        faults.clear()

    def _until(self, holds: Any, process: Forked | None = None) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, "the call never came"
            assert process is None or process.poll() is None, process and process.communicate(1)
            time.sleep(0.01)

    def record(self, run: str) -> dict[str, Any]:
        data: dict[str, Any] = json.loads((self.folder / "runs" / run / "run.json").read_text(encoding="utf-8"))
        return data

    def calls(self, method: str) -> int:
        """How many calls of a method reached the platform and were not refused."""
        return sum(method in call.method and call.status < 400 for call in self.world.calls)


@contextmanager
def a_walk(folder: Path, forker: Forker, more: str = "") -> Iterator[Walk]:
    """A sandbox whose clock runs fast, with a bucket."""
    world = build(parse(SCENARIO + more))
    with start_in_thread(world) as running:
        from guard.sandbox.storage import shelves_of

        shelves_of(world).create(world.all_projects()[0], {"name": BUCKET})
        walk = Walk(folder, world, running.http, forker)
        with mock.patch.object(frame, "asyncio", SimpleNamespace(sleep=walk.gate.sleep)):
            yield walk
        walk.gate.open()
