"""Restores that failed are tried again: until one succeeds, a person gives up, or the horizon ends.

Callers wait for what was removed, so whatever the platform answered may pass: no capacity now, a quota, a permission that
somebody is about to give. The pause doubles from attempt to attempt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from guard.core.reasons import BlockReason
from guard.core.removal import Act, ActState
from guard.core.restore import next_attempt
from guard.ports.ledger import Ledger
from guard.telemetry import events, logging

RETRY_FIRST = timedelta(minutes=15)
RETRY_MOST = timedelta(hours=6)
"""Longest pause: capacity for accelerators comes and goes within a day."""

HORIZON = timedelta(days=30)
"""How long a restore is tried: as long as a recipe counts as live and a saving is claimed."""

MAY_PASS = frozenset({BlockReason.NO_CAPACITY_TO_RESTORE, BlockReason.PLATFORM_REFUSED, BlockReason.LEASE_SHORT})
"""Ends of a restore that another attempt may not meet again; without one of these there is no way back."""

log = logging.get()


def pause_after(attempt: int) -> timedelta:
    """How long to wait after the failure of an attempt."""
    return min(RETRY_MOST, RETRY_FIRST * (1 << min(attempt - 1, 10)))


def retry(ledger: Ledger, now: datetime) -> Sequence[Act]:
    """Propose the next attempt of every restore whose pause is over; returns those that were given up: their horizon ended."""
    ended: list[Act] = []
    for act in ledger.latest_restores():
        if act.state not in {ActState.FAILED, ActState.REFUSED} or act.block not in MAY_PASS:
            continue
        if now < (act.settled_at or act.updated_at) + pause_after(act.key.attempt):
            continue
        again = next_attempt(act, now)
        if now - _ordered_at(ledger, act) >= HORIZON:
            why = f"not tried any more: {HORIZON.days} days are over. The last answer: {act.detail}"
            ended.append(give_up(ledger, again, why, now))
        elif ledger.propose(again):
            log.info(
                events.ACT_PROPOSED,
                act_id=again.id,
                endpoint_id=again.key.subject,
                reason=again.reason.value,
                detail=f"attempt {again.key.attempt} of a restore",
            )
    return ended


def give_up(ledger: Ledger, again: Act, why: str, now: datetime) -> Act:
    """Close a restore that is not under way with a last attempt that is never sent; its machine type is free to go again."""
    ledger.propose(again)
    ledger.move(again.id, ActState.DUE, ActState.CANCELLED, now, detail=why)
    log.info(events.ACT_CANCELLED, act_id=again.id, endpoint_id=again.key.subject, detail=why)
    return replace(again, state=ActState.CANCELLED, detail=why, settled_at=now)


def _ordered_at(ledger: Ledger, act: Act) -> datetime:
    """When the first attempt was ordered."""
    first = ledger.act_by_key(replace(act.key, attempt=1))
    return first.proposed_at if first is not None else act.proposed_at
