"""Spend budgets: what was spent, what is expected, which thresholds that crosses; each crossing once. Pure.

A threshold that was crossed is crossed until the value falls clearly below it (HYSTERESIS), or a new month begins; a value that
wavers around a threshold is told once. What is unknown is in no value: a value is then a lower bound, and a crossing by it is real.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from guard.core.billing_month import month_of
from guard.core.responses import Response
from guard.core.spend import Spend
from guard.core.statement import GROUPS, Line, line, lines
from guard.core.units import Money, Window

HYSTERESIS = Decimal("0.05")
"""Share of a threshold by which the value has to fall before the threshold can be crossed anew."""
ROLLING = "rolling"


@dataclass(frozen=True, slots=True, order=True)
class Threshold:
    """A share of the amount, of what was spent or of what the month is expected to end at."""

    share: Decimal
    forecast: bool = False

    def __str__(self) -> str:
        return f"{'forecast ' if self.forecast else ''}{(self.share * 100).normalize():f}%"


class Countable(Protocol):
    """What a budget can count: something that bills, or the subject of a verdict."""

    @property
    def name(self) -> str: ...
    @property
    def project_id(self) -> str: ...
    @property
    def location(self) -> str: ...
    @property
    def labels(self) -> Mapping[str, str]: ...
    @property
    def owner(self) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """What a budget counts; what is empty takes everything."""

    labels: tuple[tuple[str, str], ...] = ()  # value `*`: any
    projects: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()

    def takes(self, thing: Countable) -> bool:
        """True for a thing whose cost counts."""
        return (
            all(key in thing.labels and value in {"*", thing.labels[key]} for key, value in self.labels)
            and (not self.projects or thing.project_id in self.projects or thing.name.split("/", 2)[1] in self.projects)
            and (not self.locations or thing.location in self.locations)
            and (not self.owners or thing.owner in self.owners)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """An amount for the biller's month, or for any time of a length (`per`). `to` hears of crossings (None: the fallback)."""

    name: str
    amount: Money
    thresholds: tuple[Threshold, ...]
    selector: Selector = Selector()
    per: timedelta | None = None
    to: str | None = None
    responses: tuple[Response, ...] = ()

    def window(self, now: datetime) -> Window:
        """What counts at an instant."""
        return Window(month_of(now).start if self.per is None else now - self.per, now)

    def period(self, now: datetime) -> str:
        """Name of the stretch of time in which a crossing counts once."""
        return month_of(now).start.isoformat() if self.per is None else ROLLING


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """A threshold was crossed at an instant, by a value. `ended_at`: it fell clearly below again, or the month was over."""

    budget: str
    threshold: str
    period: str
    at: datetime
    value: Money
    limit: Money
    ended_at: datetime | None = None

    @property
    def id(self) -> str:
        return f"{self.budget}/{self.threshold}/{self.period}/{self.at.isoformat()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a budget stands: what counts, added up, and in other currencies what does not."""

    budget: Budget
    window: Window
    total: Line
    spent: Money
    forecast: Money | None  # None for a rolling budget
    dearest: tuple[Spend, ...] = ()
    other: tuple[Money, ...] = ()
    things: int = 0
    owners: tuple[Line, ...] = ()  # each owner's part, dearest first
    crossed: tuple[Crossing, ...] = field(default=())

    @property
    def share(self) -> Decimal | None:
        """Spent as a share of the amount; None where the amount is 0."""
        return self.spent.amount / self.budget.amount.amount if self.budget.amount.amount else None

    def value(self, threshold: Threshold) -> Money | None:
        """What a threshold looks at."""
        return self.forecast if threshold.forecast else self.spent


def standing(budget: Budget, spends: Iterable[Spend], now: datetime, crossed: Sequence[Crossing] = ()) -> Standing:
    """Add up a budget; `spends` are of its own window."""
    counted = [spend for spend in spends if budget.selector.takes(spend.thing)]
    total = line(budget.name, counted)
    currency = budget.amount.currency
    zero = Money(Decimal(0), currency)

    def cost(spend: Spend) -> Decimal:
        return spend.known.get(currency, zero).amount

    return Standing(
        budget=budget,
        window=budget.window(now),
        total=total,
        spent=total.known.get(currency, zero),
        forecast=total.forecast.get(currency, zero) if budget.per is None else None,
        dearest=tuple(sorted((one for one in counted if cost(one) > 0), key=cost, reverse=True)[:5]),
        other=tuple(money for code, money in sorted(total.known.items()) if code != currency),
        things=len(counted),
        owners=lines(counted, GROUPS["owner"]),
        crossed=tuple(one for one in crossed if one.budget == budget.name and one.ended_at is None),
    )


def crossings(found: Standing, now: datetime) -> tuple[list[Crossing], list[Crossing]]:
    """Return the new crossings of a budget, and the open ones that end now (with `ended_at`)."""
    budget, period = found.budget, found.budget.period(now)
    open_now = {one.threshold: one for one in found.crossed if one.period == period}
    new: list[Crossing] = []
    over = [replace(one, ended_at=now) for one in found.crossed if one.period != period]
    for threshold in budget.thresholds:
        value, limit = found.value(threshold), budget.amount * threshold.share
        known = open_now.pop(str(threshold), None)
        if value is None:
            continue
        if known is None and value >= limit:
            new.append(
                Crossing(budget=budget.name, threshold=str(threshold), period=period, at=now, value=value, limit=limit)
            )
        elif known is not None and value < limit * (1 - HYSTERESIS):
            over.append(replace(known, ended_at=now))
    over += [replace(one, ended_at=now) for one in open_now.values()]  # thresholds that the file no longer names
    return new, over
