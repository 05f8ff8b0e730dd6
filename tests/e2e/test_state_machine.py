"""Anything may happen, in any order: traffic, people, faults, two daemons, crashes. Whatever happens, what the sandbox has seen
removed was idle, unkept, old enough, announced, intended and written down; and nothing was removed twice.

TUNEGUARD_LONG=N runs N times as many sequences.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections import Counter
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from guard import wiring
from guard.core.plan import NoticeKind
from guard.core.removal import Act, ActState
from guard.core.restore import restore_act
from guard.core.verdict import Stage
from guard.ports.errors import GuardError
from guard.ports.mutations import CALL_TIMEOUT
from tests.e2e.fleets import FOUR_IDLE
from tests.e2e.harness import CONFIG, PROJECT, Harness, a_harness, skip

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

NAMES = {"one": "1001", "busy": "1002", "three": "1003", "four": "1004"}
WHERE = f"projects/{PROJECT}/locations/us-central1/endpoints/"
NOTICE = timedelta(hours=2)
GRACE = timedelta(hours=1)
SHORTEST_WAIT = timedelta(hours=6)
"""No break-even wait of this fleet is shorter: eight minutes down at 0.50 USD for the dearest of them (0.76 USD an hour)."""
SEEN_AFTER = timedelta(minutes=6)
"""When a request can be read from the metrics at the latest."""
FAULTS: list[dict[str, Any]] = [
    {"kind": "answer_dropped", "method": "UndeployModel", "count": 1},
    {"kind": "server_error", "method": "UndeployModel", "count": 1},
    {"kind": "rate_limited", "method": "UndeployModel", "count": 1},
    {"kind": "operation_fails", "method": "UndeployModel", "count": 1},
    {"kind": "answer_dropped", "method": "DeployModel", "count": 1},
    {"kind": "no_capacity"},
    {"kind": "server_error", "service": "monitoring"},
    {"kind": "permission_lost", "service": "storage"},
    {"kind": "server_error", "method": "ListEndpoints"},
    {"kind": "listing_shrinks", "method": "ListEndpoints", "keep": 0.5},
    {"kind": "labels_empty"},
    {"kind": "series_missing"},
]
HAPPENED: Counter[str] = Counter()
"""What all sequences together came to: a machine that never gets anywhere would prove nothing."""
POINTS = ["looked", "copied", "intended", "called", "started"]


class Killed(BaseException):  # what a SIGKILL is to the process: nothing catches it
    """The daemon is gone in the middle of what it did."""


class World(RuleBasedStateMachine):
    """The sandbox, two daemons and everybody else."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.folder = Path(tempfile.mkdtemp(prefix="tuneguard-machine-"))
        self.harness: Harness = self.stack.enter_context(a_harness(self.folder, scenario=FOUR_IDLE, config=CONFIG))
        self.kill_at: str | None = None
        self.daemons: dict[str, wiring.Guard] = {}
        self.kept: set[str] = set()  # by label
        self.labels_hidden = False  # the platform shows none: what it never showed nobody can know
        self.used: dict[str, datetime] = {}
        self.judged: set[str] = set()  # operations looked at
        self.removed: set[tuple[str, str]] = set()
        self.made = 100

    @initialize()
    def adopted(self) -> None:
        self.harness.checkpoints = self._checkpoint
        self._daemon("a")

    def teardown(self) -> None:
        try:
            self.quiet_at_the_end()
        finally:
            for guard in self.daemons.values():
                guard.close()
            self.stack.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    # everybody else ---------------------------------------------------------------------------------------------------

    @rule(hours=st.sampled_from([0.2, 1, 2, 7, 26]))
    def time_goes_on(self, hours: float) -> None:
        self.harness.advance(hours)

    @rule(name=st.sampled_from(sorted(NAMES)))
    def traffic_arrives(self, name: str) -> None:
        self.harness.change(requests={"endpoint": name, "requests": 2})
        self.used[name] = self.now

    @rule(name=st.sampled_from(sorted(NAMES)), on=st.booleans())
    def somebody_labels(self, name: str, on: bool) -> None:
        change = {"set": {"tuneguard-keep": "true"}} if on else {"remove": ["tuneguard-keep"]}
        self.harness.change(label={"endpoint": name, **change})
        (self.kept.add if on else self.kept.discard)(name)

    @rule(name=st.sampled_from(sorted(NAMES)), on=st.booleans())
    def somebody_says_keep(self, name: str, on: bool) -> None:
        for deployed in self.harness.deployed(NAMES[name]):
            subject = f"{WHERE}{NAMES[name]}/deployedModels/{deployed}"
            if on:
                self.ledger.add_keep(subject, "ada", "needed", self.now, self.now + timedelta(days=2))
            else:
                self.ledger.end_keeps(subject, "ada", self.now)

    @rule(on=st.booleans())
    def somebody_pauses(self, on: bool) -> None:
        (self.ledger.pause if on else self.ledger.resume)("ada", "incident", self.now)

    @rule(name=st.sampled_from(sorted(NAMES)))
    def somebody_deploys(self, name: str) -> None:
        if not self.harness.deployed(NAMES[name]):
            self.made += 1
            self.harness.change(deploy={"endpoint": name, "deploy": {"id": self.made}})

    @rule(name=st.sampled_from(["one", "three"]))
    def somebody_undeploys(self, name: str) -> None:
        if len(self.harness.deployed(NAMES[name])) == 1:
            self.harness.change(undeploy={"endpoint": name})

    @rule()
    def somebody_orders_a_restore(self) -> None:
        ordered = {act.recipe_id for act in self.ledger.acts() if act.key.stage is Stage.RESTORE}
        for act in self.ledger.acts():
            if act.key.stage is Stage.UNDEPLOY and act.state is ActState.VERIFIED and act.recipe_id not in ordered:
                self.ledger.propose(restore_act(act, 1, self.now, asked_by="ada"))
                return

    @rule(fault=st.sampled_from(FAULTS))
    def a_fault_comes(self, fault: dict[str, Any]) -> None:
        self.harness.fault(**fault)
        self.labels_hidden |= fault["kind"] == "labels_empty"

    @rule()
    def faults_go(self) -> None:
        self.harness.clear_faults()
        self.labels_hidden = False

    # daemons ----------------------------------------------------------------------------------------------------------

    @rule(who=st.sampled_from("ab"), hours=st.integers(1, 4))
    def a_daemon_runs(self, who: str, hours: int) -> None:
        for _ in range(hours):
            self._cycle(who)
            self.harness.advance(1)

    @rule(who=st.sampled_from("aab"), point=st.sampled_from(POINTS))
    def a_daemon_runs_until_it_is_killed(self, who: str, point: str) -> None:
        """Killed at a point of an act, if it gets to one in time; another one takes over."""
        self.kill_at = point
        try:
            for _ in range(4):
                self._cycle(who)
                if who not in self.daemons:
                    self._expire("a" if who == "b" else "b")
                    break
                self.harness.advance(1)
        finally:
            self.kill_at = None

    @precondition(lambda self: self.daemons)
    @rule(successor=st.sampled_from("ab"))
    def leases_run_out(self, successor: str) -> None:
        """The leader hangs for half a minute; another one leads."""
        self._expire(successor)

    # what must hold ---------------------------------------------------------------------------------------------------

    @invariant()
    def whatever_went_was_rightly_removed(self) -> None:
        if not self.daemons:
            return
        world = self.harness.running.world
        for operation in list(world.operations.values()):
            if operation.method != "UndeployModel" or operation.name in self.judged:
                continue
            self.judged.add(operation.name)
            endpoint = operation.resource.rsplit("/", 1)[-1]
            name = next((one for one, id_ in NAMES.items() if id_ == endpoint), "far")
            subject = f"{operation.resource}/deployedModels/{operation.subject}"
            began = datetime.fromisoformat(operation.metadata["genericMetadata"]["createTime"])
            self._was_idle(name, subject, began)
            self._was_told_and_written(subject, began)
            if operation.error is None:
                assert (operation.resource, operation.subject) not in self.removed, f"{subject} was removed twice"
                self.removed.add((operation.resource, operation.subject))
                HAPPENED["removals"] += 1

    @invariant()
    def no_act_is_intended_twice(self) -> None:
        for act in self.ledger.acts() if self.daemons else ():
            states = [event.state for event in self.ledger.act_events(act.id)]
            assert states.count(ActState.INTENDED) <= 1

    @invariant()
    def a_saving_is_claimed_for_finished_operations_only(self) -> None:
        if not self.daemons:
            return
        for saving in self.ledger.savings():
            act = self.ledger.act(saving.act_id)
            assert act is not None
            assert act.state is ActState.VERIFIED
            assert act.operation is not None
            operation = self.harness.running.world.operations[act.operation]
            assert operation.done
            assert operation.error is None

    def quiet_at_the_end(self) -> None:
        """With faults gone and a daemon running, everything that was begun comes to its end."""
        if not self.daemons:
            return
        self.faults_go()
        self.ledger.resume("ada", "over", self.now)
        self._expire()
        for _ in range(16):
            self._cycle("a")
            self.harness.advance(1)
        begun = [
            act for act in self.ledger.acts() if act.intended_at and act.intended_at < self.now - timedelta(hours=5)
        ]
        assert not [act for act in begun if act.state.is_in_flight]
        HAPPENED["restores"] += sum(
            act.key.stage is Stage.RESTORE and act.state is ActState.VERIFIED for act in self.ledger.acts()
        )
        self.whatever_went_was_rightly_removed()

    # ------------------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return self.harness.running.world.now()

    @property
    def ledger(self) -> Any:
        return self._daemon("a").ledger

    def _daemon(self, who: str) -> wiring.Guard:
        if who not in self.daemons:
            self.daemons[who] = self.harness.open()
            self.harness.guards.remove(self.daemons[who])
        return self.daemons[who]

    def _checkpoint(self, point: str) -> None:
        if point == self.kill_at:
            raise Killed(point)

    def _cycle(self, who: str) -> None:
        guard = self._daemon(who)
        try:
            guard.cycle.run(guard.clock.now())
        except GuardError:
            pass  # the daemon's scheduler counts it and goes on
        except Killed:
            HAPPENED["crashes"] += 1
            dead = self.daemons.pop(who)
            dead.connection.close()  # its lease stays where it is, as after a SIGKILL
            dead.ledger.close()

    def _expire(self, successor: str = "a") -> None:
        with sqlite3.connect(self.folder / "ledger.db") as database:
            database.execute("UPDATE lease SET expires_ms = 1")
        database.close()
        for guard in self.daemons.values():
            skip(guard, 31)
        guard = self._daemon(successor)
        guard.leadership.ensure()
        skip(guard, CALL_TIMEOUT.total_seconds() + 1)

    def _was_idle(self, name: str, subject: str, began: datetime) -> None:
        assert name != "busy", "it is called all the time"
        assert name not in self.kept or self.labels_hidden, f"{subject} is kept by its label"
        keeps = [keep for keep in self.ledger.keeps(subject) if keep.who == "ada"]
        for keep in keeps:
            held = keep.made_at < began and (keep.ended_at is None or keep.ended_at > began)
            assert not (held and (keep.until is None or keep.until > began)), f"{subject} is kept by a person"
        last = self.used.get(name)
        if last is not None and last <= began - SEEN_AFTER:
            assert began - last >= SHORTEST_WAIT, f"{subject} was called {began - last} before"
        act = self._act_of(subject)
        created = datetime.fromisoformat(act.key.generation.partition("/")[0])
        assert began - created >= GRACE, f"{subject} is young"

    def _was_told_and_written(self, subject: str, began: datetime) -> None:
        act = self._act_of(subject)
        assert act.noticed_at is not None
        assert act.intended_at is not None
        assert act.noticed_at + NOTICE <= act.intended_at <= began
        told = [item for item in self.ledger.notices(act_id=act.id) if item.notice.kind is NoticeKind.REMOVAL_AHEAD]
        assert any(item.delivered_at is not None and item.delivered_at <= act.intended_at for item in told)
        assert act.recipe_id is not None
        assert self.ledger.recipe(act.recipe_id) is not None
        paused = self.ledger.paused()
        assert paused is None or paused.at >= began

    def _act_of(self, subject: str) -> Act:
        """The latest act on it that was intended."""
        acts = [one for one in self.ledger.acts(subject=subject) if one.intended_at is not None]
        undeploys = [one for one in acts if one.key.stage is Stage.UNDEPLOY]
        assert undeploys, f"{subject} was removed without an intent"
        return max(undeploys, key=lambda one: one.key.attempt)


def test_whatever_happens_only_what_may_go_goes_and_once() -> None:
    HAPPENED.clear()
    times = int(os.environ.get("TUNEGUARD_LONG", "1"))
    run_state_machine_as_test(
        World,
        settings=settings(
            max_examples=8 * times,
            stateful_step_count=30,
            derandomize=times == 1,
            deadline=None,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )

    assert HAPPENED["removals"] >= 5
    assert HAPPENED["crashes"] >= 1
    assert HAPPENED["restores"] >= 1
