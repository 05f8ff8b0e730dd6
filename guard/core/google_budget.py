"""Google's own budget notices: what one says, when two are the same fact, and how its figure stands beside ours. Pure.

Google sends them many times a day, whether or not a threshold is crossed, at least once each, up to about a day late, and by
default with credits subtracted. Source: docs.cloud.google.com/billing/docs/how-to/budgets-programmatic-notifications (2026-11-24).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from guard.core.units import Money, short

CREDITS = (
    "Google subtracts credits unless its budget says otherwise, and is up to a day late; "
    "the guard counts list prices as of now."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleRules:
    """What guard.yaml says. `same_as` maps the name of a budget at Google to that of one of ours."""

    subscription: str  # projects/P/subscriptions/S
    to: str | None = None
    same_as: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleNotice:
    """One message. `cost` is since `interval_start`; `threshold` and `forecast_threshold` are shares, None where not crossed."""

    message_id: str
    published_at: datetime
    budget_id: str
    account: str
    name: str
    cost: Money
    amount: Money
    interval_start: datetime
    threshold: Decimal | None = None
    forecast_threshold: Decimal | None = None

    @property
    def id(self) -> str:
        """The fact: budget, interval and what is crossed. A repeat, or one with a newer cost, is the same fact."""
        parts = (self.budget_id, self.interval_start.isoformat(), self.threshold, self.forecast_threshold)
        return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:24]

    @property
    def crossed(self) -> str:
        """What is crossed, in words; empty: nothing."""
        parts = [f"{(self.threshold * 100).normalize():f}%"] if self.threshold is not None else []
        if self.forecast_threshold is not None:
            parts.append(f"forecast {(self.forecast_threshold * 100).normalize():f}%")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A message that is no budget notice that we know, and why; kept as it came."""

    message_id: str
    published_at: datetime
    why: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleFigure:
    """A fact as the ledger keeps it: the newest message of it, when its first one was published, how many there were."""

    notice: GoogleNotice
    first_published_at: datetime
    received_at: datetime
    messages: int = 1


def latest(figures: Iterable[GoogleFigure]) -> list[GoogleFigure]:
    """The newest figure of each budget, by name."""
    found: dict[str, GoogleFigure] = {}
    for figure in sorted(figures, key=lambda one: (one.notice.published_at, one.notice.message_id)):
        found[figure.notice.budget_id] = figure
    return sorted(found.values(), key=lambda one: (one.notice.name, one.notice.budget_id))


def ours(notice: GoogleNotice, rules: GoogleRules | None) -> str:
    """The name of our budget that a budget at Google is compared with: the one the file names, else that of the same name."""
    return rules.same_as.get(notice.name, notice.name) if rules is not None else notice.name


def sentence(figure: GoogleFigure, spent: Money | None, now: datetime) -> str:
    """Both views in words."""
    notice = figure.notice
    text = (
        f"By Google's count {notice.cost} of {notice.amount} since {notice.interval_start:%Y-%m-%d %H:%M} UTC, "
        f"told {short(now - notice.published_at)} ago."
    )
    if spent is None:
        return text
    lower = spent.currency == notice.cost.currency and notice.cost.amount < spent.amount
    return f"{text} By the guard's count {spent}.{' ' + CREDITS if lower else ''}"


def google_documents(
    figures: Iterable[GoogleFigure], standings: Sequence[Mapping[str, Any]], rules: GoogleRules | None, now: datetime
) -> list[dict[str, Any]]:
    """Google's view of each budget with ours beside it, as JSON. `standings` are documents of `tuneguard budgets`."""
    known = {str(one["name"]): one for one in standings}
    documents = []
    for figure in latest(figures):
        notice = figure.notice
        mine = known.get(ours(notice, rules))
        spent = Money(Decimal(mine["spent"]["amount"]), mine["spent"]["currency"]) if mine else None
        documents.append(
            {
                "budget_id": notice.budget_id,
                "name": notice.name,
                "cost": _money(notice.cost),
                "amount": _money(notice.amount),
                "since": notice.interval_start.isoformat(),
                "crossed": notice.crossed or None,
                "published_at": notice.published_at.isoformat(),
                "age_hours": round((now - notice.published_at).total_seconds() / 3600, 3),
                "received_at": figure.received_at.isoformat(),
                "messages": figure.messages,
                "ours": mine["name"] if mine else None,
                "our_spent": mine["spent"] if mine else None,
                "says": sentence(figure, spent, now),
            }
        )
    return documents


def _money(money: Money) -> dict[str, str]:
    return {"amount": f"{money.amount:f}", "currency": money.currency}
