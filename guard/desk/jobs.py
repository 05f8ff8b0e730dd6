"""Tuning jobs with state, cost, warnings and what they left; below them those of another provider."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from guard.core.names import is_provider
from guard.desk.accounts import tuned
from guard.desk.finding import name_of
from guard.desk.plain import iso
from guard.desk.selecting import Selection
from guard.desk.training import training_on_bill
from guard.ports.ledger import Ledger

NOT_STARTED = {"billed": None, "billed_unknown": "it has not started", "difference": None}


def jobs(ledger: Ledger, now: datetime, selection: Selection) -> dict[str, Any]:
    """Every tuning job, running ones first; `providers` are left out where a project or policy is asked for.

    `cost` is training tokens x epochs x price: an estimate, None where the tokens or the price are not known; then `cost_unknown`
    says which. `on_bill` holds what the billing export says of it (`billed`), that less `cost` (`difference`), or why it
    says nothing (`billed_unknown`).
    """
    latest, verdicts = ledger.latest_cycle(), ledger.verdicts()
    seen = [document for document in verdicts.values() if document["decision"] != "gone"]
    selection.check(seen)
    found = [one for one in seen if one.get("kind") == "tuning_job" and selection.takes(one)]
    if selection.is_everything:  # another provider's stand below, with what only its own look tells
        found = [one for one in found if not is_provider(str(one["subject"]).split("/", 2)[1])]
    found.sort(key=lambda one: (str(one["evidence"].get("state")) != "running", str(one.get("created_at"))))
    bills = training_on_bill(ledger, tuned(verdicts), now)
    return {
        "now": iso(now),
        "taken_at": iso(latest.taken_at) if latest else None,
        "jobs": [
            {
                "name": name_of(one),
                "cost": one["evidence"].get("training_cost"),
                "cost_unknown": _why(one),
                "on_bill": bills.get(str(one["subject"]), NOT_STARTED),
                **one,
            }
            for one in found
        ],
        "providers": [dict(look) for look in ledger.provider_looks()] if selection.is_everything else [],
    }


def _why(document: Mapping[str, Any]) -> str | None:
    """Why there is no cost."""
    evidence = document["evidence"]
    if evidence.get("training_cost"):
        return None
    if not evidence.get("training_tokens"):
        return "the platform has not counted its training tokens"
    return f"no price is known for tuning {evidence.get('base_model') or 'its model'}"
