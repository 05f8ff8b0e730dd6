"""The picture of a week ahead: spend an hour as things stand, and with the plan carried out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from guard.core.units import Money
from guard.core.week import Outlook

Document = Mapping[str, Any]
STEP = timedelta(hours=1)
HOURS = 7 * 24
DAY = 24


def spend_ahead(
    things: Iterable[Document], found: Sequence[tuple[Outlook, Document | None]], first: datetime
) -> dict[str, Any] | None:
    """Spend an hour of the coming week in the currency that most is spent in; None where no price is known.

    What shares a pool bills once, and stops once. Other currencies have no part in it (`other` says so).
    """
    now: dict[str, Decimal] = {}
    for thing in things:
        if thing.get("billed") and thing.get("rate") and thing["decision"] != "gone":
            rate = thing["rate"]
            now[str(rate["currency"])] = now.get(str(rate["currency"]), Decimal(0)) + Decimal(str(rate["amount"]))
    if not now:
        return None
    currency = max(now, key=lambda code: now[code])
    stops: dict[str, tuple[datetime, Decimal]] = {}
    for one, rate in found:
        if one.goes_at is not None and rate is not None and rate["currency"] == currency:
            stops.setdefault(one.candidate.unit, (one.goes_at, Decimal(str(rate["amount"]))))
    hours = [first + STEP * number for number in range(HOURS + 1)]
    planned = [now[currency] - sum((rate for at, rate in stops.values() if at <= hour), Decimal(0)) for hour in hours]
    return {
        "title": f"Spend an hour in the week ahead ({currency})",
        "text": "Spend an hour of the next seven days: as things stand, and if the plan is carried out and nothing else changes.",
        "x": [hour.timestamp() for hour in hours],
        "series": [
            {
                "name": "as it stands",
                "unit": f"{currency} an hour",
                "axis": "y",
                "kind": "steps",
                "values": [float(now[currency])] * len(hours),
            },
            {
                "name": "with the plan",
                "unit": f"{currency} an hour",
                "axis": "y",
                "kind": "steps",
                "values": [float(one) for one in planned],
            },
        ],
        "axes": {"y": f"{currency} an hour"},
        "marks": [],
        "bands": [],
        "x_name": "from (UTC)",
        "rows": [
            [
                f"{hours[number]:%Y-%m-%d %H:%M}",
                str(Money(now[currency], currency)),
                str(Money(planned[number], currency)),
            ]
            for number in range(0, HOURS + 1, DAY)
        ],
        "other": sorted(code for code in now if code != currency),
    }
