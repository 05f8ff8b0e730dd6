"""The last third of a cycle: what is announced and due is carried out, as far as gates, groups and the plan let it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from guard.core.plan import Plan
from guard.core.reasons import BlockReason
from guard.core.removal import Act, ActState, act_id
from guard.core.verdict import Stage
from guard.daemon.acting import Did, Gates, Orders, act_now, restore_now
from guard.daemon.announce import ready
from guard.daemon.parts import Parts
from guard.ports.mutations import CALL_TIMEOUT
from guard.telemetry import events, logging

log = logging.get()


def carry_out(p: Parts, plan: Plan, gate: Gates, orders: Orders, term: int, now: datetime) -> list[Did]:
    """Move announced acts whose time has come to `due`, then carry out what the plan lets through."""
    open_acts = {act.id: act for act in p.ledger.acts(open_only=True)}
    due: list[Act] = []
    results: list[Did] = []
    for planned in plan.actions:
        act = open_acts.get(planned.act.id if planned.act else act_id(planned.key))
        if act is None:
            continue
        if ready(act, now) and p.ledger.move(act.id, ActState.NOTICED, ActState.DUE, now, detail="its wait is over"):
            act = replace(act, state=ActState.DUE)
        if act.state is ActState.DUE:
            due.append(act)
        elif act.state is ActState.PROPOSED:
            results.append(Did(act, act.state, BlockReason.NOTICE_NOT_DELIVERED))
        elif act.state is ActState.NOTICED:
            results.append(Did(act, act.state, BlockReason.NOTICE_RUNNING))
    due = _whole_groups(plan, due, results)
    restores = [act for act in open_acts.values() if act.key.stage is Stage.RESTORE]
    if p.acting is None or not (due or restores):
        return results
    block = gate.block()
    results += act_now(due, p.acting, orders, block)
    results += restore_now(
        restores, p.acting, orders, block, term=term, nothing_in_flight=p.leadership.held_for() >= CALL_TIMEOUT
    )
    for one in results:
        if one.block is not None and one.block is not BlockReason.OBSERVE_MODE:
            log.info(
                events.ACTION_BLOCKED,
                act_id=one.act.id,
                endpoint_id=one.act.key.subject,
                reason=one.block.value,
                detail=one.detail,
            )
        p.metrics.acts.labels(one.act.key.stage.value, one.state.value).inc()
    return results


def _whole_groups(plan: Plan, due: Sequence[Act], results: list[Did]) -> list[Act]:
    """Hold what shares a pool with something that may not go yet (its notice has not arrived): together or not at all."""
    group_of = {act_id(planned.key): planned.group for planned in plan.actions if planned.group is not None}
    held = {group_of[one.act.id]: one.block for one in results if one.act.id in group_of}
    go = [act for act in due if group_of.get(act.id) not in held]
    results += [Did(act, act.state, held[group_of[act.id]], "it shares a pool") for act in due if act not in go]
    return go
