"""What things cost and what removals save. Unknown is listed, never counted as 0; currencies are never mixed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from guard.core.prices import Priced
from guard.core.units import Known, Maybe, Money, Rate, ReplicaHours, Unknown, Window
from guard.core.usage import Usage, hours_between


@dataclass(frozen=True, slots=True, kw_only=True)
class CostEstimate:
    """Estimated contracted cost over `window`, a total a currency. What is in `unpriced` is in no total, so while there is
    any, or a price was itself a lower bound, every total is a lower bound.
    """

    window: Window
    known: Mapping[str, Money]  # currency -> total
    unpriced: tuple[str, ...] = ()
    partly_priced: tuple[str, ...] = ()

    @property
    def is_lower_bound(self) -> bool:
        return bool(self.unpriced or self.partly_priced)

    def __str__(self) -> str:
        totals = " + ".join(str(self.known[currency]) for currency in sorted(self.known)) or "nothing that has a price"
        if not self.is_lower_bound:
            return totals
        return f"at least {totals} ({len(self.unpriced)} unpriced, {len(self.partly_priced)} partly)"


def estimate(things: Iterable[tuple[str, Maybe[Priced]]], window: Window) -> CostEstimate:
    """Add up what things cost over a window, each given by its name and its price an hour.

    Returns totals by currency, unrounded, with the names that are in no total.
    """
    known: dict[str, Money] = {}
    unpriced: list[str] = []
    partly: list[str] = []
    for name, price in things:
        if isinstance(price, Unknown):
            unpriced.append(name)
            continue
        amount = price.value.rate.over(window.length)
        before = known.get(amount.currency)
        known[amount.currency] = amount if before is None else before + amount
        if price.value.is_lower_bound:
            partly.append(name)
    return CostEstimate(
        window=window, known=known, unpriced=tuple(sorted(unpriced)), partly_priced=tuple(sorted(partly))
    )


def total_rates(rates: Iterable[tuple[str, Rate | None]]) -> tuple[Mapping[str, Rate], tuple[str, ...]]:
    """Add money an hour by currency; the names without a price come back beside it."""
    known: dict[str, Rate] = {}
    unpriced: list[str] = []
    for name, rate in rates:
        if rate is None:
            unpriced.append(name)
            continue
        currency = rate.per_hour.currency
        known[currency] = known[currency] + rate if currency in known else rate
    return known, tuple(sorted(unpriced))


def claimed(
    rate: Rate | None, since: datetime, until: datetime | None, horizon: timedelta, now: datetime
) -> Maybe[Money]:
    """What a removal saved so far by our own count: rate x hours until a redeploy (`until`), `horizon` at most.

    Args:
        rate: Money an hour that went away; None where the price is unknown.
        since: When our own finished operation took effect.
        until: When it was deployed again; None while it is gone.
        horizon: What lies further than this after `since` is no saving of ours any more.
        now: The instant of the account.
    """
    if rate is None:
        return Unknown("the price is not known")
    end = min(until if until is not None else now, since + horizon, now)
    return Known(rate.over(max(end - since, timedelta(0))))


def measured(per_replica: Rate | None, gone: ReplicaHours) -> Maybe[Money]:
    """What a removal saved by monitoring: replica-hours that really went away x the price of one. Unknown without a price,
    and under reservations, whose replicas are paid for either way (their price is unknown to the book).
    """
    if per_replica is None:
        return Unknown("the price of one replica is not known")
    return Known(per_replica.per_hour * gone.quantity)


def replica_hours_gone(usage: Usage | None, replicas_before: Decimal, window: Window) -> ReplicaHours:
    """Count the covered hours of a window in which monitoring showed no replicas, times those that ran before.

    A pool counts only once its replicas read zero, which is this same sum on the pool's record. An hour without coverage
    proves nothing and is not counted.
    """
    if usage is None:
        return ReplicaHours(Decimal(0))
    span = hours_between(window.start, window.end)
    mask = ((1 << len(span)) - 1) if span else 0
    shift = span.start - usage.origin
    idle = usage.covered & ~usage.live
    seen = idle >> shift if shift >= 0 else idle << -shift
    return ReplicaHours(replicas_before * (seen & mask).bit_count())
