"""What a tuning job came to on the bill, beside what its tokens were expected to cost. Pure.

The bill names no job: its tuning lines of a project and region, on the days on which the job ran, are the job's only where no other
job ran there on those days.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from guard.core.bill import Bill, BillLine
from guard.core.billing_month import day_of
from guard.core.units import Known, Maybe, Money, Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A tuning job as far as its bill matters: where and when it ran; `ended_at` None: it still runs."""

    name: str
    project_id: str
    location: str
    started_at: datetime
    ended_at: datetime | None


def training_bills(jobs: Sequence[Trained], bill: Bill) -> dict[str, Maybe[Money]]:
    """Return by name what the bill holds for each job, or why that can't be said (yet)."""
    days = {job.name: _days(job) for job in jobs}
    return {job.name: _billed(job, days, jobs, bill) for job in jobs}


def _billed(job: Trained, days: dict[str, frozenset[date]], jobs: Iterable[Trained], bill: Bill) -> Maybe[Money]:
    if job.ended_at is None:
        return Unknown("it has not ended")
    spans = bill.days()
    mine = days[job.name]
    if not mine <= set(spans):
        return Unknown("the bill that was read does not reach back to it")
    if any(not bill.settled(spans[day]) for day in mine):
        return Unknown("the bill of its days may still grow")
    others = [
        other
        for other in jobs
        if other.name != job.name
        and (other.project_id, other.location) == (job.project_id, job.location)
        and mine & days[other.name]
    ]
    if others:
        return Unknown(f"{len(others)} other job(s) ran there on its days, and the bill names none")
    found = [line for line in bill.lines if line.day in mine and _is_tuning(line) and _there(line, job)]
    currencies = {line.cost.currency for line in found}
    if not found:
        return Unknown("the bill holds no tuning on its days")
    if len(currencies) > 1:
        return Unknown(f"the bill has it in {' and '.join(sorted(currencies))}")
    return Known(Money(sum((line.cost.amount for line in found), Decimal(0)), currencies.pop()))


def _days(job: Trained) -> frozenset[date]:
    """The biller's days on which a job ran, and the one after: usage is written down when it is counted."""
    found, at, end = set(), job.started_at, job.ended_at or job.started_at
    while True:
        day, span = day_of(at)
        found.add(day)
        if span.start > end:
            return frozenset(found)
        at = span.end


def _is_tuning(line: BillLine) -> bool:
    return "tuning" in line.sku.lower()


def _there(line: BillLine, job: Trained) -> bool:
    """Tuning is sold by region or globally; a job of a region may be on either line."""
    return line.project_id == job.project_id and line.region in {job.location, "global"}
