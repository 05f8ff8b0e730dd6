"""A person's word that something stays, its end, and what it has cost so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from guard.core.plan import KeepOrder
from guard.core.units import Money, Rate
from guard.desk.accounts import Accounting, spend_since
from guard.desk.approving import acts_on
from guard.desk.finding import name_of, resolve
from guard.desk.plain import iso, money
from guard.desk.removed import refuse_gone
from guard.ports.errors import GuardError
from guard.ports.ledger import Ledger

Document = Mapping[str, Any]
Costing = Callable[[KeepOrder], dict[str, Any] | None]


def keep(
    ledger: Ledger, accounting: Accounting, now: datetime, *, name: str, until: datetime | None, why: str, who: str
) -> dict[str, Any]:
    """Keep one thing; a pool's sharer keeps the pool. A removal that was announced is void; one already sent is counted.

    Raises Gone for what is not there any more. `cost` is what keeping it has cost since the first keep that still holds, None
    where this is the first.
    """
    document = resolve(ledger, name)
    refuse_gone(ledger, document, "kept")
    subject = str(document["subject"])
    before = [order for order in ledger.keeps(subject) if order.holds(now)]
    order = ledger.add_keep(subject, who, why or "no reason given", now, until)
    in_flight = [act for act in acts_on(ledger, document) if act.state.is_in_flight]
    first = min(before, key=lambda one: one.made_at, default=None)
    return {
        "now": iso(now),
        "subject": order.subject,
        "name": name_of(document),
        "who": order.who,
        "why": order.why,
        "until": iso(order.until),
        "in_flight": len(in_flight),
        "rate": document.get("rate"),
        "cost_until": _cost_until(document, now, until),
        "cost": costing(ledger, accounting, now)(first) if first is not None else None,
    }


def unkeep(ledger: Ledger, now: datetime, *, name: str, who: str) -> dict[str, Any]:
    """End every keep on one thing; `ended` counts them."""
    document = resolve(ledger, name)
    ended = ledger.end_keeps(str(document["subject"]), who, now)
    return {
        "now": iso(now),
        "subject": document["subject"],
        "name": name_of(document),
        "ended": ended,
        "who": who,
    }


def costing(ledger: Ledger, accounting: Accounting, now: datetime) -> Costing:
    """What a keep has cost: all that its thing cost from the word to its end, or to now; None where that is not known.

    List prices, replicas hour by hour; `lower_bound` where hours without a count or a price are in no sum.
    """

    def cost_of(order: KeepOrder) -> dict[str, Any] | None:
        end = min(now, order.ended_at or now, order.until or now)
        try:
            book_of = accounting.books(ledger, accounting.settings(), now)
        except GuardError:
            return None  # without guard.yaml there are no prices to go by
        spend = spend_since(ledger, book_of, order.subject, order.made_at, end)
        if spend is None:
            return None
        return {
            "since": iso(order.made_at),
            "known": [money(spend.known[currency]) for currency in sorted(spend.known)],
            "lower_bound": spend.is_lower_bound,
        }

    return cost_of


def not_known(_order: KeepOrder) -> None:
    """The costing of whoever has no prices at hand."""


def _cost_until(document: Document, now: datetime, until: datetime | None) -> dict[str, str] | None:
    rate = document.get("rate")
    if rate is None or until is None:
        return None
    hourly = Money(Decimal(rate["amount"]), rate["currency"])
    return money(Rate(hourly).over(until - now))
