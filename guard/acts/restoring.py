"""A restore is an act of the same kind: intent, fence, unknown, verified. Each cycle looks what is there and takes the next step.

The ids of the new shell and the new deployed model are chosen repeatably from the recipe, so a crash between call and
record finds its own work again instead of doing it twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from guard.acts.errors import NO_CAPACITY_CODE
from guard.acts.gateway import ActContext, Gateway, Outcome
from guard.core import restore
from guard.core.reasons import BlockReason
from guard.core.removal import Act, ActState, Recipe
from guard.ports.errors import GuardError
from guard.ports.inventory import Inventory
from guard.ports.ledger import Ledger
from guard.ports.mutations import Mutations
from guard.telemetry import events, logging

NEVER_ARRIVED = timedelta(minutes=15)
"""Domain time without a trace after which an unanswered step is sent again (its id makes a second one harmless)."""

log = logging.get()


@dataclass(frozen=True, slots=True)
class Restored:
    """Where a restore stands: `endpoint` and `deployed_model` are the new names once they are there."""

    outcome: Outcome
    endpoint: str | None = None
    deployed_model: str | None = None


class Restorer:
    """Takes one step of a restore each time it is called."""

    def __init__(self, *, inventory: Inventory, ledger: Ledger, mutations: Mutations, gateway: Gateway) -> None:
        self._inventory = inventory
        self._ledger = ledger
        self._mutations = mutations
        self._gateway = gateway

    def advance(self, act: Act, recipe: Recipe, context: ActContext, *, nothing_in_flight: bool) -> Restored:
        """Take the next step of a due or running restore. Never raises for what the platform says."""
        way = restore.way_back(recipe)
        if way is None:
            return Restored(
                self._end(act, ActState.REFUSED, context.now, "there is no way back: " + "; ".join(recipe.lacks))
            )
        try:
            return self._advance(act, way, context, nothing_in_flight=nothing_in_flight)
        except GuardError as error:
            return Restored(Outcome(act, act.state, detail=f"the platform could not be asked: {error}"))

    def _advance(self, act: Act, way: restore.Way, context: ActContext, *, nothing_in_flight: bool) -> Restored:
        if act.state is ActState.DUE:
            context.checkpoints("looked")
            intended = self._gateway.intend_restore(act, context, act.evidence)
            if isinstance(intended, BlockReason):
                return Restored(Outcome(act, act.state, intended))
            act = intended
            context.checkpoints("intended")
        elif act.state is ActState.INTENDED:
            if not nothing_in_flight:
                return Restored(Outcome(act, act.state, detail="its call may still be on its way"))
            self._ledger.move(
                act.id, act.state, ActState.UNKNOWN, context.now, detail="the daemon that intended it is gone"
            )
            act = self._ledger.act(act.id) or act
        running = self._operation_ends(act, context.now)
        if running is not None:
            return running
        endpoint, body = self._shell(way)
        if body is None:
            if self._waits_for_trace(act, context.now):
                return Restored(Outcome(act, act.state, detail="waiting for a trace of the call"))
            shell = way.shell
            send = lambda: self._mutations.create_endpoint(shell.parent, shell.document, shell.endpoint_id)  # noqa: E731
            return Restored(self._send(act, context, send, "making the endpoint again"))
        if way.deploy is None:
            return self._done(act, context, endpoint, None)
        deployed = next((d for d in body.get("deployedModels", ()) if str(d.get("id")) == way.deploy.deployed_id), None)
        if deployed is not None and deployed.get("createTime"):
            return self._done(act, context, endpoint, f"{endpoint}/deployedModels/{way.deploy.deployed_id}")
        if self._inventory.operations_running(endpoint):
            return Restored(Outcome(act, act.state, detail="an operation on the endpoint is running"))
        if self._waits_for_trace(act, context.now):
            return Restored(Outcome(act, act.state, detail="waiting for a trace of the call"))
        document = {**way.deploy.document, "id": way.deploy.deployed_id}
        split = restore.split_for(body.get("trafficSplit", {}))
        return Restored(
            self._send(act, context, lambda: self._mutations.deploy(endpoint, document, split), "deploying again")
        )

    def _send(self, act: Act, context: ActContext, send: Any, detail: str) -> Outcome:
        """One call; an act that was unknown is told apart from a first send by its state."""
        if act.state is ActState.UNKNOWN:
            self._ledger.move(
                act.id, act.state, ActState.STARTED, context.now, detail="no trace of the call; taking the step again"
            )
            act = self._ledger.act(act.id) or act
        return self._gateway.step(act, context, send, detail)

    def _operation_ends(self, act: Act, now: datetime) -> Restored | None:
        """None if no operation is in the way; else where the running or failed one leaves the restore."""
        if act.operation is None:
            return None
        operation = self._inventory.operation(act.operation)
        if not operation.known or (operation.done and operation.error is None):
            return None
        if not operation.done:
            return Restored(Outcome(act, act.state, detail="its operation is running"))
        block = (
            BlockReason.NO_CAPACITY_TO_RESTORE
            if operation.error_code == NO_CAPACITY_CODE
            else BlockReason.PLATFORM_REFUSED
        )
        detail = f"the operation failed with code {operation.error_code}: {operation.error}"
        return Restored(self._end(act, ActState.FAILED, now, detail, block))

    def _shell(self, way: restore.Way) -> tuple[str, Any]:
        """The endpoint to deploy on: the one that was, or the one that an earlier step made."""
        made = f"{way.shell.parent}/endpoints/{way.shell.endpoint_id}"
        for name in (way.endpoint, made):
            body = self._inventory.get(name).body
            if body is not None:
                return name, body
        return made, None

    def _waits_for_trace(self, act: Act, now: datetime) -> bool:
        return act.state is ActState.UNKNOWN and now - act.updated_at < NEVER_ARRIVED

    def _done(self, act: Act, context: ActContext, endpoint: str, deployed: str | None) -> Restored:
        context.brought_back(act, deployed or endpoint)
        outcome = self._end(act, ActState.VERIFIED, context.now, f"restored as {deployed or endpoint}")
        return Restored(outcome, endpoint, deployed)

    def _end(self, act: Act, state: ActState, now: datetime, detail: str, block: BlockReason | None = None) -> Outcome:
        old = act.state
        if state is ActState.VERIFIED and old is ActState.INTENDED:
            self._ledger.move(act.id, old, ActState.UNKNOWN, now, detail="found done")
            old = ActState.UNKNOWN
        changes: dict[str, Any] = {"detail": detail, "settled_at": now}
        if block is not None:
            changes["block"] = block
        self._ledger.move(act.id, old, state, now, **changes)
        event = events.ACT_VERIFIED if state is ActState.VERIFIED else events.ACT_FAILED
        log.info(event, act_id=act.id, endpoint_id=act.key.subject, stage=act.key.stage.value, detail=detail)
        return Outcome(self._ledger.act(act.id) or act, state, block, detail)
