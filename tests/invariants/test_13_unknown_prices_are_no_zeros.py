"""Invariant 13: an unknown price is never counted as 0; totals say that they are lower bounds; currencies never mix."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.cost import estimate, total_rates
from guard.core.documents import verdict_document
from guard.core.explain import explain, notice_text
from guard.core.judge import judge
from guard.core.model import Machine, Snapshot
from guard.core.plan import NoticeKind
from guard.core.prices import PriceBook, Priced
from guard.core.units import CurrencyMismatchError, Known, Maybe, Money, Rate, Unknown, Window
from guard.core.usage import Usage
from tests.builders import NOW, a_price_book, a_view, h, some_rules
from tests.strategies import RATES, checked, fleets

WINDOW = Window(NOW - h(1), NOW)
PRICES = st.one_of(
    st.just(Unknown("no price")),
    st.builds(
        lambda amount, currency, lower: Known(
            Priced(rate=Rate.of(amount, currency), rows=(), note="", is_lower_bound=lower)
        ),
        RATES,
        st.sampled_from(["USD", "EUR", "JPY"]),
        st.booleans(),
    ),
)


@checked
@given(st.lists(PRICES, max_size=8))
def test_a_total_with_anything_unknown_in_it_is_a_lower_bound(prices: list[Maybe[Priced]]) -> None:
    total = estimate([(str(n), price) for n, price in enumerate(prices)], WINDOW)

    unknown = [price for price in prices if isinstance(price, Unknown)]
    partly = [price for price in prices if isinstance(price, Known) and price.value.is_lower_bound]
    assert len(total.unpriced) == len(unknown)
    assert total.is_lower_bound == bool(unknown or partly)
    assert ("at least" in str(total)) == total.is_lower_bound
    for currency, amount in total.known.items():
        mine = [
            p.value.rate.per_hour.amount
            for p in prices
            if isinstance(p, Known) and p.value.rate.per_hour.currency == currency
        ]
        assert amount == Money(sum(mine, Decimal(0)), currency)


def test_a_machine_with_an_unpriced_gpu_is_priced_at_least() -> None:
    machine = Machine(machine_type="n1-standard-4", accelerator_type="NVIDIA_TESLA_T4", accelerator_count=1)

    found = a_price_book().rate(machine, "us-central1", Decimal(1), NOW)

    assert isinstance(found, Known)
    assert found.value.is_lower_bound
    assert estimate([("a", found)], WINDOW).is_lower_bound


@pytest.mark.parametrize("operation", [operator.add, operator.sub, operator.lt, operator.le, operator.gt, operator.ge])
def test_two_currencies_never_meet(operation: Callable[[Money, Money], object]) -> None:
    with pytest.raises(CurrencyMismatchError):
        operation(Money(Decimal(1)), Money(Decimal(1), "EUR"))


@checked
@given(fleets(), st.booleans())
def test_what_bills_and_has_no_price_says_so_on_every_surface(
    fleet: tuple[Snapshot, dict[str, Usage]], known: bool
) -> None:
    book = a_price_book() if known else PriceBook()
    verdicts = judge(*fleet, lambda _: some_rules(), book, a_view(), NOW)

    for verdict in verdicts:
        subject, document = verdict.subject, json.loads(json.dumps(verdict_document(verdict)))
        if subject.rate is not None:
            assert subject.rate.per_hour.amount > 0
        elif subject.billed:
            assert document["rate"] is None
            assert subject.rate_note
            texts = str(explain(document)) + notice_text(NoticeKind.FIRST_SEEN, document)[1]
            assert "What it costs is not known" in texts
            assert "$0" not in texts
            assert "nothing by the hour" not in texts
    _, unpriced = total_rates((v.subject.name, v.subject.rate) for v in verdicts if v.subject.billed)
    assert bool(unpriced) == any(v.subject.billed and v.subject.rate is None for v in verdicts)
