"""Values as JSON's own kinds: instants as ISO 8601 in UTC, money as exact text with its currency."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from guard.core.units import Money

MoneyDocument = dict[str, str]


def iso(at: datetime | None) -> str | None:
    """An instant with its offset; None stays None."""
    return None if at is None else at.astimezone(UTC).isoformat()


def money(amount: Money | None) -> MoneyDocument | None:
    """An amount with its currency; None where it is not known."""
    return None if amount is None else {"amount": f"{amount.amount:f}", "currency": amount.currency}


def decimal_money(amount: Decimal, currency: str) -> MoneyDocument:
    """The same from its parts."""
    return {"amount": f"{amount:f}", "currency": currency}
