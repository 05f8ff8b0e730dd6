"""A person's yes: to one attempt and its evidence, a doubtful scope, a tripped breaker, a widening. It expires."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from guard.core.plan import Acknowledgement, Approval
from guard.core.reasons import BlockReason
from guard.core.removal import Act, evidence_digest
from guard.core.verdict import Stage
from guard.desk.finding import resolve
from guard.desk.plain import iso
from guard.ports.errors import NotFoundByName, NotUnderstood
from guard.ports.ledger import Ledger

Document = Mapping[str, Any]

APPROVAL_LASTS = timedelta(hours=72)
"""How long a yes holds; evidence older than that should be looked at again."""


def approve(
    ledger: Ledger,
    now: datetime,
    *,
    name: str | None,
    who: str,
    accept_loss: bool,
    scope: str | None,
    breaker: bool,
    widening: bool,
) -> dict[str, Any]:
    """Approve the acts that wait on a thing (none of them may wait: then `approved` is empty), and acknowledge the rest."""
    if name is None and not (scope or breaker or widening):
        raise NotUnderstood(
            "Nothing was named: give NAME, --scope, --breaker or --widening. `tuneguard plan` lists what waits."
        )
    waiting = _waiting(ledger, name) if name is not None else []
    until = now + APPROVAL_LASTS
    said = _what(ledger, scope, breaker=breaker, widening=widening)
    for what in said:
        ledger.acknowledge(Acknowledgement(what=what, who=who, made_at=now, expires_at=until))
    say_yes(ledger, waiting, who, now, accept_loss=accept_loss)
    return {
        "now": iso(now),
        "who": who,
        "approved": [act.id for act in waiting],
        "acts": [waiting_document(act, now) for act in waiting],
        "acknowledged": said,
        "until": iso(until),
    }


def say_yes(ledger: Ledger, acts: Sequence[Act], who: str, now: datetime, *, accept_loss: bool = False) -> None:
    """Record a person's yes to each act, bound to the evidence that it has now."""
    for act in acts:
        ledger.approve(
            Approval(
                act_id=act.id,
                evidence_digest=evidence_digest(act.evidence),
                who=who,
                made_at=now,
                expires_at=now + APPROVAL_LASTS,
                accept_loss=accept_loss,
            )
        )


def waiting_document(act: Act, now: datetime) -> dict[str, Any]:
    """An act that waits: what, on which thing, when it is due."""
    return {
        "id": act.id,
        "subject": act.key.subject,
        "name": act.display_name,
        "stage": act.key.stage.value,
        "due_at": iso(act.due_at),
        "is_due": act.due_at <= now,
    }


def acts_on(ledger: Ledger, document: Document) -> list[Act]:
    """The open acts on one thing; a pool's sharers go together, and the acts are theirs."""
    subjects = {str(document["subject"]), *map(str, document.get("members") or ())}
    return [act for act in ledger.acts(open_only=True) if act.key.subject in subjects]


def waiting_acts(ledger: Ledger, document: Document) -> list[Act]:
    """Those of them that were not sent yet and remove something."""
    return [
        act for act in acts_on(ledger, document) if not act.state.is_in_flight and act.key.stage is not Stage.RESTORE
    ]


def _waiting(ledger: Ledger, name: str) -> list[Act]:
    """The open acts that a person means: one by its id, or all on one thing."""
    act = ledger.act(name)
    if act is not None:
        return [act] if act.state.is_open else []
    return waiting_acts(ledger, resolve(ledger, name))


def _what(ledger: Ledger, scope: str | None, *, breaker: bool, widening: bool) -> list[str]:
    """What is acknowledged, by the names that the plan looks for. A yes in advance would let through what nobody has seen."""
    latest = ledger.latest_cycle()
    plan: Document = (latest.plan if latest else None) or {}
    found: list[str] = []
    if scope:
        known = [doubt["scope"] for doubt in plan.get("doubts", ())]
        if scope not in known:
            listed = ", ".join(known) or "none is in doubt"
            raise NotFoundByName(f"--scope: found {scope!r}. Expected one of the doubtful scopes: {listed}.")
        found.append(f"scope:{scope}")
    if breaker:
        if not plan.get("breaker"):
            raise NotFoundByName("--breaker: it has not tripped in the latest look. Nothing was approved.")
        found.append("breaker")
    if widening:
        blocked = [item for item in plan.get("blocked", ()) if BlockReason.LARGE_WIDENING in item["blocks"]]
        if latest is None or not blocked:
            raise NotFoundByName("--widening: none waits in the latest look. Nothing was approved.")
        found.append(f"widening:{latest.config_digest}")
    return found
