"""What commands answer about money: the same price layers as the daemon's, and costs added up from the ledger."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from guard.core.billing_month import month_of
from guard.core.budget import Standing
from guard.core.catalogue import layered
from guard.core.own_prices import BookOf, book_of_project
from guard.core.settings import Settings
from guard.core.spend import LOOK_BACK, Question, Spend, spend_of
from guard.core.units import Money, Window, hour_number
from guard.ports.ledger import Ledger


def books_of(ledger: Ledger, settings: Settings, now: datetime) -> BookOf:
    """The book of each project: guard.yaml's prices over the catalogue's over the shipped ones."""
    from guard.adapters.billing.shipped import shipped_rows

    return book_of_project(layered(shipped_rows(), ledger.quotes()), settings.rules_of, now.date())


def settings_of(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read guard.yaml for a command; raises ConfigInvalid."""
    from guard.config import load

    return load(path, environment).settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """A tuning job of the window: bills by training tokens, known from its data once it has begun; None where they are not."""

    name: str
    display_name: str
    project_id: str
    owner: str | None
    state: str
    cost: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """Everything that billed by the hour within a window, and what billed before the guard knew what it was."""

    month: Window
    window: Window
    now: datetime
    spends: tuple[Spend, ...]
    tuning: tuple[Tuned, ...]
    strangers: tuple[str, ...]  # names with replicas in the window that were gone at the guard's first look


def accounts_of(ledger: Ledger, settings: Settings, now: datetime, window: Window | None = None) -> Accounts:
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
    book_of = books_of(ledger, settings, now)
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
    return Accounts(
        month=month,
        window=asked,
        now=now,
        spends=tuple(spends),
        tuning=_tuning(verdicts, asked),
        strangers=tuple(strangers),
    )


def _tuning(verdicts: Mapping[str, Mapping[str, Any]], window: Window) -> tuple[Tuned, ...]:
    """Jobs that started in the window; a job that never started cost nothing."""
    found = []
    for name, document in sorted(verdicts.items()):
        evidence = document.get("evidence", {})
        started = evidence.get("started_at")
        if document["kind"] != "tuning_job" or not started or datetime.fromisoformat(started) not in window:
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
            )
        )
    return tuple(found)


def budgets_of(ledger: Ledger, settings: Settings, now: datetime) -> list[Standing]:
    """How the budgets of guard.yaml stand."""
    from guard.daemon.budgets import standings

    return standings(ledger, settings.budgets, books_of(ledger, settings, now), now)
