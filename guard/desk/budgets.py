"""How each spend budget of guard.yaml stands, and what was crossed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from guard.core.budget import Crossing, Standing, crossings
from guard.core.google_budget import GoogleRules, google_documents
from guard.core.units import short
from guard.desk.accounts import Accounting
from guard.desk.plain import iso, money
from guard.ports.ledger import Ledger


def budgets(
    ledger: Ledger, accounting: Accounting, now: datetime, found: Sequence[Standing] | None = None
) -> dict[str, Any]:
    """Every budget as it stands now; what was crossed since the last look counts already, although it was not told yet.

    `found` are the standings where somebody has added them up already.
    """
    settings = accounting.settings()
    if found is None:
        found = accounting.standings(ledger, settings.budgets, accounting.books(ledger, settings, now), now)
    latest = ledger.latest_cycle()
    standings = [_standing(one, _now_crossed(one, now)) for one in found]
    return {
        "now": iso(now),
        "taken_at": iso(latest.taken_at) if latest else None,
        "budgets": standings,
        "google": _google(ledger, settings.google, standings, now) if settings.google else None,
        "crossings": [_crossing(one) for one in ledger.crossings()],
    }


def _now_crossed(found: Standing, now: datetime) -> list[Crossing]:
    new, over = crossings(found, now)
    ended = {one.id for one in over}
    return [*(one for one in found.crossed if one.id not in ended), *new]


def _standing(found: Standing, crossed: Sequence[Crossing]) -> dict[str, Any]:
    per = found.budget.per
    return {
        "name": found.budget.name,
        "amount": money(found.budget.amount),
        "length": "a month" if per is None else f"in {short(per)}",
        "thresholds": [str(threshold) for threshold in found.budget.thresholds],
        "since": iso(found.window.start),
        "spent": money(found.spent),
        "share": None if found.share is None else f"{found.share:.4f}",
        "forecast": money(found.forecast),
        "things": found.things,
        "lower_bound": found.total.is_lower_bound,
        "unknown": list(found.total.unknown),
        "other_currencies": [money(one) for one in found.other],
        "crossed": [_crossing(one) for one in crossed],
        "does": [
            str(response)
            for response in found.budget.responses
            if str(response) and response.at in {one.threshold for one in crossed}
        ],
    }


def _google(ledger: Ledger, rules: GoogleRules, standings: Sequence[dict[str, Any]], now: datetime) -> dict[str, Any]:
    """What Google's own budget notices say, each figure with its age, beside ours."""
    return {
        "subscription": rules.subscription,
        "budgets": google_documents(ledger.google_figures(), standings, rules, now),
        "unreadable": [
            {"message_id": one.message_id, "published_at": iso(one.published_at), "why": one.why}
            for one in ledger.unreadable_messages()
        ],
    }


def _crossing(crossing: Crossing) -> dict[str, Any]:
    return {
        "budget": crossing.budget,
        "threshold": crossing.threshold,
        "at": iso(crossing.at),
        "value": money(crossing.value),
        "limit": money(crossing.limit),
        "ended_at": iso(crossing.ended_at),
    }
