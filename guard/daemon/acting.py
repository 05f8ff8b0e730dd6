"""The acting half of a cycle: which due acts may be carried out now, side by side, and what became of those in flight.

Every gate that holds all acts back is asked here by name, so that a plan that does not happen says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from guard.core.names import endpoint_of
from guard.core.reasons import BlockReason
from guard.core.removal import Act, ActState
from guard.core.rules import Mode, Rules
from guard.core.settings import backtest_digest, learns
from guard.core.usage import Usage
from guard.core.verdict import Stage
from guard.daemon.rejudge import Rejudge
from guard.ports.ledger import Ledger, LedgerInfo
from guard.telemetry import events, logging

log = logging.get()

SIDE_BY_SIDE = 64
"""Acts sent at once, as many as the connections hold. An act is five calls one after the other, so at 80 ms a call 300 acts take
1.9 s at least. The platform takes 60 long-running operations a minute and region by default.
"""


@dataclass(frozen=True, slots=True)
class Did:
    """What became of one act in this cycle."""

    act: Act
    state: ActState
    block: BlockReason | None = None
    detail: str = ""
    ours: bool = False  # our own finished operation
    new_name: str | None = None  # a restore's new deployed model or endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What one cycle hands to whoever acts."""

    now: datetime
    rules_of: Callable[[str], Rules]
    config_digest: str
    rejudge: Rejudge
    accepted: frozenset[str]  # digests of the policies whose backtest a person has accepted
    fresh_usage: Callable[[str], Mapping[str, Usage]]  # project number -> usage up to now; raises Unavailable
    brought_back: Callable[[Act, str], None] = lambda _act, _name: None
    checkpoints: Callable[[str], None] = field(default=lambda _point: None)


class Acting(Protocol):
    """Implemented in wiring with guard.acts: the daemon holds no client that changes something."""

    def settle(self, act: Act, now: datetime, *, nothing_in_flight: bool) -> Did: ...

    def execute(self, act: Act, orders: Orders) -> Did: ...

    def restore(self, act: Act, orders: Orders, *, nothing_in_flight: bool) -> Did: ...

    def claim(self, project: str, now: datetime) -> str | None:
        """Hold this ledger's claim on a project; None if held, else why not."""
        ...

    def mark_removed(self, act: Act, now: datetime) -> None:
        """Leave the label `tuneguard-removed` on the shell, where nothing manages it."""
        ...


@dataclass(frozen=True, slots=True)
class Gates:
    """What holds every act back, asked once a cycle."""

    paused: bool
    adopted: bool
    durable: bool

    def block(self) -> BlockReason | None:
        """The first reason that holds everything back, or None."""
        if self.paused:
            return BlockReason.PAUSED
        if not self.adopted:
            return BlockReason.LEDGER_NOT_ADOPTED
        if not self.durable:
            return BlockReason.LEDGER_NOT_DURABLE
        return None


def gates(ledger: Ledger, info: LedgerInfo) -> Gates:
    """Ask the ledger. A sandbox's world ends with its process, so there a ledger need not outlive one."""
    return Gates(
        paused=ledger.paused() is not None,
        adopted=info.adopted_at is not None,
        durable=info.durable,
    )


def settle_all(
    acts: Iterable[Act], acting: Acting, now: datetime, *, term: int, held_for: timedelta, quiet_after: timedelta
) -> list[Did]:
    """Ask what became of every removal in flight. An intent of an earlier term counts as in flight until a call that its
    daemon may have been sending must have ended (`quiet_after`, machine time, from the start of our term).
    """
    in_flight = [act for act in acts if act.state.is_in_flight and act.key.stage is not Stage.RESTORE]
    return _side_by_side(
        in_flight, lambda act: acting.settle(act, now, nothing_in_flight=act.term == term or held_for >= quiet_after)
    )


def act_now(due: Sequence[Act], acting: Acting, orders: Orders, gate: BlockReason | None) -> list[Did]:
    """Carry out what is due: one act an endpoint at a time, projects without a claim left alone."""
    held: list[Did] = []
    free: list[Act] = []
    for act in due:
        block = gate or _mode_block(act, orders) or _backtest_block(act, orders)
        if block is None:
            free.append(act)
        else:
            held.append(Did(act, act.state, block))
    claims = _claims({act.project for act in free}, acting, orders.now)
    first: dict[str, Act] = {}
    for act in free:
        why = claims[act.project]
        if why is not None:
            held.append(Did(act, act.state, BlockReason.NO_CLAIM, why))
        elif endpoint_of(act.key.subject) in first:
            held.append(Did(act, act.state, BlockReason.ALREADY_RUNNING, "another act on its endpoint goes first"))
        else:
            first[endpoint_of(act.key.subject)] = act
    return held + _side_by_side(list(first.values()), lambda act: acting.execute(act, orders))


def restore_now(
    restores: Sequence[Act],
    acting: Acting,
    orders: Orders,
    gate: BlockReason | None,
    *,
    term: int,
    nothing_in_flight: bool,
) -> list[Did]:
    """Take the next step of every restore. A person asked for it (or the policy, after a wrong removal), so it needs no
    approval; observe mode, a pause, a missing claim and an unadopted ledger hold it like any other change.
    """
    results: list[Did] = []
    free: list[Act] = []
    for act in restores:
        block = gate or _mode_block(act, orders)
        why = acting.claim(act.project, orders.now) if block is None else None
        if block is not None:
            results.append(Did(act, act.state, block))
        elif why is not None:
            results.append(Did(act, act.state, BlockReason.NO_CLAIM, why))
        else:
            free.append(act)
    return results + _side_by_side(
        free, lambda act: acting.restore(act, orders, nothing_in_flight=nothing_in_flight or act.term == term)
    )


def _mode_block(act: Act, orders: Orders) -> BlockReason | None:
    return BlockReason.OBSERVE_MODE if orders.rules_of(act.project_id).mode is Mode.OBSERVE else None


def _backtest_block(act: Act, orders: Orders) -> BlockReason | None:
    """A policy that learns its waits acts only after a person has accepted its backtest."""
    policies = orders.rules_of(act.project_id).policies
    policy = next((one for one in policies if one.name == act.policy), None)
    if policy is None or not learns(policy) or backtest_digest(policy) in orders.accepted:
        return None
    return BlockReason.BACKTEST_NOT_ACCEPTED


def _claims(projects: Iterable[str], acting: Acting, now: datetime) -> Mapping[str, str | None]:
    return {project: acting.claim(project, now) for project in projects}


def _side_by_side(acts: Sequence[Act], work: Callable[[Act], Did]) -> list[Did]:
    def one(act: Act) -> Did:
        try:
            return work(act)
        except Exception as error:  # a failure with one act stops no other; its state is in the ledger
            log.exception(events.ACT_FAILED, act_id=act.id, endpoint_id=act.key.subject)
            return Did(act, act.state, BlockReason.UNKNOWN_OUTCOME, f"{type(error).__name__}: {error}")

    if len(acts) <= 1:
        return [one(act) for act in acts]
    with ThreadPoolExecutor(max_workers=min(SIDE_BY_SIDE, len(acts)), thread_name_prefix="act") as pool:
        return list(pool.map(one, acts))
