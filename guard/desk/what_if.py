"""What the month ends at under another guard.yaml: the present verdicts, judged by its policies, put into the forecast.

A removal ends a thing's cost when its wait, its notice and its act window are over. The range is honest at both ends: at the low
one also goes what is silent now and stays so, at the quietest day's replicas; at the high one nothing goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from guard.core.rules import Mode
from guard.core.settings import Settings
from guard.core.spend import Spend
from guard.core.units import Money
from guard.core.verdict import Idle, Keep, Stage, Verdict
from guard.desk.accounts import Accounting, accounts_of
from guard.desk.looking import Look
from guard.desk.plain import MoneyDocument, iso, money
from guard.ports.ledger import Ledger

Sums = dict[str, Money]


def what_if(ledger: Ledger, accounting: Accounting, other: Settings, look: Look, now: datetime) -> dict[str, Any]:
    """Compare the month's end as things are with that under `other`, whose look this is. Prices are those in force."""
    accounts = accounts_of(ledger, accounting.books(ledger, accounting.settings(), now), now)
    ahead = accounts.month.end - now
    goes, may_go = _ends(look.verdicts)
    at_best = may_go | goes

    def with_ends(spend: Spend, figure: Money, ends: Mapping[str, datetime]) -> Money:
        """What the figure comes to if the thing ends as said; never below what it has cost."""
        end = ends.get(spend.thing.name)
        so_far = spend.known.get(figure.currency, Money(Decimal(0), figure.currency))
        if end is None or ahead <= timedelta(0):
            return figure
        left = max(timedelta(0), min(end - now, ahead))
        return so_far + (figure - so_far) * (Decimal(left // _TICK) / Decimal(ahead // _TICK))

    def total(of: Callable[[Spend], Money | None]) -> list[MoneyDocument]:
        sums: Sums = {}
        for spend in accounts.spends:
            amount = of(spend)
            counted = [amount] if amount is not None else list(spend.known.values())
            for one in counted:
                sums[one.currency] = sums[one.currency] + one if one.currency in sums else one
        return [document for code in sorted(sums) if (document := money(sums[code])) is not None]

    return {
        "against": other.source,
        "mode": other.default.mode.value,
        "acts": other.modes != {Mode.OBSERVE},
        "month": {"start": iso(accounts.month.start), "end": iso(accounts.month.end)},
        "now": {
            "known": total(lambda _: None),
            "forecast": total(lambda spend: spend.forecast),
            "low": total(lambda spend: spend.low),
            "high": total(lambda spend: spend.high),
        },
        "then": {
            "forecast": total(lambda spend: spend.forecast and with_ends(spend, spend.forecast, goes)),
            "low": total(lambda spend: spend.low and with_ends(spend, spend.low, at_best)),
            "high": total(lambda spend: spend.high),
        },
        "removals": [
            {
                "subject": spend.thing.name,
                "name": spend.thing.display_name,
                "at": iso(goes[spend.thing.name]),
                "saves": money(spend.forecast - with_ends(spend, spend.forecast, goes)) if spend.forecast else None,
            }
            for spend in accounts.spends
            if spend.thing.name in goes and spend.thing.gone_at is None
        ],
        "unknown": sorted(spend.thing.name for spend in accounts.spends if spend.is_lower_bound),
    }


_TICK = timedelta(seconds=1)


def _ends(verdicts: Iterable[Verdict]) -> tuple[dict[str, datetime], dict[str, datetime]]:
    """When idle things would be removed, and when those would go that are silent but not for long enough yet."""
    goes: dict[str, datetime] = {}
    may_go: dict[str, datetime] = {}
    for verdict in verdicts:
        if not verdict.subject.billed:
            continue
        if isinstance(verdict, Idle) and verdict.stage is Stage.UNDEPLOY:
            goes[verdict.subject.name] = verdict.due_at
        elif isinstance(verdict, Keep) and verdict.would_go_at is not None:
            may_go[verdict.subject.name] = verdict.would_go_at
    return goes, may_go
