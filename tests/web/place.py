"""A small world that the real guard has looked at, and the page on its ledger: in process, or served on a port for browsers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.testclient import TestClient

from guard import wiring
from guard.config import load
from guard.core.access import AccessRules, DoorSettings, Identity, Login, Role
from guard.desk import LedgerDesk
from guard.desk.fleet import Boards
from guard.ledger import SqlLedger, open_ledger
from guard.web import sessions
from guard.web.app import create_app
from guard.web.house import House
from guard.wiring.money import accounting
from tests.e2e.harness import Harness, a_harness

SCENARIO = """
start: 2026-11-02T00:00:00Z
seed: 5
world_id: web
projects:
  - {id: demo-research, number: "100000000001", locations: [us-central1]}
  - {id: demo-product, number: "100000000002", locations: [us-central1]}
endpoints:
  - {id: 1001, display_name: forgotten-gpu, project: demo-research, location: us-central1, labels: {owner: ml},
      deploy: [{id: 11, machine: g2-standard-12, accelerator: NVIDIA_L4}],
      traffic: {pattern: burst_then_forgotten, until: -20d}}
  - {id: 1002, display_name: busy, project: demo-research, location: us-central1, labels: {owner: ml, team: search},
      deploy: [{id: 12, machine: n1-standard-4}], traffic: busy}
  - {id: 1003, display_name: waiting, project: demo-research, location: us-central1, labels: {owner: shop},
      deploy: [{id: 13, machine: n1-standard-4}], traffic: {pattern: burst_then_forgotten, until: -20d}}
  - {id: 1005, display_name: twins, project: demo-research, location: us-central1,
      deploy: [{id: 15, machine: n1-standard-4}], traffic: busy}
  - {id: 1006, display_name: twins, project: demo-research, location: us-central1,
      deploy: [{id: 16, machine: n1-standard-4}], traffic: busy}
  - {id: 1009, display_name: strange, project: demo-research, location: us-central1,
      deploy: [{id: 19, machine: q9-mega-1}], traffic: busy}
  - {id: 1010, display_name: empty-shell, project: demo-research, location: us-central1}
  - {id: 1011, display_name: "<b>bold</b> & 'quoted'", project: demo-product, location: us-central1,
      deploy: [{id: 20, machine: n1-standard-4}], traffic: busy}
"""
CONFIG = """\
mode: approve
projects: [demo-research, demo-product]
locations: [us-central1]
every: 1h
owners: {from: [label:owner, creator], fallback: ops}
notify: {ops: "SINK", ml: "SINK", shop: "SINK"}
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
budgets: [{name: all, monthly: 10 USD, alert_at: [50%]}]
"""
RULES = AccessRules(
    roles={
        Role.VIEWER: ("vera@example.com",),
        Role.OWNER: ("olga@example.com",),
        Role.OPERATOR: ("ada@example.com", "bob@example.com"),
    },
    owners={"olga@example.com": ("ml",)},
)


TEAM: dict[str, Any] = {
    "login": Login.OIDC,
    "access": RULES,
    "issuer": "http://127.0.0.1:1",
    "client_id": "tests",
    "client_secret": "s3cret",
}
"""The door for a team; nobody asks the issuer, because tests make the sessions."""


def door_of(harness: Harness) -> DoorSettings:
    """The door as the harness's guard.yaml describes it: by one-time link."""
    return load(harness.config, harness.environment).web


@dataclass
class PageClock:
    """The page's wall clock, which a test may move so that a session ends."""

    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Place:
    """The world, the guard, and the page on the guard's ledger."""

    harness: Harness
    ledger: SqlLedger
    desk: LedgerDesk
    house: House
    app: FastAPI
    port: int
    clock: PageClock

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cookie(self, who: str = "ada") -> tuple[str, str]:
        """Sign somebody in; returns their cookie's name and value."""
        identity = Identity(login=self.house.settings.login, name=who, email=f"{who}@example.com")
        return self.app.state.addresses.session_cookie, sessions.begin(self.house, identity).secret

    def browser(self, who: str = "ada") -> TestClient:
        """A client without a browser's engine that is signed in."""
        name, value = self.cookie(who)
        headers = {"accept": "text/html", "origin": self.url, "sec-fetch-site": "same-origin"}
        return TestClient(self.app, base_url=self.url, headers=headers, cookies={name: value}, follow_redirects=False)

    def look(self, hours: float = 0) -> None:
        """Let time pass, then let the guard look."""
        self.harness.advance(hours)
        self.harness.cycle()


@contextmanager
def a_place(folder: Path, *, scenario: str = SCENARIO, config: str = CONFIG, port: int = 9465) -> Iterator[Place]:
    """Step the guard until two removals are due and wait for a word."""
    folder.mkdir(parents=True, exist_ok=True)
    with a_harness(folder, scenario=scenario, config=config) as harness:
        harness.steps(3)
        harness.cycle()
        with a_page(harness, port) as place:
            yield place


@contextmanager
def a_page(harness: Harness, port: int) -> Iterator[Place]:
    """The page on a harness's ledger, as `tuneguard web` puts it together, but for the way in: sessions are made by the test."""
    with on_ledger(harness, replace(door_of(harness), port=port, **TEAM)) as place:
        yield place


@contextmanager
def on_ledger(harness: Harness, settings: DoorSettings) -> Iterator[Place]:
    """The page on a harness's ledger, behind a door."""
    environment = harness.environment
    ledger = open_ledger(environment["TUNEGUARD_LEDGER"], world=harness.guard.ledger.info().world, durable_hint=True)
    desk = LedgerDesk(
        ledger,
        wiring.clock_of_environment(environment),
        accounting(harness.config, environment),
        None,
        user=lambda: "tests",
    )
    desk._boards = Boards(patience=timedelta(seconds=30))
    clock = PageClock()
    house = House(desk=lambda: desk, book=ledger, now=clock.now, settings=settings, monotonic=time.monotonic)
    app = create_app(house, port=settings.port)
    try:
        yield Place(harness, ledger, desk, house, app, settings.port, clock)
    finally:
        ledger.close()


class Served:
    """The page on its port; can be stopped and started again."""

    def __init__(self, app: Any, port: int) -> None:
        self._app = app
        self._port = port
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        config = uvicorn.Config(
            self._app, host="127.0.0.1", port=self._port, log_level="error", access_log=False, lifespan="off"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 20
        while not self._server.started:
            assert time.monotonic() < deadline, "the page did not start"
            time.sleep(0.01)

    def stop(self) -> None:
        assert self._server is not None
        assert self._thread is not None
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(10)
