"""A process that forks daemons and lets each kill itself (SIGKILL) before a chosen step. Started by tests/e2e/crashing.py.

It imports everything once, so that each daemon starts in milliseconds. A step is a commit to the ledger, a write to the
bucket or a call that changes something: killing before each of them and after the last covers every gap between two.

Reads one JSON object a line: config, environment, kill_before (a number of a step, or null), cycles, file (where each step is
noted before it is taken). Answers one line each: {"signal": 9 or 0, "code": ...}.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from guard import wiring
from guard.acts.storage import BucketStore
from guard.acts.vertex import VertexMutations
from guard.ledger import SqlLedger

SLOW_TO_LOAD = (
    "apprise",
    "google.cloud.aiplatform_v1beta1",
    "google.cloud.monitoring_v3",
    "google.cloud.storage",
    "numpy",
    "ruamel.yaml",
)
ROOMS = ("acts", "adapters", "config", "core", "daemon", "ledger", "telemetry", "wiring")
COMMITS = (
    "propose",
    "move",
    "postpone",
    "intend",
    "record_claim",
    "enqueue",
    "notice_result",
    "add_keep",
    "save_seen",
    "save_savings",
    "save_cycle",
)
CALLS = {VertexMutations: ("_begin", "cancel_job", "label_endpoint"), BucketStore: ("put",)}


class Steps:
    """Counts steps and kills the process before the chosen one."""

    def __init__(self, file: Path, kill_before: int | None) -> None:
        self._file = file
        self._kill_before = kill_before
        self._taken = 0

    def take(self, name: str) -> None:
        with self._file.open("a", encoding="utf-8") as out:
            out.write(name + "\n")
        if self._taken == self._kill_before:
            os.kill(os.getpid(), signal.SIGKILL)
        self._taken += 1


def watch(kind: type, method: str, steps: Steps) -> None:
    """Put a step before each call of a method."""
    original: Callable[..., Any] = getattr(kind, method)

    def stepping(self: Any, *args: Any, **kwargs: Any) -> Any:
        steps.take(_name(method, args))
        return original(self, *args, **kwargs)

    setattr(kind, method, stepping)


def _name(method: str, args: tuple[Any, ...]) -> str:
    match method:
        case "move":
            return f"move {args[1].value} -> {args[2].value}"
        case "_begin":
            return f"call {args[1]}"
        case "put":
            return f"write {str(args[0]).split('/', 1)[0]}"
        case "label_endpoint":
            return "call label"
        case _:
            return method


def daemon(job: Mapping[str, Any]) -> None:
    """One daemon: cycles an hour apart until nothing is open."""
    steps = Steps(Path(job["file"]), job["kill_before"])
    for method in COMMITS:
        watch(SqlLedger, method, steps)
    for kind, methods in CALLS.items():
        for method in methods:
            watch(kind, method, steps)
    guard = wiring.build(Path(job["config"]), job["environment"], may_act=True)
    with httpx.Client(base_url=job["environment"]["TUNEGUARD_SANDBOX"], timeout=20) as sandbox:
        for _ in range(job["cycles"]):
            result = guard.cycle.run(guard.clock.now())
            if result.skipped:
                raise RuntimeError("another daemon leads")
            if not guard.ledger.acts(open_only=True):
                break
            sandbox.post("/sandbox/clock", json={"advance": "1h"}).raise_for_status()
    steps.take("end")
    guard.close()


def load_everything() -> None:
    """Import what a daemon would import, once for all of them."""
    for name in SLOW_TO_LOAD:
        importlib.import_module(name)
    for room in ROOMS:
        package = importlib.import_module(f"guard.{room}")
        for found in pkgutil.walk_packages(package.__path__, f"guard.{room}."):
            if ".migrations" not in found.name:
                importlib.import_module(found.name)


def main() -> None:
    load_everything()
    for line in sys.stdin:
        job = json.loads(line)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                sys.stdout = sys.stderr
                daemon(job)
                code = 0
            except BaseException:  # noqa: BLE001  # whatever it is, the parent has to hear of it
                traceback.print_exc()
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        answer = {
            "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
            "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
        }
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
