"""Daemons that are killed at a chosen step: the test's side of tests/e2e/forking.py."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.harness import ROOT, Harness

KILLED = 9


@dataclass(frozen=True, slots=True)
class Ended:
    """How a daemon ended, and the steps that it took; killed before the last of them."""

    signal: int
    code: int | None
    steps: list[str]


@dataclass
class Crasher:
    """Lets daemons run in processes of their own and die where they are told to."""

    process: subprocess.Popen[str]
    count: int = 0

    def run(self, harness: Harness, *, kill_before: int | None, cycles: int = 8) -> Ended:
        """Run a daemon on the harness's world and ledger until nothing is open, or until it is killed."""
        self.count += 1
        file = harness.folder / f"steps-{self.count}.txt"
        job = {
            "config": str(harness.config),
            "environment": harness.environment,
            "kill_before": kill_before,
            "cycles": cycles,
            "file": str(file),
        }
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        steps = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return Ended(answer["signal"], answer["code"], steps)


@contextmanager
def a_crasher(log: Path) -> Iterator[Crasher]:
    """Start the process that forks daemons; what they log goes to a file."""
    with log.open("w", encoding="utf-8") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.forking"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        try:
            yield Crasher(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(timeout=20)
            assert process.stdout is not None
            process.stdout.close()
