"""`tuneguard run` as a process, on a sandbox whose clock goes at speed 1, with a cycle each second."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from guard.core.removal import ActState
from guard.ledger import open_ledger
from tests.e2e.harness import CONFIG, ROOT, SCENARIO, TUNEGUARD, Harness, a_harness

pytestmark = pytest.mark.slow
EVERY_SECOND = (
    CONFIG.replace("wait: break_even", "wait: 24h").replace("notify_before: 2h", "notify_before: 2s")
    + "every: 1s\nhealth: {port: 0}\n"
)
QUICK = SCENARIO + "operations: {undeploy: 2s}\n"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Harness]:
    """A world whose clock goes by itself, and a ledger that a person has adopted."""
    with a_harness(tmp_path, scenario=QUICK, config=EVERY_SECOND) as harness:
        ledger = open_ledger(harness.environment["TUNEGUARD_LEDGER"], world=f"sandbox:{harness.running.world.id}")
        ledger.adopt("ada", "first use", harness.running.world.now())
        ledger.close()
        harness.running.world.clock.set_speed(1)
        yield harness


@dataclass
class Running:
    """A daemon's process and where it answers."""

    process: subprocess.Popen[str]
    health: httpx.Client

    def metrics(self) -> dict[str, float]:
        lines = self.health.get("/metrics").text.splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[:1] != "#")}

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


@contextmanager
def a_daemon(harness: Harness, name: str) -> Iterator[Running]:
    with (harness.folder / f"{name}.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [*TUNEGUARD, "run", "--config", str(harness.config)],
            cwd=ROOT,
            env=dict(os.environ) | harness.environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        assert process.stdout is not None
        try:
            ready = json.loads(process.stdout.readline())
            with httpx.Client(base_url=ready["health"], timeout=10) as health:
                yield Running(process, health)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(timeout=10)
            process.stdout.close()


def eventually(what: Callable[[], Any], within: float = 60) -> Any:
    """Ask until the answer is true."""
    deadline = time.monotonic() + within
    while not (answer := what()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return answer


def states(harness: Harness) -> list[ActState]:
    """The states of all acts, read past the daemon, quickly: one of them lasts only as long as a call."""
    with sqlite3.connect(harness.folder / "ledger.db", timeout=10) as database:
        rows = database.execute("SELECT state FROM acts").fetchall()
    database.close()
    return [ActState(state) for (state,) in rows]


def test_it_runs_answers_reloads_stops_in_the_middle_of_an_act_and_is_followed(world: Harness) -> None:
    world.fault("latency", method="UndeployModel", seconds=4)
    with a_daemon(world, "first") as first:
        # cycles, health
        eventually(lambda: first.metrics().get('tuneguard_cycles_total{outcome="completed"}', 0) >= 2)
        assert first.health.get("/livez").status_code == 200
        assert first.health.get("/readyz").json() == {"ok": True, "problem": ""}
        assert first.metrics()["tuneguard_leader"] == 1

        # SIGTERM while the call is on its way: it is waited for, and recorded
        eventually(lambda: states(world) == [ActState.INTENDED])
        assert first.end() == 0
    assert states(world) == [ActState.STARTED]
    log = (world.folder / "first.log").read_text(encoding="utf-8")
    assert "daemon.stopped" in log
    assert "Traceback" not in log

    with a_daemon(world, "second") as second:
        third = subprocess.Popen(
            [*TUNEGUARD, "run", "--config", str(world.config)],
            cwd=ROOT,
            env=dict(os.environ) | world.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        eventually(lambda: states(world) == [ActState.VERIFIED])
        assert world.done("UndeployModel") == 1

        # a second daemon on the ledger leads nothing and says so
        other = subprocess.run(
            [*TUNEGUARD, "run", "--once", "--config", str(world.config)],
            cwd=ROOT,
            env=dict(os.environ) | world.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (other.returncode, other.stdout) == (3, "")
        assert "another daemon leads" in other.stderr

        # nor does one that would stay: it sees the leader renew its lease, says so and ends
        out, err = third.communicate(timeout=60)
        assert (third.returncode, out) == (3, "")
        assert "another daemon leads on this ledger" in err
        assert "--standby" in err

        # a wrong guard.yaml changes nothing, is told, and a right one is taken up
        world.configure(EVERY_SECOND.replace("mode: enforce", "mode: enfroce"))
        eventually(lambda: second.metrics()["tuneguard_config_valid"] == 0)
        before = second.metrics()['tuneguard_cycles_total{outcome="completed"}']
        eventually(lambda: second.metrics()['tuneguard_cycles_total{outcome="completed"}'] > before)
        world.configure(EVERY_SECOND)
        eventually(lambda: second.metrics()["tuneguard_config_valid"] == 1)

        # a platform that is gone is told by /readyz or by what could not be seen, and the daemon lives
        world.fault("server_error", service="aiplatform")
        eventually(lambda: second.metrics()["tuneguard_scopes_failed"] > 0)
        assert second.health.get("/livez").status_code == 200
        world.clear_faults()
        eventually(lambda: second.metrics()["tuneguard_scopes_failed"] == 0)
        assert second.end() == 0
