"""One act: look again, commit the intent with recipe and evidence, call once. Everything refusable is refused before the call.

look.look()            differs -> refused, judged afresh next cycle
recipe -> bucket       cannot be copied -> refused
ledger.intend()        ONE transaction: term, pause, keeps, approval, limits, configuration, recipe, evidence
fence                  lease has less left than the call may take plus a margin -> refused
call                   refused -> refused; no answer -> unknown; accepted -> started, operation stored
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from guard.acts.looking import Look, LookFailed, Rejudge, look
from guard.core import restore
from guard.core.names import endpoint_of, last_part
from guard.core.reasons import BlockReason
from guard.core.removal import Act, ActState, Recipe, evidence_digest
from guard.core.usage import Usage
from guard.core.verdict import Stage
from guard.ports.errors import GuardError, NeedsPerson, RateLimited, Refused, RetryLater
from guard.ports.inventory import Inventory
from guard.ports.ledger import IntentCheck, Lease, Ledger
from guard.ports.mutations import CALL_TIMEOUT, Begun, Mutations, Store
from guard.telemetry import events, logging

FENCE_MARGIN = timedelta(seconds=2)
"""What must be left of the lease beyond the call's own time-out; covers scheduling and a slow answer (machine time)."""

GROUP_FACTS = ("pool", "pool_rate")
"""What the plan adds to the evidence of a pool's sharer; the second look judges the sharer and does not know them."""

log = logging.get()


@dataclass(frozen=True, slots=True, kw_only=True)
class ActContext:
    """What one cycle hands to the gateway. `lease_left` reads machine time at the moment it is called."""

    lease: Lease
    lease_left: Callable[[], timedelta]
    config_digest: str
    needs_approval: bool
    attempts: int
    per_day: int
    per_project_per_day: int | None
    now: datetime
    usage: Mapping[str, Usage]
    rejudge: Rejudge
    brought_back: Callable[[Act, str], None] = lambda _act, _name: None
    """Called with a restore and its thing's new name before the restore is called verified; may be called twice."""
    checkpoints: Callable[[str], None] = field(default=lambda _point: None)
    """Called with the name of each point between steps; the crash tests kill the process there."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt within this cycle."""

    act: Act
    state: ActState
    block: BlockReason | None = None
    detail: str = ""


class Gateway:
    """Carries acts out. One thread an act; acts on one endpoint are never run side by side (the cycle sees to it)."""

    def __init__(self, *, inventory: Inventory, ledger: Ledger, mutations: Mutations, store: Store | None) -> None:
        self._inventory = inventory
        self._ledger = ledger
        self._mutations = mutations
        self._store = store

    def execute(self, act: Act, context: ActContext) -> Outcome:
        """Carry one due act out, as far as the platform's acceptance."""
        seen = look(act, inventory=self._inventory, usage=context.usage, rejudge=context.rejudge, now=context.now)
        if isinstance(seen, LookFailed):
            return self._refuse(act, act.state, seen.block, seen.why, context.now)
        recipe = self._recipe(act, seen, context.now)
        if not recipe.restorable and not self._loss_accepted(act, seen):
            why = "it cannot be brought back: " + "; ".join(recipe.lacks)
            return Outcome(act, act.state, BlockReason.ACCEPTANCE_MISSING, why)
        context.checkpoints("looked")
        if self._store is not None:
            try:
                recipe = replace(recipe, copied_to=self._copy(recipe))
            except GuardError as error:
                return Outcome(act, act.state, BlockReason.NO_RECIPE, f"the recipe could not be copied out: {error}")
        context.checkpoints("copied")
        evidence = {**seen.verdict.evidence, **{key: act.evidence[key] for key in GROUP_FACTS if key in act.evidence}}
        intended = self._ledger.intend(act.id, self._check(act, context), recipe, evidence)
        if isinstance(intended, BlockReason):
            return Outcome(act, act.state, intended)
        log.info(events.ACT_INTENDED, act_id=act.id, endpoint_id=act.key.subject, reason=act.reason.value)
        context.checkpoints("intended")
        return self._call(intended, context, lambda: self._send(intended, seen))

    def step(self, act: Act, context: ActContext, send: Callable[[], Begun], detail: str) -> Outcome:
        """Send a further call of an act in flight (the next step of a restore) under the same fence."""
        return self._call(act, context, send, detail=detail)

    def intend_restore(self, act: Act, context: ActContext, evidence: Mapping[str, Any]) -> Act | BlockReason:
        """Commit the intent of a restore; its recipe is in the ledger already."""
        return self._ledger.intend(act.id, self._check(act, context), None, evidence)

    # ------------------------------------------------------------------------------------------------------------------

    def _call(self, act: Act, context: ActContext, send: Callable[[], Begun], detail: str = "") -> Outcome:
        left = context.lease_left()
        if left < CALL_TIMEOUT + FENCE_MARGIN:
            why = (
                f"the lease has {left.total_seconds():.0f} s left, a call may take {CALL_TIMEOUT.total_seconds():.0f} s"
            )
            return self._refuse(act, act.state, BlockReason.LEASE_SHORT, why, context.now)
        try:
            begun = send()
        except (RateLimited, Refused, NeedsPerson) as error:
            return self._refuse(act, act.state, BlockReason.PLATFORM_REFUSED, str(error), context.now)
        except RetryLater as error:
            # No answer: it may have happened. Never failed, never sent again blindly; the next cycle asks the platform.
            self._ledger.move(act.id, act.state, ActState.UNKNOWN, context.now, detail=str(error))
            log.warning(events.ACT_UNKNOWN, act_id=act.id, endpoint_id=act.key.subject, detail=str(error))
            return Outcome(act, ActState.UNKNOWN, BlockReason.UNKNOWN_OUTCOME, str(error))
        context.checkpoints("called")
        self._ledger.move(
            act.id, act.state, ActState.STARTED, context.now, operation=begun.operation, detail=detail or "accepted"
        )
        context.checkpoints("started")
        log.info(events.ACT_STARTED, act_id=act.id, endpoint_id=act.key.subject, operation=begun.operation)
        return Outcome(act, ActState.STARTED, detail=begun.operation or "")

    def _send(self, act: Act, seen: Look) -> Begun:
        subject = act.key.subject
        match act.key.stage:
            case Stage.UNDEPLOY:
                split = seen.documents["endpoint"].get("trafficSplit", {})
                return self._mutations.undeploy(
                    endpoint_of(subject),
                    last_part(subject),
                    traffic_split=restore.split_without(split, last_part(subject)),
                )
            case Stage.DELETE_ENDPOINT:
                return self._mutations.delete_endpoint(subject)
            case Stage.DELETE_MODEL:
                return self._mutations.delete_model(subject)
            case Stage.CANCEL_JOB:
                return self._mutations.cancel_job(subject)
            case Stage.DELETE_FILE:
                return self._mutations.delete_file(subject)
            case stage:
                raise Refused(f"{stage.value} is not an act of the gateway")

    def _recipe(self, act: Act, seen: Look, now: datetime) -> Recipe:
        return restore.make_recipe(act=act, documents=seen.documents, made_at=now, check=self._mutations.check_document)

    @staticmethod
    def _loss_accepted(act: Act, seen: Look) -> bool:
        return bool(seen.verdict.evidence.get("accepted_by")) or act.asked_by is not None

    def _copy(self, recipe: Recipe) -> str:
        assert self._store is not None  # noqa: S101  # the caller has looked
        path = f"recipes/{recipe.id}.json"
        content = json.dumps(restore.recipe_document(recipe), sort_keys=True, default=str).encode()
        self._store.put(path, content, if_generation=None)
        log.info(events.RECIPE_STORED, recipe_id=recipe.id, address=self._store.address(path))
        return self._store.address(path)

    @staticmethod
    def _check(act: Act, context: ActContext) -> IntentCheck:
        return IntentCheck(
            holder=context.lease.holder,
            term=context.lease.term,
            config_digest=context.config_digest,
            needs_approval=context.needs_approval,
            evidence_digest=evidence_digest(act.evidence),
            attempts=context.attempts,
            per_day=context.per_day,
            per_project_per_day=context.per_project_per_day,
            now=context.now,
            also_kept_by=kept_along(act),
        )

    def _refuse(self, act: Act, state: ActState, block: BlockReason, why: str, now: datetime) -> Outcome:
        """Nothing was changed: the act ends here and the thing is judged afresh in the next cycle."""
        self._ledger.move(act.id, state, ActState.REFUSED, now, block=block, detail=why)
        log.info(events.ACT_REFUSED, act_id=act.id, endpoint_id=act.key.subject, reason=block.value, detail=why)
        return Outcome(act, ActState.REFUSED, block, why)


def kept_along(act: Act) -> tuple[str, ...]:
    """Names whose keep keeps this act's thing too: the pool and all who share it, since they go together or not at all."""
    pool = act.evidence.get("pool")
    return (str(pool), *map(str, act.evidence.get("sharers", ()))) if pool else ()
