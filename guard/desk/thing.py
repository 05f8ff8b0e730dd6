"""Everything about one thing: its line, its picture, its story, what was decided before, and which words can be said of it now."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from guard.core.plan import Approval, KeepOrder
from guard.core.planning import IRREVERSIBLE
from guard.core.reasons import MEANING, BlockReason, KeepReason, RemoveReason
from guard.core.removal import Act, ActState, evidence_digest
from guard.core.verdict import Stage
from guard.core.wording import DONE, instant
from guard.desk.accounts import Accounting
from guard.desk.keeping import costing
from guard.desk.lines import decision_text, line, waits_for_word, words
from guard.desk.pictures import picture
from guard.desk.plain import iso
from guard.desk.story import explain
from guard.ports.ledger import Ledger

Document = Mapping[str, Any]
_ASKS = {
    BlockReason.WAITING_FOR_APPROVAL.value,
    BlockReason.ACCEPTANCE_MISSING.value,
    BlockReason.ATTEMPTS_EXHAUSTED.value,
}
"""Blocks that a person's yes takes away."""
CHANGES = 30
"""How many of the latest changes of mind are shown."""


def thing(ledger: Ledger, name: str, now: datetime, accounting: Accounting) -> dict[str, Any]:
    """One thing by name. Raises NotFoundByName.

    `seen` names the state that a person decides on: acts with their evidence, keeps, approvals. A word that was said
    while somebody looked changes it, and `latest` tells that word or arrow.
    """
    story = explain(ledger, name, now, costing(ledger, accounting, now))
    document = story["verdict"]
    subject = str(story["subject"])
    subjects = {subject, *map(str, document.get("members") or ())}
    acts = [act for one in sorted(subjects) for act in ledger.acts(subject=one)]
    keeps = [order for one in sorted(subjects) for order in ledger.keeps(one)]
    ids = {act.id for act in acts}
    approvals = [one for one in ledger.approvals() if one.act_id in ids]
    open_act = next((act for act in acts if act.state.is_open), None)
    held = [order for order in keeps if order.holds(now)]
    gone = _removals(acts)
    glance = ledger.glance()
    waits = waits_for_word(glance.mode, open_act, approvals, now)
    return {
        **story,
        "mode": glance.mode,
        "stamp": glance.stamp,
        "line": line(
            document,
            str(story["name"]),
            story["planned"],
            open_act,
            held[-1] if held else None,
            waits,
        ),
        "picture": picture(ledger, document, now, lambda: accounting.books(ledger, accounting.settings(), now)),
        "changes": [_change(row) for row in ledger.verdict_changes(subject, CHANGES)],
        "approvals": [_approval(one, now) for one in approvals],
        "removals": [act.id for act in gone],
        "may": _may(
            document,
            acts,
            held,
            gone,
            needs_word=waits or bool(_ASKS & set((story["planned"] or {}).get("blocks", ()))),
        ),
        "seen": _seen(acts, keeps, approvals),
        "latest": _latest(ledger, acts, keeps, approvals),
    }


def _change(row: Document) -> dict[str, Any]:
    document = row["document"]
    return {
        "at": iso(row["at"]),
        "cycle_id": row["cycle_id"],
        "decision": row["verdict"],
        "decision_text": decision_text(document),
        "reason": row["reason"],
        "meaning": meaning_of(str(row["reason"])) or str(document.get("meaning") or ""),
        "silent_hours": document.get("silent_hours"),
        "wait_hours": (document.get("wait") or {}).get("hours"),
        "policy": document.get("policy"),
        "evidence": {
            words(key): value
            for key, value in (document.get("evidence") or {}).items()
            if value not in (None, "", [], {})
        },
    }


def meaning_of(reason: str) -> str:
    """One line of meaning of a reason of the closed lists; empty for any other word."""
    for kinds in (KeepReason, RemoveReason, BlockReason):
        if reason in set(kinds):
            return MEANING[kinds(reason)]
    return ""


def _approval(one: Approval, now: datetime) -> dict[str, Any]:
    return {
        "act_id": one.act_id,
        "who": one.who,
        "made_at": iso(one.made_at),
        "expires_at": iso(one.expires_at),
        "holds": now < one.expires_at,
        "accept_loss": one.accept_loss,
    }


def _removals(acts: Sequence[Act]) -> list[Act]:
    """The removals that can be undone by a restore and were not yet; of a pool, those of its sharers."""
    back = {act.recipe_id for act in acts if act.key.stage is Stage.RESTORE and act.state is ActState.VERIFIED}
    return [
        act
        for act in acts
        if act.state in {ActState.VERIFIED, ActState.UNKNOWN}
        and act.key.stage in {Stage.UNDEPLOY, Stage.DELETE_ENDPOINT, Stage.DELETE_MODEL}
        and act.recipe_id is not None
        and act.recipe_id not in back
    ]


def _may(
    document: Document, acts: Sequence[Act], held: Sequence[KeepOrder], gone: Sequence[Act], *, needs_word: bool
) -> dict[str, Any]:
    """Which words mean something now, whoever says them. The same rules are asked again when one is said."""
    there = document["decision"] != "gone"
    waiting = [
        act for act in acts if act.state.is_open and not act.state.is_in_flight and act.key.stage is not Stage.RESTORE
    ]
    restoring = any(act.key.stage is Stage.RESTORE and act.state.is_open for act in acts)
    return {
        "keep": there,
        "unkeep": bool(held),
        "approve": bool(waiting) and needs_word,
        "remove": there and bool(document.get("billed") or waiting),
        "restore": bool(gone) and not restoring,
        "cannot_be_undone": any(act.key.stage in IRREVERSIBLE for act in waiting),
        "restoring": restoring,
    }


def _seen(acts: Sequence[Act], keeps: Sequence[KeepOrder], approvals: Sequence[Approval]) -> str:
    said = [
        sorted((act.id, act.state.value, evidence_digest(act.evidence)) for act in acts),
        sorted((order.id, str(order.ended_at)) for order in keeps),
        sorted((one.act_id, one.who, str(one.made_at)) for one in approvals),
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:20]


def _latest(
    ledger: Ledger, acts: Sequence[Act], keeps: Sequence[KeepOrder], approvals: Sequence[Approval]
) -> dict[str, Any] | None:
    """The latest word or arrow: what somebody is told who acted on an older state."""
    told: list[tuple[datetime, str]] = []
    for order in keeps:
        until = f"until {instant(order.until)}" if order.until else "for good"
        told.append((order.made_at, f"{order.who} said keep {until}"))
        if order.ended_at is not None:
            told.append((order.ended_at, "the keep was ended"))
    told += [(one.made_at, f"{one.who} approved it") for one in approvals]
    for act in acts:
        events = ledger.act_events(act.id)
        if events:
            what = DONE.get(act.key.stage.value, act.key.stage.value)
            text = f"{what}: {words(events[-1].state.value)}" + (f", {events[-1].detail}" if events[-1].detail else "")
            asked = f", asked by {act.asked_by}" if act.asked_by else ""
            told.append((events[-1].at, f"{text}{asked}"))
    if not told:
        return None
    at, text = max(told, key=lambda one: one[0])
    return {"at": iso(at), "text": text}
