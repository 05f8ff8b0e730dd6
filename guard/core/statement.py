"""Costs added up by owner, team, project or whatever is asked for. A total is the sum of its lines, exactly; what is not known is
listed beside it; currencies are never mixed. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from guard.core.spend import Spend
from guard.core.units import Money

Sums = Mapping[str, Money]
"""Currency -> amount."""

NOBODY = "(none)"
"""The group of what has no owner, no such label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One group: money an hour now, cost to date, forecast with its range, all by currency; and what is in no sum."""

    group: str
    things: tuple[str, ...]
    rate: Sums
    known: Sums
    forecast: Sums
    low: Sums
    high: Sums
    planned: Sums
    unknown: tuple[str, ...]  # names whose cost is unknown, wholly or in part

    @property
    def is_lower_bound(self) -> bool:
        return bool(self.unknown)


GROUPS: Mapping[str, Callable[[Spend], str]] = {
    "thing": lambda spend: spend.thing.name,
    "endpoint": lambda spend: spend.thing.endpoint,
    "project": lambda spend: spend.thing.project_id,
    "owner": lambda spend: spend.thing.owner or NOBODY,
    "team": lambda spend: spend.thing.labels.get("team") or NOBODY,
    "machine": lambda spend: str(spend.thing.machine),
    "location": lambda spend: spend.thing.location,
    "policy": lambda spend: spend.thing.policy or NOBODY,
    "kind": lambda spend: spend.thing.kind.value.replace("_", " "),
    "provider": lambda _: "google",  # what is spent elsewhere stands beside the sums: its months are others
}
"""What costs are added up by; `label:KEY` goes by any label."""


def grouping(by: str) -> Callable[[Spend], str] | None:
    """The group of a thing; None for a word that names no grouping."""
    if by.startswith("label:") and len(by) > len("label:"):
        key = by.removeprefix("label:")
        return lambda spend: spend.thing.labels.get(key) or NOBODY
    return GROUPS.get(by)


def lines(spends: Iterable[Spend], by: Callable[[Spend], str]) -> tuple[Line, ...]:
    """One line a group, dearest to date first."""
    groups: dict[str, list[Spend]] = {}
    for spend in spends:
        groups.setdefault(by(spend), []).append(spend)
    found = [line(group, members) for group, members in groups.items()]
    return tuple(sorted(found, key=lambda one: (-max((m.amount for m in one.known.values()), default=0), one.group)))


def line(group: str, spends: Sequence[Spend]) -> Line:
    """Add up one group."""
    return Line(
        group=group,
        things=tuple(spend.thing.name for spend in spends),
        rate=_sum(spend.rate.per_hour for spend in spends if spend.rate is not None),
        known=_sum(money for spend in spends for money in spend.known.values()),
        forecast=_sum(_ends(spend.forecast, spend) for spend in spends),
        low=_sum(_ends(spend.low, spend) for spend in spends),
        high=_sum(_ends(spend.high, spend) for spend in spends),
        planned=_sum(_ends(spend.planned, spend) for spend in spends),
        unknown=tuple(sorted(spend.thing.name for spend in spends if spend.is_lower_bound or _unforeseen(spend))),
    )


def _unforeseen(spend: Spend) -> bool:
    return spend.forecast is None and spend.thing.gone_at is None


def _ends(forecast: Money | None, spend: Spend) -> Money | Mapping[str, Money]:
    """What one thing ends at: its forecast, with what it cost in any other currency; else what it cost so far."""
    if forecast is None:
        return spend.known
    return {**spend.known, forecast.currency: forecast}


def _sum(amounts: Iterable[Money | Mapping[str, Money]]) -> Sums:
    total: dict[str, Money] = {}
    for amount in amounts:
        for money in (amount,) if isinstance(amount, Money) else amount.values():
            total[money.currency] = total[money.currency] + money if money.currency in total else money
    return total
