"""A state machine over acts: whatever order daemons, people and crashes come in, the ledger keeps its promises."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from guard.core.reasons import BlockReason
from guard.core.removal import ARROWS, Act, ActState
from guard.ledger import chain, open_ledger
from guard.ports.ledger import Lease
from tests.ledger.build import (
    NOW,
    TTL,
    WORLD,
    a_check,
    a_recipe,
    adopt,
    an_act,
    an_approval,
)  # fmt: skip

SUBJECTS = [f"projects/1/locations/x/endpoints/{number}" for number in (1, 2)]
PER_DAY = 2
ATTEMPTS = 2


class LedgerMachine(RuleBasedStateMachine):
    """Two things, two daemons, one person, a clock that only moves on."""

    def __init__(self) -> None:
        super().__init__()
        memory = Path("/dev/shm")
        self.folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
        self.url = f"sqlite:///{self.folder}/ledger.db"
        self.ledger = open_ledger(self.url, world=WORLD, durable_hint=True)
        adopt(self.ledger)
        self.now = NOW
        self.lease: Lease | None = None
        self.former: list[Lease] = []
        self.states: dict[str, ActState] = {}
        self.intents: list[tuple[str, object]] = []
        self.attempts = itertools.count(1)

    @initialize()
    def begin(self) -> None:
        self.take_over("first")

    def teardown(self) -> None:
        self.ledger.close()
        shutil.rmtree(self.folder)

    @rule(holder=st.sampled_from(["one", "two"]))
    def take_over(self, holder: str) -> None:
        if self.lease is not None:
            self.former.append(self.lease)
            self.ledger.release_lease(self.lease)
        self.lease = self.ledger.acquire_lease(holder, TTL)
        assert self.lease is not None

    @rule()
    def crash(self) -> None:
        """The process goes; another one opens the ledger."""
        self.ledger.close()
        self.ledger = open_ledger(self.url, world=WORLD, durable_hint=True)

    @rule(hours=st.integers(1, 30))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(subject=st.sampled_from(SUBJECTS))
    def propose(self, subject: str) -> None:
        act = an_act(subject, attempt=next(self.attempts))
        assert self.ledger.propose(act)
        assert not self.ledger.propose(act)
        self.states[act.id] = act.state

    @rule(subject=st.sampled_from(SUBJECTS))
    def keep(self, subject: str) -> None:
        self.ledger.add_keep(subject, "ada@example.com", "demo", self.now, None)

    @rule(subject=st.sampled_from(SUBJECTS))
    def unkeep(self, subject: str) -> None:
        self.ledger.end_keeps(subject, "ada@example.com", self.now)

    @rule()
    def pause(self) -> None:
        self.ledger.pause("ada@example.com", "incident", self.now)

    @rule()
    def resume(self) -> None:
        self.ledger.resume("ada@example.com", "over", self.now)

    @precondition(lambda self: self.states)
    @rule(data=st.data())
    def approve(self, data: st.DataObject) -> None:
        act = self._some_act(data)
        self.ledger.approve(an_approval(act, made_at=self.now, expires_at=self.now + timedelta(hours=20)))

    @precondition(lambda self: self.states)
    @rule(data=st.data(), needs_approval=st.booleans(), stale=st.booleans())
    def intend(self, data: st.DataObject, needs_approval: bool, stale: bool) -> None:
        act = self._some_act(data)
        lease = self.former[-1] if stale and self.former else self.lease
        assert lease is not None
        before = self.ledger.act(act.id), self.ledger.high_water().events
        check = a_check(lease, needs_approval=needs_approval, attempts=ATTEMPTS, per_day=PER_DAY, now=self.now)

        found = self.ledger.intend(act.id, check, a_recipe(act), {"silent_hours": 91})

        if isinstance(found, BlockReason):
            assert (self.ledger.act(act.id), self.ledger.high_water().events) == before
            return
        assert lease == self.lease, "a former leader got an intent"
        assert self.ledger.paused() is None
        assert not any(keep.holds(self.now) for keep in self.ledger.keeps(act.key.subject))
        assert self.states[act.id] is ActState.DUE
        lately = [at for _, at in self.intents if at > self.now - timedelta(hours=24)]
        assert len(lately) < PER_DAY, "the throttle let one too many through"
        assert [subject for subject, _ in self.intents].count(act.key.subject) < ATTEMPTS
        if needs_approval:
            assert any(word.act_id == act.id for word in self.ledger.view(self.now).approvals)
        self.intents.append((act.key.subject, self.now))
        self.states[act.id] = ActState.INTENDED

    @precondition(lambda self: self.states)
    @rule(data=st.data())
    def move(self, data: st.DataObject) -> None:
        act = self._some_act(data)
        old = self.states[act.id]
        ways = sorted(ARROWS[old] - {ActState.INTENDED})
        if ways:
            new = data.draw(st.sampled_from(ways))
            assert self.ledger.move(act.id, old, new, self.now)
            assert not self.ledger.move(act.id, old, new, self.now)
            self.states[act.id] = new

    def _some_act(self, data: st.DataObject) -> Act:
        act = self.ledger.act(data.draw(st.sampled_from(sorted(self.states))))
        assert act is not None
        return act

    @invariant()
    def acts_are_where_their_arrows_led(self) -> None:
        assert {act.id: act.state for act in self.ledger.acts()} == self.states

    @invariant()
    def one_act_at_most_is_in_flight_on_a_thing(self) -> None:
        for subject in SUBJECTS:
            assert sum(act.state.is_in_flight for act in self.ledger.acts(subject=subject)) <= 1

    @invariant()
    def every_intent_left_a_recipe(self) -> None:
        assert len(self.ledger.recipes()) == len(self.intents)

    @invariant()
    def the_chain_is_sound(self) -> None:
        with self.ledger._database.read() as connection:
            assert chain.verify(connection).problems == ()


LedgerMachine.TestCase.settings = settings(max_examples=10, stateful_step_count=25, deadline=None)
TestLedgerMachine = LedgerMachine.TestCase
