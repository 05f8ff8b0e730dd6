"""Tuning jobs with what their tokens cost by the price list, what the bill holds for them, and the difference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from guard.core.training import Trained, training_bills
from guard.core.units import Known, Window
from guard.desk.accounts import Tuned
from guard.desk.plain import money
from guard.ports.ledger import Ledger


def training_lines(ledger: Ledger, jobs: Sequence[Tuned], window: Window) -> list[dict[str, Any]]:
    """One line a job. `cost` is the estimate; `billed` None where the bill can't say, and `billed_unknown` why."""
    bill = ledger.bill(window) if jobs else None
    trained = [
        Trained(
            name=job.name,
            project_id=job.project_id,
            location=job.name.split("/", 4)[3],
            started_at=job.started_at,
            ended_at=job.ended_at,
        )
        for job in jobs
    ]
    found = training_bills(trained, bill) if bill is not None else {}
    lines = []
    for job in jobs:
        one = found.get(job.name)
        billed = one.value if isinstance(one, Known) else None
        same = billed is not None and job.cost is not None and billed.currency == job.cost.currency
        lines.append(
            {
                "subject": job.name,
                "name": job.display_name,
                "project": job.project_id,
                "owner": job.owner,
                "state": job.state,
                "cost": money(job.cost),
                "billed": money(billed),
                "billed_unknown": None
                if billed is not None
                else ("the billing export was not read" if one is None or isinstance(one, Known) else one.reason),
                "difference": money(billed - job.cost)
                if same and billed is not None and job.cost is not None
                else None,
            }
        )
    return lines
