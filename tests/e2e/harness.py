"""A guard, put together by the real wiring, on a sandbox of its own; stepped by the hour."""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from guard import wiring
from guard.core.removal import Act, ActState
from guard.core.verdict import Stage
from guard.daemon.cycle import Result
from guard.ports.clock import Clock
from guard.ports.mutations import CALL_TIMEOUT
from guard.sandbox.scenario.build import build as build_world
from guard.sandbox.scenario.load import parse
from guard.sandbox.server import Running, start_in_thread

ROOT = Path(__file__).parents[2]
TUNEGUARD = (sys.executable, "-c", "from guard.cli import main; main()")
"""The command line as a process, whether or not the package is installed."""
PROJECT = "100000000001"
SCENARIO = """
start: 2026-11-02T00:00:00Z
seed: 5
projects:
  - {id: demo-research, number: "100000000001", locations: [us-central1, europe-west4]}
endpoints:
  - id: 1001
    display_name: forgotten
    location: us-central1
    labels: {owner: ml}
    deploy: [{id: 11, machine: n1-standard-4}]
    traffic: {pattern: burst_then_forgotten, until: -9d}
  - id: 1002
    display_name: busy
    location: us-central1
    deploy: [{id: 12, machine: n1-standard-4}]
    traffic: busy
"""
CONFIG = """
mode: enforce
projects: [demo-research]
locations: [us-central1, europe-west4]
owners: {from: [label:owner, creator], fallback: ops}
notify: {ops: "SINK", ml: "SINK"}
if_wrong: {team: {per_minute_down: 0.5}}
bucket: gs://guard
policies:
  - name: default
    if_wrong: team
    wait: break_even
    notify_before: 2h
    grace: 1h
    do: [undeploy]
limits: {removals_per_day: 10}
"""
CHANGING = ("undeploy", "delete", "deploy", "create", "patch", "cancel", "mutate", "upload")


@dataclass
class Sink:
    """Receives webhooks; `refuse` answers 500 instead."""

    url: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)
    refuse: bool = False


@contextmanager
def a_sink() -> Iterator[Sink]:
    """A webhook receiver on the loopback."""
    sink = Sink()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if not sink.refuse:
                sink.messages.append(json.loads(body))
            self.send_response(500 if sink.refuse else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    sink.url = f"json://127.0.0.1:{server.server_port}"
    try:
        yield sink
    finally:
        server.shutdown()
        server.server_close()


class MovableClock:
    """A world's clock whose machine time can be moved on, so that no test has to wait for a lease to run out."""

    def __init__(self, inner: Clock) -> None:
        self._inner = inner
        self._skipped = 0.0

    def now(self) -> datetime:
        return self._inner.now()

    def monotonic(self) -> float:
        return self._inner.monotonic() + self._skipped

    def skip(self, seconds: float) -> None:
        self._skipped += seconds


@dataclass
class Harness:
    """One world, one or more guards on it."""

    running: Running
    folder: Path
    sink: Sink
    config: Path
    guards: list[wiring.Guard] = field(default_factory=list)
    checkpoints: Callable[[str], None] | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {"TUNEGUARD_SANDBOX": self.running.http, "TUNEGUARD_LEDGER": f"sqlite:///{self.folder / 'ledger.db'}"}

    @property
    def guard(self) -> wiring.Guard:
        if not self.guards:
            self.open()
        return self.guards[0]

    def open(
        self,
        *,
        ledger: str | None = None,
        adopt: bool = True,
        may_act: bool = True,
        identity: str | None = None,
        lease: timedelta | None = None,
    ) -> wiring.Guard:
        """Put a guard together as the command line does; its machine time can be moved (`guard.clock.skip`)."""
        environment = self.environment | ({"TUNEGUARD_LEDGER": ledger} if ledger else {})
        environment |= {"TUNEGUARD_IDENTITY": identity} if identity else {}
        clock = MovableClock(wiring.clock_of_environment(environment))
        guard = wiring.build(
            self.config, environment, may_act=may_act, checkpoints=self.checkpoints, clock=clock, lease=lease
        )
        if adopt and guard.ledger.info().adopted_at is None:
            guard.ledger.adopt("tests", "a test's ledger", guard.clock.now())
        self.guards.append(guard)
        return guard

    def configure(self, text: str) -> None:
        """Write another guard.yaml; a guard that runs takes it up at once."""
        self.config.write_text(text.replace("SINK", self.sink.url), encoding="utf-8")
        for guard in self.guards:
            guard.in_force.reload()

    def cycle(self, guard: wiring.Guard | None = None) -> Result:
        """Run one cycle at the world's present instant."""
        chosen = guard or self.guard
        return chosen.cycle.run(chosen.clock.now())

    def advance(self, hours: float = 1) -> None:
        self.running.world.clock.advance(timedelta(hours=hours))

    def steps(self, count: int) -> list[Result]:
        """Run a cycle and advance an hour, so many times."""
        results = []
        for _ in range(count):
            results.append(self.cycle())
            self.advance()
        return results

    def take_over(self) -> wiring.Guard:
        """A fresh daemon after one that died: the dead one's lease has run out, and any call that it may have sent is over."""
        with sqlite3.connect(self.folder / "ledger.db") as database:
            database.execute("UPDATE lease SET expires_ms = 1")
        database.close()
        guard = self.open()
        guard.leadership.ensure()
        skip(guard, CALL_TIMEOUT.total_seconds() + 1)
        self.guards.remove(guard)
        self.guards.insert(0, guard)
        return guard

    def until_settled(self, most: int = 12) -> list[Result]:
        """Step until every act that was begun is settled."""
        results: list[Result] = []
        for _ in range(most):
            results.append(self.cycle())
            if self.acts() and not any(act.state.is_open for act in self.acts()):
                break
            self.advance()
        return results

    def acts(self, stage: Stage | None = None) -> list[Act]:
        return [act for act in self.guard.ledger.acts() if stage is None or act.key.stage is stage]

    def states(self) -> dict[str, ActState]:
        """Display name -> state of its latest act."""
        return {act.display_name: act.state for act in self.acts()}

    def changes(self) -> list[Any]:
        """Every call that changed something in Vertex AI, or tried to."""
        return [call for call in list(self.running.world.calls) if call.changes and call.service == "aiplatform"]

    def deployed(self, endpoint: str, location: str = "us-central1", project: str = PROJECT) -> list[str]:
        """Ids of the models that are on an endpoint in the sandbox's own store."""
        self.running.world.settle()
        with self.running.world.lock:
            body = dict(self.running.world.store.all("endpoints")).get(
                f"projects/{project}/locations/{location}/endpoints/{endpoint}", {}
            )
            return [str(one["id"]) for one in body.get("deployedModels", [])]

    def done(self, method: str) -> int:
        """How many operations of a method the sandbox has accepted and not failed, whatever the caller was told."""
        self.running.world.settle()
        with self.running.world.lock:
            operations = list(self.running.world.operations.values())
        return sum(1 for one in operations if one.method == method and one.error is None)

    def hurry(self, seconds: float = 0.5) -> None:
        """Let a changing call time out sooner than in eight seconds, so that no test has to wait for it."""
        acting: Any = self.guard.cycle._p.acting
        acting._mutations._timeout = seconds

    def before_acting(self, happening: Callable[[], None]) -> None:
        """Let something happen once, after the plan was made and before the next act is looked at again."""
        acting: Any = self.guard.cycle._p.acting
        claim = acting.claim

        def claiming(project: str, now: datetime) -> str | None:
            acting.claim = claim
            happening()
            why: str | None = claim(project, now)
            return why

        acting.claim = claiming

    def fault(self, kind: str, **scope: Any) -> None:
        with httpx.Client(base_url=self.running.http, timeout=10) as client:
            answer = client.post("/sandbox/faults", json={"kind": kind, **scope})
            assert answer.status_code < 300, answer.text

    def clear_faults(self) -> None:
        with httpx.Client(base_url=self.running.http, timeout=10) as client:
            client.delete("/sandbox/faults")

    def change(self, **what: Any) -> None:
        """Somebody does something by hand."""
        with httpx.Client(base_url=self.running.http, timeout=10) as client:
            answer = client.post("/sandbox/change", json=what)
            assert answer.status_code < 300, answer.text

    def told(self) -> str:
        """Everything that arrived, as one text."""
        return "\n".join(f"{message.get('title', '')}\n{message.get('message', '')}" for message in self.sink.messages)


def skip(guard: wiring.Guard, seconds: float) -> None:
    """Move a guard's machine time on."""
    assert isinstance(guard.clock, MovableClock)
    guard.clock.skip(seconds)


@contextmanager
def a_harness(folder: Path, *, scenario: str = SCENARIO, config: str = CONFIG) -> Iterator[Harness]:
    """Start a world with the guard's bucket and hand out its harness; everything is closed at the end."""
    world = build_world(parse(scenario))
    with start_in_thread(world) as running, a_sink() as sink:
        with httpx.Client(base_url=running.http, timeout=10) as client:
            client.post("/storage/v1/b?project=demo-research", json={"name": "guard"}).raise_for_status()
        path = folder / "guard.yaml"
        harness = Harness(running, folder, sink, path)
        harness.configure(config)
        try:
            yield harness
        finally:
            for guard in harness.guards:
                guard.close()
