"""Why one thing goes or stays, by value: what was decided, done, told and said; months later too, without the cloud."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from guard.core.explain import Restored
from guard.core.explain import explain as explained
from guard.core.plan import KeepOrder
from guard.core.reasons import BlockReason
from guard.core.removal import Act, ActState
from guard.core.verdict import Stage
from guard.desk.finding import name_of, planned_in, resolve
from guard.desk.keeping import Costing, not_known
from guard.desk.plain import iso, money
from guard.ports.ledger import Ledger, OutboxItem

RESTORED_AS = "restored as "
"""How the detail of a verified restore begins; the new name follows."""
MOST_DOUBLED = 2**20
"""A name that comes back as itself would never end."""


def explain(ledger: Ledger, name: str, now: datetime, cost_of: Costing = not_known) -> dict[str, Any]:
    """Explain the latest decision on one thing, also why it is *not* idle: sentences by heading, and the values behind them."""
    document = resolve(ledger, name)
    subject = str(document["subject"])
    subjects = {subject, *map(str, document.get("members") or ())}
    acts = ledger.acts(subject=subject)
    act = acts[-1] if acts else None
    events = ledger.act_events(act.id) if act else ()
    notices = ledger.notices(subject=subject)
    keeps = ledger.keeps(subject)
    costs = [cost_of(order) for order in keeps]
    latest = ledger.latest_cycle()
    planned = planned_in((latest.plan if latest else None) or {}, {subject})
    blocks = tuple(BlockReason(block) for block in (planned or {}).get("blocks", ()))
    explanation = explained(
        document,
        act=act,
        blocks=blocks,
        events=events,
        notices=notices,
        keeps=keeps,
        keep_costs=costs,
        restored=_restored(ledger, subject),
        policy_line=document.get("evidence", {}).get("policy_line"),
        as_of=latest.taken_at if latest else None,
    )
    return {
        "now": iso(now),
        "taken_at": iso(latest.taken_at) if latest else None,
        "subject": subject,
        "name": name_of(document),
        "headline": explanation.headline,
        "sections": [{"title": section.title, "lines": list(section.lines)} for section in explanation.sections],
        "verdict": dict(document),
        "planned": planned,
        "acts": [act_document(ledger, one) for one in _acts_on(ledger, subjects)],
        "keeps": [{**keep_document(order, now), "cost": cost} for order, cost in zip(keeps, costs, strict=True)],
        "notices": [notice_document(item) for item in notices],
    }


def _restored(ledger: Ledger, subject: str) -> Restored | None:
    """The restore that made this thing; each one in the line of its kind doubled the wait."""
    done = {
        act.detail.removeprefix(RESTORED_AS): act
        for act in ledger.acts()
        if act.key.stage is Stage.RESTORE and act.state is ActState.VERIFIED and act.detail.startswith(RESTORED_AS)
    }
    act, factor = done.get(subject), 1
    if act is None:
        return None
    before: Act | None = act
    while before is not None and factor < MOST_DOUBLED:
        factor, before = factor * 2, done.get(before.key.subject)
    return Restored(act.settled_at or act.updated_at, act.asked_by or "the policy", factor)


def _acts_on(ledger: Ledger, subjects: set[str]) -> list[Act]:
    found = [act for subject in sorted(subjects) for act in ledger.acts(subject=subject)]
    return sorted(found, key=lambda act: (act.proposed_at, act.id))


def act_document(ledger: Ledger, act: Act) -> dict[str, Any]:
    """One act with every arrow it took, and what its recipe can and cannot bring back."""
    recipe = ledger.recipe(act.recipe_id) if act.recipe_id else None
    return {
        "id": act.id,
        "subject": act.key.subject,
        "display_name": act.display_name,
        "stage": act.key.stage.value,
        "attempt": act.key.attempt,
        "state": act.state.value,
        "open": act.state.is_open,
        "in_flight": act.state.is_in_flight,
        "reason": act.reason.value,
        "policy": act.policy,
        "proposed_at": iso(act.proposed_at),
        "due_at": iso(act.due_at),
        "settled_at": iso(act.settled_at),
        "rate": money(act.rate.per_hour) if act.rate else None,
        "block": act.block.value if act.block else None,
        "asked_by": act.asked_by,
        "detail": act.detail,
        "events": event_documents(ledger, act),
        "recipe": None
        if recipe is None
        else {"id": recipe.id, "restorable": recipe.restorable, "lacks": list(recipe.lacks)},
    }


def event_documents(ledger: Ledger, act: Act) -> list[dict[str, Any]]:
    """The arrows that an act took, oldest first."""
    return [
        {
            "at": iso(event.at),
            "state": event.state.value,
            "detail": event.detail,
            "evidence": dict(event.evidence),
        }
        for event in ledger.act_events(act.id)
    ]


def keep_document(order: KeepOrder, now: datetime) -> dict[str, Any]:
    """A person's word that something stays, and whether it still holds."""
    return {
        "who": order.who,
        "why": order.why,
        "made_at": iso(order.made_at),
        "until": iso(order.until),
        "ended_at": iso(order.ended_at),
        "holds": order.holds(now),
    }


def notice_document(item: OutboxItem) -> dict[str, Any]:
    """Who was told what, and whether it arrived."""
    notice = item.notice
    return {
        "id": notice.id,
        "kind": notice.kind.value,
        "to": notice.to,
        "title": notice.title,
        "body": notice.body,
        "made_at": iso(notice.made_at),
        "due_at": iso(notice.due_at),
        "delivered_at": iso(item.delivered_at),
        "escalated": item.escalated,
        "last_error": item.last_error,
    }
