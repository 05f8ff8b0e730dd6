"""Costs added up from the ledger: replicas hour by hour x the price of that hour, for the billing month or another window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from guard.core.billing_month import month_of
from guard.core.budget import Budget, Standing
from guard.core.own_prices import BookOf
from guard.core.settings import Settings
from guard.core.spend import LOOK_BACK, Question, Spend, spend_of
from guard.core.units import Money, Window, hour_number
from guard.ports.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounting:
    """Where figures of money come from: guard.yaml, the price book of each project, the standing of each budget."""

    settings: Callable[[], Settings]  # may raise ConfigInvalid
    books: Callable[[Ledger, Settings, datetime], BookOf]
    standings: Callable[[Ledger, Sequence[Budget], BookOf, datetime], list[Standing]]
    replay: Callable[[Ledger, Settings, Sequence[str]], Mapping[str, Any]] | None = (
        None  # tries waits on the ledger's past
    )
    guard_yaml: Callable[[], str | None] = lambda: None  # the file's text; None where it is not here


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """A tuning job of the window: bills by training tokens, known from its data once it has begun; None where they are not."""

    name: str
    display_name: str
    project_id: str
    owner: str | None
    state: str
    cost: Money | None
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """Everything that billed by the hour within a window, and what billed before the guard knew what it was."""

    month: Window
    window: Window
    now: datetime
    spends: tuple[Spend, ...]
    tuning: tuple[Tuned, ...]  # what started in the window
    ever_tuned: tuple[Tuned, ...]  # every job that has started, for what the bill can be split over
    strangers: tuple[str, ...]  # names with replicas in the window that were gone at the guard's first look


def accounts_of(ledger: Ledger, book_of: BookOf, now: datetime, window: Window | None = None) -> Accounts:
    """Add up costs from the ledger, for the billing month that `now` lies in or another window up to now."""
    month = month_of(now)
    asked = window or Window(month.start, max(now, month.start))
    from_hour = hour_number(min(asked.start, now - LOOK_BACK)) - 1
    things = ledger.billed()
    means = ledger.replicas(from_hour=from_hour)
    verdicts = ledger.verdicts()
    ends = {
        name: datetime.fromisoformat(document["due_at"])
        for name, document in verdicts.items()
        if document["decision"] == "idle" and document.get("due_at") and document.get("billed")
    }
    question = Question(window=asked, now=now, month_end=month.end, ends=ends)
    spends = [
        spend_of(thing, means.get(thing.name, {}), book_of(thing.project_id), question)
        for thing in things
        if thing.gone_at is None or thing.gone_at > asked.start
    ]
    known = {thing.name for thing in things}
    first, last = hour_number(asked.start), hour_number(asked.end)
    strangers = sorted(
        name
        for name, hours in means.items()
        if name not in known and any(first <= hour <= last and mean > 0 for hour, mean in hours.items())
    )
    ever_tuned = tuned(verdicts)
    return Accounts(
        month=month,
        window=asked,
        now=now,
        spends=tuple(spends),
        tuning=tuple(job for job in ever_tuned if job.started_at in asked),
        ever_tuned=ever_tuned,
        strangers=tuple(strangers),
    )


def spend_since(ledger: Ledger, book_of: BookOf, subject: str, since: datetime, now: datetime) -> Spend | None:
    """What one thing has cost since an instant; None for what never billed by the hour."""
    thing = next((one for one in ledger.billed() if one.name == subject), None)
    if thing is None or since > now:
        return None
    means = ledger.replicas(from_hour=hour_number(min(since, now - LOOK_BACK)) - 1, subjects=[subject])
    question = Question(window=Window(since, now), now=now, month_end=month_of(now).end)
    return spend_of(thing, means.get(subject, {}), book_of(thing.project_id), question)


def tuned(verdicts: Mapping[str, Mapping[str, Any]]) -> tuple[Tuned, ...]:
    """Jobs that have started; one that never started cost nothing."""
    found = []
    for name, document in sorted(verdicts.items()):
        evidence = document.get("evidence", {})
        started = evidence.get("started_at")
        if document["kind"] != "tuning_job" or not started:
            continue
        cost = evidence.get("training_cost")
        found.append(
            Tuned(
                name=name,
                display_name=str(document["display_name"]),
                project_id=str(document["project"]),
                owner=document.get("owner"),
                state=str(evidence.get("state")),
                cost=Money(Decimal(cost["amount"]), cost["currency"]) if cost else None,
                started_at=datetime.fromisoformat(started),
                ended_at=datetime.fromisoformat(evidence["ended_at"]) if evidence.get("ended_at") else None,
            )
        )
    return tuple(found)
