"""A crossing is told once; what wavers around a threshold is no news; what is unknown never lowers a value silently."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from guard.core.billing_month import month
from guard.core.budget import Budget, Crossing, Selector, Standing, Threshold, crossings, standing
from guard.core.units import Money
from tests.core.test_spend import MONTH, NOW, a_thing, ask, means

HALF, ALL, EXPECTED = Threshold(Decimal("0.5")), Threshold(Decimal(1)), Threshold(Decimal(1), forecast=True)


def a_budget(amount: str, *thresholds: Threshold, **changes: object) -> Budget:
    return replace(Budget(name="b", amount=Money(Decimal(amount)), thresholds=thresholds or (HALF, ALL)), **changes)  # type: ignore[arg-type]


def found(budget: Budget, crossed: tuple[Crossing, ...] = ()) -> Standing:
    """One thing at 0.20 an hour: 96.10 spent, 144.20 expected."""
    return standing(budget, [ask(a_thing(), means())], NOW, crossed)


def names(budget: Budget, crossed: tuple[Crossing, ...] = ()) -> tuple[list[str], list[str]]:
    new, over = crossings(found(budget, crossed), NOW)
    return [one.threshold for one in new], [one.threshold for one in over]


@pytest.mark.parametrize(
    ("amount", "crossed"),
    [("96.10", ["50%", "100%"]), ("96.11", ["50%"]), ("192.2", ["50%"]), ("192.21", []), ("96.1", ["50%", "100%"])],
)
def test_a_threshold_is_crossed_at_its_very_amount(amount: str, crossed: list[str]) -> None:
    assert names(a_budget(amount)) == (crossed, [])


def test_a_forecast_crosses_before_the_money_is_spent() -> None:
    assert names(a_budget("144.2", EXPECTED, ALL)) == (["forecast 100%"], [])


def open_crossing(threshold: Threshold, budget: Budget, **changes: object) -> Crossing:
    one = Crossing(
        budget="b",
        threshold=str(threshold),
        period=budget.period(NOW),
        at=NOW - timedelta(days=1),
        value=budget.amount,
        limit=budget.amount * threshold.share,
    )
    return replace(one, **changes)  # type: ignore[arg-type]


def test_what_was_crossed_is_not_crossed_again() -> None:
    budget = a_budget("100", HALF)
    assert names(budget, (open_crossing(HALF, budget),)) == ([], [])


def test_a_value_has_to_fall_clearly_before_the_threshold_can_be_crossed_anew() -> None:
    near, far = a_budget("101", ALL, per=timedelta(days=30)), a_budget("102", ALL, per=timedelta(days=30))
    assert names(near, (open_crossing(ALL, near),)) == ([], [])
    assert names(far, (open_crossing(ALL, far),)) == ([], ["100%"])


def test_a_new_month_begins_afresh() -> None:
    budget = a_budget("100", HALF)
    last_month = open_crossing(HALF, budget, period=month(2026, 10).start.isoformat())
    assert names(budget, (last_month,)) == (["50%"], ["50%"])


def test_a_threshold_that_is_taken_out_of_the_file_ends() -> None:
    budget = a_budget("100", HALF)
    assert names(budget, (open_crossing(HALF, budget), open_crossing(ALL, budget))) == ([], ["100%"])


def test_unknown_costs_are_named_and_other_currencies_are_not_added() -> None:
    spends = [ask(a_thing(), means()), ask(a_thing("hole"), means(lambda hour: None if hour % 9 else 1))]
    stands = standing(a_budget("100"), spends, NOW)
    assert stands.total.unknown == (a_thing("hole").name,)
    abroad = standing(replace(a_budget("100"), amount=Money(Decimal(100), "EUR")), spends[:1], NOW)
    assert (abroad.spent, [str(one) for one in abroad.other]) == (Money(Decimal(0), "EUR"), ["$96.10"])


@pytest.mark.parametrize(
    ("selector", "takes"),
    [
        (Selector(), True),
        (Selector(labels=(("team", "vision"),)), True),
        (Selector(labels=(("team", "*"),)), True),
        (Selector(labels=(("team", "shop"),)), False),
        (Selector(labels=(("env", "*"),)), False),
        (Selector(projects=("demo",)), True),
        (Selector(projects=("1",)), True),
        (Selector(projects=("other",)), False),
        (Selector(locations=("us-central1",), owners=("ana",)), True),
        (Selector(owners=("bo",)), False),
    ],
)
def test_a_selector_takes_what_fits_in_everything_given(selector: Selector, takes: bool) -> None:
    assert selector.takes(a_thing(labels={"team": "vision"}, owner="ana")) is takes


def test_a_rolling_budget_counts_its_own_length() -> None:
    assert a_budget("1", per=timedelta(days=7)).window(NOW).start == NOW - timedelta(days=7)
    assert a_budget("1").window(NOW).start == MONTH.start
