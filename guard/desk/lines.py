"""One line of the fleet for each thing: where, whose, what it costs, how long it is silent, what was decided, what comes next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from guard.core.plan import Approval, KeepOrder
from guard.core.reasons import MEANING, WAY_OUT, BlockReason
from guard.core.removal import Act, evidence_digest
from guard.core.rules import Mode
from guard.core.units import HOURS_A_MONTH
from guard.core.verdict import Stage
from guard.core.wording import KINDS
from guard.desk.finding import PLANNED, names_of
from guard.desk.plain import decimal_money, iso
from guard.desk.status import dearest_first

Document = Mapping[str, Any]
DECISIONS = {"keep": "kept"}
"""Words for a decision; the others are words already."""


def lines(
    documents: Iterable[Document],
    plan: Document | None,
    acts: Iterable[Act],
    keeps: Iterable[KeepOrder],
    approvals: Iterable[Approval],
    mode: str,
    now: datetime,
) -> list[dict[str, Any]]:
    """Dearest first. `acts` are the open ones, `keeps` and `approvals` everybody's words; what is gone has no line."""
    there = dearest_first(one for one in documents if one["decision"] != "gone")
    names = names_of(there)
    planned = _by_subject(plan)
    open_acts = {act.key.subject: act for act in acts}
    held = {order.subject: order for order in keeps if order.holds(now)}
    said = list(approvals)
    found = []
    for one in there:
        act = _act_on(one, open_acts)
        subject = one["subject"]
        waits = waits_for_word(mode, act, said, now)
        found.append(line(one, names[subject], planned.get(subject), act, held.get(subject), waits))
    return found


def waits_for_word(mode: str, act: Act | None, approvals: Iterable[Approval], now: datetime) -> bool:
    """True where an open removal goes only once a person has approved it, and nobody has."""
    if mode != Mode.APPROVE.value or act is None or act.state.is_in_flight or act.key.stage is Stage.RESTORE:
        return False
    digest = evidence_digest(act.evidence)
    return not any(one.act_id == act.id and one.evidence_digest == digest and now < one.expires_at for one in approvals)


def line(
    document: Document, name: str, planned: Document | None, act: Act | None, kept: KeepOrder | None, waits: bool
) -> dict[str, Any]:
    """The line of one thing. `planned` is its line in the latest plan, `act` the open act on it, `waits` for a person's yes."""
    rate = document.get("rate")
    note = str(document.get("rate_note") or "")
    return {
        "subject": document["subject"],
        "name": name,
        "kind": document["kind"],
        "kind_text": KINDS.get(str(document["kind"]), str(document["kind"])),
        "project": document["project"],
        "location": document["location"],
        "machine": document.get("machine") or "",
        "owner": document.get("owner"),
        "policy": document.get("policy"),
        "labels": document.get("labels") or {},
        "members": document.get("members") or [],
        "billed": bool(document.get("billed")),
        "rate": rate,
        "rate_month": None if rate is None else decimal_money(amount(rate) * HOURS_A_MONTH, str(rate["currency"])),
        "rate_note": note,
        "at_least": bool(rate) and note.startswith("at least"),
        "silent_hours": document.get("silent_hours"),
        "last_used_at": document.get("last_used_at"),
        "idle_since": _idle_since(document),
        "decision": document["decision"],
        "decision_text": decision_text(document),
        "reason": document["reason"],
        "meaning": document.get("meaning") or "",
        "next": next_of(document, planned, act, kept, waits=waits),
    }


def decision_text(document: Document) -> str:
    """What was decided and why, as the command line says it."""
    decision, reason = str(document["decision"]), words(document["reason"])
    return reason if decision == "idle" else f"{DECISIONS.get(decision, decision)}: {reason}"


def words(value: object) -> str:
    """A closed list's value as words: `in use` for `in_use`."""
    return str(value).replace("_", " ")


def next_of(
    document: Document, planned: Document | None, act: Act | None, kept: KeepOrder | None, *, waits: bool = False
) -> dict[str, Any]:
    """What happens next and when: `text`, `at` (None: nothing has a time), `state` of the open act, and what blocks it."""
    told = _next(document, planned, act, kept)
    if waits and document["decision"] == "idle":
        told["blocks"] = [*told["blocks"], _block(BlockReason.WAITING_FOR_APPROVAL.value)]
    return {"at": None, "blocks": [], "way_out": str(document.get("way_out") or ""), **told}


def _next(document: Document, planned: Document | None, act: Act | None, kept: KeepOrder | None) -> dict[str, Any]:
    state = act.state.value if act is not None else None
    if act is not None and act.state.is_in_flight:
        return {"text": f"{words(act.key.stage.value)} under way", "state": state}
    if document["decision"] == "idle":
        blocks = [_block(block) for block in (planned or {}).get("blocks", ())]
        at = (planned or {}).get("due_at") or document.get("due_at")
        return {"text": words(document.get("stage") or ""), "at": at, "state": state, "blocks": blocks}
    if kept is not None:
        text = "its keep ends" if kept.until else f"kept for good by {kept.who}"
        return {"text": text, "at": iso(kept.until), "state": state}
    if document.get("would_go_at"):
        return {"text": "may go, if silent,", "at": document["would_go_at"], "state": state}
    return {"text": "stays until it is known" if document["decision"] == "unknown" else "", "state": state}


def amount(money: Document) -> Decimal:
    """The exact amount of a money document."""
    return Decimal(str(money["amount"]))


def _idle_since(document: Document) -> str | None:
    """Since when nobody calls it (or it is empty): the end of its last used hour, else where the count begins."""
    evidence = document.get("evidence") or {}
    since = evidence.get("empty_since") or evidence.get("counted_from")
    silent = document.get("silent_hours")
    return str(since) if since and silent else None


def _block(value: str) -> dict[str, str]:
    block = BlockReason(value)
    return {"block": value, "text": words(value), "meaning": MEANING[block], "way_out": WAY_OUT[block]}


def _by_subject(plan: Document | None) -> dict[str, Document]:
    """The plan's lines by what they are about; a pool by its sharers' line."""
    found: dict[str, Document] = {}
    for item in (one for name in PLANNED for one in (plan or {}).get(name, ())):
        found[str(item["subject"])] = item
        if item.get("group"):
            found[str(item["group"])] = item
    return found


def _act_on(document: Document, acts: Mapping[str, Act]) -> Act | None:
    for subject in (document["subject"], *(document.get("members") or ())):
        if subject in acts:
            return acts[subject]
    return None
