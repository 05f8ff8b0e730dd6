"""Totals that say what is not in them; savings that count only what is known."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.cost import claimed, estimate, measured, replica_hours_gone, total_rates
from guard.core.prices import Priced
from guard.core.units import CurrencyMismatchError, Known, Maybe, Money, Rate, ReplicaHours, Unknown, Window
from tests.builders import LONG_AGO, NOW, a_usage, h
from tests.strategies import RATES, checked

WINDOW = Window(NOW - h(10), NOW)


def priced(amount: str, currency: str = "USD", *, lower: bool = False) -> Maybe[Priced]:
    return Known(Priced(rate=Rate.of(amount, currency), rows=(), note="", is_lower_bound=lower))


def test_a_total_lists_what_has_no_price() -> None:
    total = estimate([("a", priced("0.5")), ("b", Unknown("no price")), ("c", priced("1", lower=True))], WINDOW)

    assert total.known == {"USD": Money(Decimal("15.0"))}
    assert total.unpriced == ("b",)
    assert total.partly_priced == ("c",)
    assert total.is_lower_bound
    assert str(total) == "at least $15.00 (1 unpriced, 1 partly)"


def test_currencies_stand_side_by_side() -> None:
    total = estimate([("a", priced("1")), ("b", priced("1", "EUR"))], WINDOW)

    assert str(total) == "10.00 EUR + $10.00"
    with pytest.raises(CurrencyMismatchError):
        _ = total.known["USD"] + total.known["EUR"]


def test_nothing_known_is_not_0() -> None:
    assert (
        str(estimate([("a", Unknown("no price"))], WINDOW))
        == "at least nothing that has a price (1 unpriced, 0 partly)"
    )


@checked
@given(st.lists(st.one_of(st.none(), RATES), max_size=8), st.one_of(st.none(), RATES))
def test_one_thing_more_known_or_not_never_lowers_a_total(rates: list[Decimal | None], more: Decimal | None) -> None:
    def made(amounts: list[Decimal | None]) -> list[tuple[str, Maybe[Priced]]]:
        return [(str(i), Unknown("?") if a is None else priced(str(a))) for i, a in enumerate(amounts)]

    before, after = estimate(made(rates), WINDOW), estimate(made([*rates, more]), WINDOW)

    assert before.known.get("USD", Money(Decimal(0))) <= after.known.get("USD", Money(Decimal(0)))
    assert set(before.unpriced) <= set(after.unpriced)
    assert after.is_lower_bound == (None in [*rates, more])


def test_rates_add_up_by_currency() -> None:
    known, unpriced = total_rates([("a", Rate.of(1)), ("b", None), ("c", Rate.of(2)), ("d", Rate.of(1, "EUR"))])

    assert known == {"USD": Rate.of(3), "EUR": Rate.of(1, "EUR")}
    assert unpriced == ("b",)


def test_a_claim_ends_at_the_redeploy_or_the_horizon() -> None:
    day = timedelta(days=1)

    assert claimed(Rate.of(1), NOW - h(10), None, day, NOW) == Known(Money(Decimal(10)))
    assert claimed(Rate.of(1), NOW - h(10), NOW - h(4), day, NOW) == Known(Money(Decimal(6)))
    assert claimed(Rate.of(1), NOW - h(100), None, day, NOW) == Known(Money(Decimal(24)))
    assert claimed(Rate.of(1), NOW + h(1), None, day, NOW) == Known(Money(Decimal(0)))
    assert isinstance(claimed(None, NOW, None, day, NOW), Unknown)


def test_a_measured_saving_counts_covered_hours_without_replicas() -> None:
    usage = a_usage(dead=range(6), holes=[0, 1])

    assert replica_hours_gone(usage, Decimal(2), WINDOW) == ReplicaHours(Decimal(8))
    assert replica_hours_gone(None, Decimal(2), WINDOW) == ReplicaHours(Decimal(0))
    assert replica_hours_gone(a_usage(), Decimal(2), Window(LONG_AGO - h(50), NOW)) == ReplicaHours(Decimal(0))
    assert measured(Rate.of("0.5"), ReplicaHours(Decimal(8))) == Known(Money(Decimal("4.0")))
    assert isinstance(measured(None, ReplicaHours(Decimal(8))), Unknown)
