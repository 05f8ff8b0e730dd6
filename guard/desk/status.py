"""What bills, how long it has been silent, what the guard thinks of it; dearest first, with totals that add up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from guard.core.documents import verdict_document
from guard.core.units import HOURS_A_MONTH
from guard.core.wording import instant
from guard.desk.finding import names_of
from guard.desk.looking import Look
from guard.desk.plain import decimal_money, iso
from guard.desk.selecting import Selection
from guard.ports.ledger import Ledger, Paused

Document = Mapping[str, Any]


def status(ledger: Ledger, now: datetime, selection: Selection, look: Look | None = None) -> dict[str, Any]:
    """The fleet as of the latest look, or of one just taken. `taken_at` is None where nobody has looked yet.

    `things` are verdict documents with a `name` that tells each from the others; what is gone is left out. `totals` adds them up.
    """
    pause = ledger.paused()
    if look is not None:
        taken_at: datetime | None = look.plan.taken_at
        mode = look.plan.mode.value
        found: Sequence[Document] = [*(verdict_document(one) for one in look.verdicts), *look.unlisted]
    else:
        latest = ledger.latest_cycle()
        taken_at, mode = (latest.taken_at, latest.mode) if latest else (None, "")
        found = list(ledger.verdicts().values())
    things = selection.of([one for one in found if one["decision"] != "gone"])
    names = names_of(things)
    return {
        "now": iso(now),
        "taken_at": iso(taken_at),
        "mode": mode,
        "paused": paused_words(pause),
        "pause": pause_document(pause),
        "things": [{"name": names[one["subject"]], **one} for one in dearest_first(things)],
        "totals": totals(things),
    }


def dearest_first(documents: Iterable[Document]) -> list[Document]:
    """Order by rate, unknown prices first among what bills, then by name."""
    return sorted(documents, key=lambda doc: (-_amount(doc), str(doc["subject"])))


def _amount(document: Document) -> Decimal:
    if document.get("rate") is None:
        return Decimal(10**9) if document.get("billed") else Decimal(-1)
    return Decimal(str(document["rate"]["amount"]))


def totals(documents: Iterable[Document]) -> dict[str, Any]:
    """Money by currency: an hour and a month of everything that bills, and how much of it is idle; `unpriced` are in no sum."""
    rates: dict[str, list[Decimal]] = {}
    unpriced = 0
    for document in documents:
        if not document.get("billed"):
            continue
        if document.get("rate") is None:
            unpriced += 1
            continue
        both = rates.setdefault(str(document["rate"]["currency"]), [Decimal(0), Decimal(0)])
        amount = Decimal(str(document["rate"]["amount"]))
        both[0] += amount
        both[1] += amount if document["decision"] == "idle" else Decimal(0)
    return {
        "rates": [
            {
                "hour": decimal_money(total, currency),
                "month": decimal_money(total * HOURS_A_MONTH, currency),
                "idle_hour": decimal_money(idle, currency),
                "idle_month": decimal_money(idle * HOURS_A_MONTH, currency),
            }
            for currency, (total, idle) in sorted(rates.items())
        ],
        "unpriced": unpriced,
    }


def pause_document(pause: Paused | None) -> dict[str, Any] | None:
    """Who stopped everything, when and why."""
    return None if pause is None else {"who": pause.who, "why": pause.why, "at": iso(pause.at)}


def paused_words(pause: Paused | None) -> str | None:
    """The same as words."""
    return None if pause is None else f"paused by {pause.who} since {instant(pause.at)}: {pause.why}"
