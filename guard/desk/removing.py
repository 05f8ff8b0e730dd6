"""Asking for something to go: the same rules as the daemon's, no short cut."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from guard.core.reasons import MEANING, WAY_OUT, KeepReason
from guard.desk.approving import say_yes, waiting_acts, waiting_document
from guard.desk.finding import name_of, resolve
from guard.desk.plain import iso
from guard.desk.removed import refuse_gone
from guard.ports.ledger import Ledger


def remove(ledger: Ledger, now: datetime, *, name: str, who: str) -> dict[str, Any]:
    """Say yes to the removal of one idle thing, or say why it does not go. A person's word replaces the approval, no other rule."""
    document = resolve(ledger, name)
    refuse_gone(ledger, document, "asked for")
    waiting = waiting_acts(ledger, document)
    say_yes(ledger, waiting, who, now)
    latest = ledger.latest_cycle()
    reason = str(document["reason"])
    kept = KeepReason(reason) if reason in set(KeepReason) else None
    return {
        "now": iso(now),
        "subject": document["subject"],
        "name": name_of(document),
        "who": who,
        "will_go": bool(waiting),
        "acts": [waiting_document(act, now) for act in waiting],
        "mode": latest.mode if latest else "",
        "reason": reason,
        "meaning": MEANING[kept] if kept else document.get("meaning", reason),
        "way_out": WAY_OUT.get(kept, "") if kept else "",
    }
