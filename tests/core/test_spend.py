"""Cost over a window: exact where all is known, a lower bound that says so where it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.billed import Billed
from guard.core.billing_month import month, month_of
from guard.core.focus import COLUMNS, rows
from guard.core.model import Kind, Machine, Provisioning
from guard.core.prices import PriceBook, PriceRow
from guard.core.spend import Question, Spend, spend_of
from guard.core.statement import GROUPS, grouping, line, lines
from guard.core.units import Money, Window, hour_number
from tests.builders import a_price
from tests.strategies import checked

MONTH = month(2026, 11)
NOW = MONTH.start + timedelta(days=20, minutes=30)
FIRST, LAST = hour_number(MONTH.start - timedelta(days=8)), hour_number(NOW)
MACHINE = Machine(machine_type="n1-standard-4")
CENT = replace(a_price(), item="n1-standard-4", region="us-central1", amount=Decimal("0.2"))
BOOK = PriceBook([CENT])


def a_thing(name: str = "m", **changes: object) -> Billed:
    return replace(
        Billed(
            name=f"projects/1/locations/us-central1/endpoints/{name}/deployedModels/1",
            kind=Kind.DEPLOYED_MODEL,
            project_id="demo",
            location="us-central1",
            display_name=name,
            machine=MACHINE,
            labels={},
            owner=None,
            policy="default",
            created_at=MONTH.start - timedelta(days=30),
            seen_at=MONTH.start,
        ),
        **changes,  # type: ignore[arg-type]
    )


def means(of: Callable[[int], object] = lambda _hour: 1) -> dict[int, Decimal]:
    return {hour: Decimal(str(of(hour))) for hour in range(FIRST, LAST) if of(hour) is not None}


def ask(thing: Billed, counts: dict[int, Decimal], book: PriceBook = BOOK, **changes: object) -> Spend:
    question = Question(window=Window(MONTH.start, NOW), now=NOW, month_end=MONTH.end)
    return spend_of(thing, counts, book, replace(question, **changes))  # type: ignore[arg-type]


def usd(amount: object) -> Money:
    return Money(Decimal(str(amount)))


def test_a_constant_rate_is_integrated_and_forecast_exactly() -> None:
    spend = ask(a_thing(), means())
    assert spend.known == {"USD": usd("0.2") * Decimal("480.5")}
    assert spend.forecast == spend.low == spend.high == usd("0.2") * 721, "November has 30 days and one more hour"
    assert not spend.is_lower_bound


def test_a_price_change_counts_from_its_own_minute() -> None:
    at = MONTH.start + timedelta(days=10, minutes=15)
    book = PriceBook([replace(CENT, valid_to=at), replace(CENT, valid_from=at, amount=Decimal("0.3"))])
    before, after = Decimal("240.25"), Decimal("240.25")
    assert ask(a_thing(), means(), book).known == {"USD": usd(Decimal("0.2") * before + Decimal("0.3") * after)}


def test_autoscaling_is_summed_by_the_hour_and_makes_the_forecast_a_range() -> None:
    busy_day = LAST - 40
    spend = ask(a_thing(), means(lambda hour: 3 if busy_day <= hour < busy_day + 24 else 1))
    assert spend.known == {"USD": usd("0.2") * (Decimal("480.5") + 48)}
    assert spend.low is not None
    assert spend.forecast is not None
    assert spend.high is not None
    assert spend.low < spend.forecast < spend.high


def test_an_hour_without_a_count_is_unknown_and_not_nothing() -> None:
    hole = FIRST + 24 * 12
    spend = ask(a_thing(), means(lambda hour: None if hole <= hour < hole + 5 else 1))
    assert spend.unknown_hours == 5
    assert spend.is_lower_bound
    assert spend.known == {"USD": usd("0.2") * Decimal("475.5")}


def test_the_last_hours_take_the_last_count_that_is_known() -> None:
    late = means(lambda hour: None if hour >= LAST - 2 else 2)
    assert ask(a_thing(), late) == replace(ask(a_thing(), means(lambda _hour: 2)))


def test_without_a_price_nothing_is_counted_and_it_is_said() -> None:
    spend = ask(a_thing(machine=Machine(machine_type="q9")), means())
    assert (spend.known, spend.forecast, spend.rate) == ({}, None, None)
    assert spend.unpriced_hours == Decimal("480.5")
    assert "no price for machine q9" in spend.why_unknown


def test_it_costs_from_its_making_to_its_end() -> None:
    made, gone = MONTH.start + timedelta(days=2), MONTH.start + timedelta(days=4, minutes=20)
    spend = ask(a_thing(created_at=made, gone_at=gone), means(lambda h: 1 if h <= hour_number(gone) else None))
    length = gone - made
    assert spend.known == {"USD": usd("0.2") * (Decimal(int(length.total_seconds())) / 3600)}
    assert (spend.rate, spend.forecast) == (None, spend.known["USD"])


def test_what_was_gone_before_it_was_missed_costs_until_its_last_measured_hour() -> None:
    last = hour_number(MONTH.start + timedelta(days=3))
    spend = ask(a_thing(gone_at=MONTH.start + timedelta(days=5)), means(lambda h: 1 if h < last else None))
    assert spend.known == {"USD": usd("0.2") * 72}
    assert spend.unknown_hours == 0


def test_the_plan_ends_the_month_lower() -> None:
    thing = a_thing()
    spend = ask(thing, means(), ends={thing.name: NOW + timedelta(hours=10)})
    assert spend.planned == usd("0.2") * Decimal("490.5")


def test_currencies_are_never_mixed() -> None:
    at = MONTH.start + timedelta(days=10)
    book = PriceBook([replace(CENT, valid_to=at), replace(CENT, valid_from=at, currency="EUR")])
    spend = ask(a_thing(), means(), book)
    total = line("total", [spend, ask(a_thing("b"), means())])
    assert set(spend.known) == {"USD", "EUR"}
    assert total.known["EUR"] == spend.known["EUR"]
    assert total.forecast["USD"].amount == spend.known["USD"].amount + Decimal("0.2") * 721


@pytest.mark.parametrize(
    ("at", "start", "end"),
    [
        ("2026-11-01T06:59:00", "2026-10-01T07:00:00", "2026-11-01T07:00:00"),
        ("2026-11-01T07:00:00", "2026-11-01T07:00:00", "2026-12-01T08:00:00"),
        ("2026-03-08T11:00:00", "2026-03-01T08:00:00", "2026-04-01T07:00:00"),
        ("2027-01-01T00:00:00", "2026-12-01T08:00:00", "2027-01-01T08:00:00"),
    ],
)
def test_a_month_is_the_billers(at: str, start: str, end: str) -> None:
    def utc(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    assert month_of(utc(at)) == Window(utc(start), utc(end))


Fleet = tuple[Decimal, str, int, str | None, bool, Provisioning]
amounts = st.decimals("0.0001", "30", places=7)
fleets = st.lists(
    st.tuples(
        amounts,
        st.sampled_from(["USD", "EUR"]),
        st.integers(0, 5),
        st.sampled_from(["ana", "bo", None]),
        st.booleans(),
        st.sampled_from(list(Provisioning)),
    ),
    max_size=6,
)


@checked
@given(fleets, st.sampled_from([*GROUPS, "label:env"]))
def test_a_total_is_the_sum_of_its_lines_and_names_all_that_is_unknown(fleet: list[Fleet], by: str) -> None:
    spends = []
    for number, (amount, currency, replicas, owner, hole, how) in enumerate(fleet):
        price: PriceRow = replace(CENT, amount=amount, currency=currency)
        thing = a_thing(str(number), owner=owner, machine=replace(MACHINE, provisioning=how))
        counts = means(lambda hour, hole=hole, n=replicas: None if hole and hour % 50 == 0 else n)  # type: ignore[misc]
        spends.append(ask(thing, counts, PriceBook([price])))
    key = grouping(by)
    assert key is not None
    whole, parts = line("total", spends), lines(spends, key)

    for name in ("rate", "known", "forecast", "low", "high", "planned"):
        for currency in ("USD", "EUR"):
            found = [getattr(part, name)[currency].amount for part in parts if currency in getattr(part, name)]
            assert sum(found) == (getattr(whole, name)[currency].amount if found else 0)
    assert sorted(name for part in parts for name in part.unknown) == list(whole.unknown)
    for spend in spends:
        unknown = spend.thing.name in whole.unknown
        assert unknown == (spend.unknown_hours > 0 or spend.unpriced_hours > 0 or spend.forecast is None)


def test_focus_rows_have_the_columns_and_their_quantity_times_price_is_the_cost() -> None:
    [row] = rows([ask(a_thing(owner="ana"), means())], MONTH)
    assert tuple(row) == COLUMNS
    assert Decimal(str(row["PricingQuantity"])) * Decimal(str(row["ListUnitPrice"])) == Decimal(str(row["ListCost"]))
    assert (row["BillingCurrency"], row["x_Owner"], row["x_IsLowerBound"]) == ("USD", "ana", "false")
    assert row["BillingPeriodEnd"] == f"{MONTH.end:%Y-%m-%dT%H:%M:%S}Z", "FOCUS wants UTC with a Z"


def test_a_focus_row_without_a_price_has_no_cost_in_it() -> None:
    [row] = rows([ask(a_thing(machine=Machine(machine_type="q9")), means())], MONTH)
    assert (row["ListCost"], row["BillingCurrency"], row["x_IsLowerBound"]) == (None, None, "true")
