"""The latest plan, or that of a look just taken."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from guard.core.documents import plan_document
from guard.desk.finding import LISTS
from guard.desk.looking import Look
from guard.desk.plain import iso
from guard.desk.selecting import Selection
from guard.ports.ledger import Ledger


def plan(ledger: Ledger, now: datetime, selection: Selection, look: Look | None = None) -> dict[str, Any]:
    """The plan document of `guard.core.documents`; `cycle_id` is None and its lists are empty where nobody has looked yet."""
    if look is not None:
        document = plan_document(look.plan, look.unlisted)
    else:
        latest = ledger.latest_cycle()
        if latest is None or latest.plan is None:
            return {"now": iso(now), "taken_at": None, "mode": "", "cycle_id": None, **{name: [] for name in LISTS}}
        document = dict(latest.plan)
    selection.check([item for name in LISTS for item in document[name]])
    narrowed = {name: [item for item in document[name] if selection.takes(item)] for name in LISTS}
    return {"now": iso(now), **document, **narrowed}
