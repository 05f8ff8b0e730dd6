"""The little languages: what is written is read back; nothing that is not in them is bent into shape."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.config import values

seconds = st.integers(min_value=0, max_value=int(values.LONGEST.total_seconds()))
amounts = st.decimals(min_value=0, max_value=10**9, places=4, allow_nan=False)
clock = st.times().map(lambda one: one.replace(second=0, microsecond=0))
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@given(seconds)
def test_a_duration_that_is_written_is_read_back(count: int) -> None:
    length = timedelta(seconds=count)

    assert values.duration(values.written(length)) == length


@given(
    st.integers(0, 400), st.sampled_from([("w", 604_800), ("d", 86_400), ("h", 3600), ("min", 60), ("m", 60), ("s", 1)])
)
def test_every_unit_means_its_length(count: int, unit: tuple[str, int]) -> None:
    assert values.duration(f"{count}{unit[0]}") == timedelta(seconds=count * unit[1])


@given(st.text(max_size=30))
def test_a_duration_is_read_or_refused_with_what_is_expected(text: str) -> None:
    try:
        length = values.duration(text)
    except ValueError as error:
        told = str(error)
    else:
        assert timedelta(0) <= length <= values.LONGEST
        return
    assert "found " in told


@pytest.mark.parametrize("found", [6, 6.5, "6", "", "h", "-6h", "6 hours", "1.5h", None, True, "6h6"])
def test_a_duration_needs_whole_numbers_with_units(found: object) -> None:
    with pytest.raises(ValueError, match="Expected a duration"):
        values.duration(found)


@given(amounts, st.sampled_from(["USD", "EUR", "usd"]))
def test_money_that_is_written_is_read_back_exactly(amount: Decimal, currency: str) -> None:
    money = values.money(f"{amount} {currency}")

    assert (money.amount, money.currency) == (amount, currency.upper())
    assert values.money(str(amount)).currency == "USD"


@pytest.mark.parametrize("found", ["-1", "nan", "inf", "1e400000 USD", "free", "USD 5", "1 US", ""])
def test_money_that_is_none_is_refused(found: str) -> None:
    if found == "1e400000 USD":
        assert values.money(found).amount > 0, "large is not wrong"
    else:
        with pytest.raises(ValueError, match="found "):
            values.money(found)


@given(st.sets(st.sampled_from(range(7)), min_size=1), clock, clock)
def test_an_act_window_that_is_written_is_read_back(days: set[int], start: object, end: object) -> None:
    text = f"{','.join(DAYS[day] for day in sorted(days))} {start:%H:%M}-{end:%H:%M} Europe/Madrid"
    if start == end:
        with pytest.raises(ValueError, match="same time"):
            values.act_window(text)
        return

    window = values.act_window(text)

    assert (window.weekdays, window.start, window.end, window.zone) == (days, start, end, "Europe/Madrid")


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Mon-Fri", {0, 1, 2, 3, 4}),
        ("Fri-Mon", {4, 5, 6, 0}),
        ("daily", set(range(7))),
        ("Mon, Wed-Thu", {0, 2, 3}),
        ("monday", {0}),
    ],
)
def test_weekdays_are_named_listed_or_a_range(text: str, days: set[int]) -> None:
    assert values.act_window(f"{text} 09:00-17:00").weekdays == days


@given(st.decimals(min_value=1, max_value=100, places=2))
def test_a_factor_is_written_with_or_without_x(number: Decimal) -> None:
    assert values.factor(f"{number}x") == values.factor(f"{number}") == number


@given(st.integers(min_value=1, max_value=100))
def test_a_share_is_a_percentage_or_a_fraction(percent: int) -> None:
    assert values.share(f"{percent}%") == values.share(str(Decimal(percent) / 100)) == Decimal(percent) / 100
