"""Stopping every act at once, and going on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from guard.desk.plain import iso
from guard.desk.status import pause_document
from guard.ports.ledger import Ledger

NO_REASON = "no reason given"


def pause(ledger: Ledger, now: datetime, *, who: str, why: str) -> dict[str, Any]:
    """Stop every act on every daemon of this ledger. Looking, judging and telling go on; accepted operations run on."""
    ledger.pause(who, why or NO_REASON, now)
    return {"now": iso(now), "paused": ledger.paused() is not None, "who": who, "why": why}


def resume(ledger: Ledger, now: datetime, *, who: str, why: str) -> dict[str, Any]:
    """End a pause; `resumed` is False where there was none, `pause` is the one that ended."""
    paused = ledger.paused()
    if paused is not None:
        ledger.resume(who, why or NO_REASON, now)
    return {"now": iso(now), "resumed": paused is not None, "pause": pause_document(paused), "who": who}
