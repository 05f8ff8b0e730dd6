"""How spend grew: it adds up to what the sum of the window says."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.burn import burn, days_of
from guard.core.prices import PriceBook
from guard.core.units import Window
from tests.core.test_spend import BOOK, CENT, FIRST, LAST, MONTH, NOW, a_thing, ask, means, usd


def test_a_steady_machine_burns_the_same_every_day() -> None:
    ends = days_of(Window(MONTH.start, NOW))

    spent = burn([(a_thing(), means(), BOOK)], Window(MONTH.start, NOW), NOW, ends)["USD"]

    assert len(ends) == 21
    assert spent[:3] == [usd("4.8"), usd("9.6"), usd("14.4")]
    assert spent[-1] == ask(a_thing(), means()).known["USD"]


def test_what_has_no_price_is_in_no_sum() -> None:
    ends = days_of(Window(MONTH.start, NOW))

    assert burn([(a_thing(), means(), PriceBook([]))], Window(MONTH.start, NOW), NOW, ends) == {}


@given(
    st.lists(st.none() | st.integers(0, 3), min_size=24, max_size=24),
    st.integers(-40, 400),
    st.none() | st.integers(1, 470),
)
def test_the_last_instant_holds_what_the_window_costs(counts: list[int | None], created: int, gone: int | None) -> None:
    thing = a_thing(
        created_at=MONTH.start + timedelta(hours=created, minutes=20),
        gone_at=None if gone is None else MONTH.start + timedelta(hours=gone),
    )
    hours = {hour: Decimal(value) for hour in range(FIRST, LAST) if (value := counts[hour % len(counts)]) is not None}
    book = PriceBook([CENT])
    window = Window(MONTH.start, NOW)

    spent = burn([(thing, hours, book)], window, NOW, days_of(window))
    whole = ask(thing, hours, book).known

    assert {code: float(amounts[-1].amount) for code, amounts in spent.items()} == pytest.approx(
        {code: float(money.amount) for code, money in whole.items()}
    )
    assert all(list(amounts) == sorted(amounts, key=lambda one: one.amount) for amounts in spent.values())
