"""Tuning jobs with what their tokens cost by the price list, what the bill holds for them, and the difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from guard.core.training import Trained, training_bills
from guard.core.units import Known, Window
from guard.desk.accounts import Tuned
from guard.desk.lines import words
from guard.desk.plain import money
from guard.ports.ledger import Ledger

UNREAD = "the billing export was not read"


def training_lines(
    ledger: Ledger, jobs: Sequence[Tuned], everything: Sequence[Tuned], now: datetime
) -> list[dict[str, Any]]:
    """One line a job of `jobs`. `cost` is the estimate; `billed` None where the bill can't say, and `billed_unknown` why."""
    bills = training_on_bill(ledger, everything, now) if jobs else {}
    return [
        {
            "subject": job.name,
            "name": job.display_name,
            "project": job.project_id,
            "owner": job.owner,
            "state": job.state,
            "state_words": state_words(job.state),
            "cost": money(job.cost),
            **bills[job.name],
        }
        for job in jobs
    ]


def state_words(text: str) -> str:
    """`running, tuning` for what the platform calls JOB_STATE_RUNNING TUNING_JOB_STATE_TUNING."""
    parts = (part.removeprefix("TUNING_").removeprefix("JOB_STATE_").lower() for part in text.split())
    return ", ".join(dict.fromkeys(words(part) for part in parts))


def training_on_bill(ledger: Ledger, everything: Sequence[Tuned], now: datetime) -> Mapping[str, dict[str, Any]]:
    """By job: `billed`, `billed_unknown` and `difference` (billed less expected; None where either is unknown).

    `everything` are all jobs that have started, whenever that was: one that ran on the same days makes the bill unclear.
    """
    if not everything:
        return {}
    bill = ledger.bill(Window(min(job.started_at for job in everything), now))
    trained = [
        Trained(
            name=job.name,
            project_id=job.project_id,
            location=job.name.split("/", 4)[3],
            started_at=job.started_at,
            ended_at=job.ended_at,
        )
        for job in everything
    ]
    found = training_bills(trained, bill) if bill is not None else {}
    lines = {}
    for job in everything:
        one = found.get(job.name)
        billed = one.value if isinstance(one, Known) else None
        expected = job.cost if billed is not None and job.cost and job.cost.currency == billed.currency else None
        lines[job.name] = {
            "billed": money(billed),
            "billed_unknown": UNREAD if one is None else None if isinstance(one, Known) else one.reason,
            "difference": money(billed - expected) if billed is not None and expected is not None else None,
        }
    return lines
