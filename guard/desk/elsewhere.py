"""What was spent at another provider, as its own costs API says it: beside our sums, which count Google Cloud."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from guard.core.statement import Sums
from guard.core.units import Money
from guard.desk.plain import money


def spent_elsewhere(looks: Iterable[Mapping[str, Any]], now: datetime) -> Iterator[dict[str, Any]]:
    """One line a provider: `known` by currency, its `items`, or why nothing is known (`unknown`).

    The month is the provider's, in UTC, and starts a few hours before Google's; so this is in no sum. A look of an earlier
    month says nothing of this one.
    """
    for look in looks:
        taken = look.get("taken_at")
        unknown = look.get("spent_unknown")
        if unknown is None and (taken is None or _month(datetime.fromisoformat(taken)) != _month(now)):
            unknown = f"nobody has looked in this UTC month: {look.get('failing') or 'no look yet'}"
        items = (
            {name: Money(Decimal(one["amount"]), one["currency"]) for name, one in (look.get("spent") or {}).items()}
            if unknown is None
            else {}
        )
        yield {
            "provider": str(look["provider"]),
            "taken_at": taken,
            "month": f"{now.astimezone(UTC):%Y-%m}",
            "known": [money(one) for _, one in sorted(_sums(items.values()).items())],
            "items": {name: money(one) for name, one in sorted(items.items())},
            "unknown": unknown,
        }


def _month(at: datetime) -> tuple[int, int]:
    there = at.astimezone(UTC)
    return there.year, there.month


def _sums(amounts: Iterable[Money]) -> Sums:
    sums: dict[str, Money] = {}
    for one in amounts:
        sums[one.currency] = sums[one.currency] + one if one.currency in sums else one
    return sums
