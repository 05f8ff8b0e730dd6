"""What became of an act in flight: ask the operation, look afresh, and say verified, failed, or still unknown.

Operations are never waited for inside a cycle. A time-out was unknown, never failed: it is settled here by what the
platform shows, and only if nothing can be in flight any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from guard.acts.errors import NO_CAPACITY_CODE, from_operation
from guard.core.model import Endpoint
from guard.core.names import endpoint_of
from guard.core.reasons import BlockReason
from guard.core.removal import Act, ActState
from guard.core.subjects import deployed_generation, iso
from guard.core.verdict import Stage
from guard.ports.errors import GuardError
from guard.ports.inventory import Inventory, OperationState
from guard.ports.ledger import Ledger
from guard.telemetry import events, logging

TRACE_WITHIN = timedelta(minutes=15)
"""Domain time after which a call that left no trace (thing still there, no operation) is taken as never arrived."""

CLOCKS_APART = timedelta(minutes=2)
"""How far the platform's clock may be behind ours when an operation is told from an earlier one."""

OPERATION_KINDS = {
    Stage.UNDEPLOY: "UndeployModelOperationMetadata",
    Stage.DELETE_ENDPOINT: "DeleteOperationMetadata",
    Stage.DELETE_MODEL: "DeleteOperationMetadata",
}
"""Metadata of each stage's operation (cloud.google.com/vertex-ai/docs/reference/rpc, read 2026-11-24)."""

DONE_BUT_THERE = timedelta(hours=1)
"""How long a finished operation may disagree with a fresh read before the act counts as failed."""

log = logging.get()


@dataclass(frozen=True, slots=True)
class Settled:
    """Where an act in flight stands now. `ours` is True only after our own operation finished (savings count then)."""

    act: Act
    state: ActState
    detail: str
    ours: bool = False
    block: BlockReason | None = None


class Settler:
    """Settles removals in flight; restores have their own path (restoring.py)."""

    def __init__(self, *, inventory: Inventory, ledger: Ledger) -> None:
        self._inventory = inventory
        self._ledger = ledger

    def settle(self, act: Act, *, now: datetime, nothing_in_flight: bool) -> Settled:
        """Settle one removal. `nothing_in_flight`: no process can still be sending its call (lease and time-out over)."""
        if act.state is ActState.INTENDED:
            if not nothing_in_flight:
                return Settled(act, act.state, "its call may still be on its way")
            detail = "the daemon that intended it is gone; whether it called is unknown"
            self._ledger.move(act.id, act.state, ActState.UNKNOWN, now, detail=detail)
            log.warning(events.ACT_UNKNOWN, act_id=act.id, endpoint_id=act.key.subject, detail=detail)
            act = self._ledger.act(act.id) or act
        try:
            return self._ask(act, now)
        except GuardError as error:
            return Settled(act, act.state, f"the platform could not be asked: {error}")

    def _ask(self, act: Act, now: datetime) -> Settled:
        operation = self._inventory.operation(act.operation) if act.operation else self._trace(act, now)
        act = self._ledger.act(act.id) or act
        if operation is not None and operation.known:
            if not operation.done:
                if act.state is ActState.UNKNOWN:
                    self._ledger.move(act.id, act.state, ActState.STARTED, now, detail="its operation is running")
                return Settled(act, ActState.STARTED, "its operation is running")
            if operation.error is not None:
                return self._failed(act, now, operation)
        gone, what = self._gone(act)
        if gone:
            ours = operation is not None and operation.known and operation.done
            return self._move(act, ActState.VERIFIED, now, what, ours=ours or act.key.stage is Stage.CANCEL_JOB)
        since = now - (act.intended_at or act.updated_at)
        if operation is None or not operation.known:
            if act.key.stage is Stage.CANCEL_JOB and act.state is ActState.STARTED:
                return Settled(act, act.state, what)
            if since >= TRACE_WITHIN:
                return self._move(
                    act, ActState.FAILED, now, f"{what}, and no operation runs on it: the call never arrived"
                )
            return Settled(act, act.state, what)
        if since >= DONE_BUT_THERE:
            return self._move(act, ActState.FAILED, now, f"its operation says done, but {what}")
        return Settled(act, act.state, f"its operation says done, but {what}")

    def _trace(self, act: Act, now: datetime) -> OperationState | None:
        """Find the operation of a call whose answer was lost: of the stage's kind, begun since the intent."""
        kind = OPERATION_KINDS.get(act.key.stage)
        if kind is None or act.intended_at is None:
            return None
        since = act.intended_at - CLOCKS_APART
        for one in self._inventory.operations_on(endpoint_of(act.key.subject)):
            if one.kind == kind and one.began_at is not None and one.began_at >= since:
                self._ledger.move(
                    act.id, act.state, ActState.STARTED, now, operation=one.name, detail="found its operation"
                )
                return one
        return None

    def _gone(self, act: Act) -> tuple[bool, str]:
        """Read afresh: is the thing of this generation gone?"""
        subject = act.key.subject
        document = self._inventory.get(endpoint_of(subject))
        if act.key.stage is Stage.CANCEL_JOB:
            state = str((document.body or {}).get("state", "")).removeprefix("JOB_STATE_")
            return state in {
                "CANCELLED",
                "FAILED",
                "SUCCEEDED",
                "EXPIRED",
                "PARTIALLY_SUCCEEDED",
            }, f"its state is {state}"
        if document.body is None:
            return True, "it is gone"
        fresh = document.parsed
        if act.key.stage is Stage.DELETE_ENDPOINT and isinstance(fresh, Endpoint):
            there = iso(fresh.created_at) == act.key.generation
            return not there, "it is still there" if there else "it is gone; another one has its name now"
        if act.key.stage is not Stage.UNDEPLOY or not isinstance(fresh, Endpoint):
            return False, "it is still there"
        there = any(
            deployed.name == subject and deployed_generation(deployed) == act.key.generation
            for deployed in fresh.deployed
        )
        return not there, "it is still there" if there else "it is gone from its endpoint"

    def _failed(self, act: Act, now: datetime, operation: OperationState) -> Settled:
        error = from_operation(act.key.stage.value, operation.error_code, operation.error or "")
        block = BlockReason.NO_CAPACITY_TO_RESTORE if operation.error_code == NO_CAPACITY_CODE else None
        return self._move(act, ActState.FAILED, now, str(error), block=block)

    def _move(
        self,
        act: Act,
        state: ActState,
        now: datetime,
        detail: str,
        *,
        ours: bool = False,
        block: BlockReason | None = None,
    ) -> Settled:
        changes: dict[str, Any] = {"detail": detail, "settled_at": now}
        if block is not None:
            changes["block"] = block
        self._ledger.move(act.id, act.state, state, now, **changes)
        event = events.ACT_VERIFIED if state is ActState.VERIFIED else events.ACT_FAILED
        log.info(event, act_id=act.id, endpoint_id=act.key.subject, stage=act.key.stage.value, detail=detail)
        return Settled(self._ledger.act(act.id) or act, state, detail, ours=ours, block=block)


LabelShell = Callable[[str, Mapping[str, str], str], Any]


def mark_shell(inventory: Inventory, label: LabelShell, endpoint: str, name: str, value: str) -> str | None:
    """Put a label of ours on the shell that an undeploy left, so that callers find out; returns what went wrong.

    Never fails an act: the label is a courtesy.
    """
    try:
        document = inventory.get(endpoint)
        if document.body is None:
            return "the shell is gone"
        labels = {**document.body.get("labels", {}), name: value}
        label(endpoint, labels, str(document.body.get("etag", "")))
    except GuardError as error:
        return str(error)
    return None
