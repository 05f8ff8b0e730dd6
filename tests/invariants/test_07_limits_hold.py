"""Invariant 7: no more acts than the limits allow; the throttle lets the dearest through, the breaker none, all is shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from guard.core.plan import Plan, Planned
from guard.core.planning import make_plan
from guard.core.prices import PriceBook
from guard.core.reasons import BlockReason
from guard.core.removal import ActState
from guard.core.rules import Limits, Mode
from tests.builders import (
    LONG_AGO,
    NOW,
    a_deployed_model,
    a_fixed_policy,
    a_price,
    a_snapshot,
    a_usage,
    a_view,
    an_act,
    an_endpoint,
    endpoint_name,
    h,
    judged,
    some_rules,
)
from tests.strategies import checked

DAY = timedelta(days=1)


def deployed(number: int) -> str:
    return f"{endpoint_name(number)}/deployedModels/7"


def the_plan(rates: list[int], limits: Limits, gone: list[int], *, announced: bool = True) -> Plan:
    """Idle things at these rates (cents an hour), all due; `gone` are the ages in hours of removals already made."""
    endpoints, rows = [], []
    for number, cents in enumerate(rates, 1):
        machine = replace(a_deployed_model().billing.machine, machine_type=f"x-{number}")  # type: ignore[union-attr]  # dedicated
        billing = replace(a_deployed_model().billing, machine=machine)  # type: ignore[type-var]  # dedicated
        endpoints.append(
            an_endpoint(number, deployed=[a_deployed_model(endpoint=endpoint_name(number), billing=billing)])
        )
        rows.append(a_price(f"x-{number}", str(Decimal(cents) / 100)))
    rules = some_rules(a_fixed_policy(h(24)), limits=limits)
    usages = {deployed(n): a_usage(calls={26: 1}) for n in range(1, len(rates) + 1)}
    acts: list[Any] = [
        an_act(deployed(1000 + n), state=ActState.VERIFIED, intended_at=NOW - h(age)) for n, age in enumerate(gone)
    ]
    if announced:
        acts += [
            an_act(deployed(n), generation=f"{LONG_AGO.isoformat()}/7", proposed_at=NOW - h(n))
            for n in range(1, len(rates) + 1)
        ]
    view = a_view(acts=tuple(acts))
    verdicts = tuple(judged(a_snapshot(*endpoints), usages, rules=rules, view=view, prices=PriceBook(rows)).values())
    return make_plan(verdicts, lambda _: rules, view, (), NOW, "c", Mode.ENFORCE, "d")


def cents(item: Planned) -> Decimal:
    assert item.verdict.subject.rate is not None
    return item.verdict.subject.rate.per_hour.amount


RATES = st.lists(st.integers(1, 900), min_size=1, max_size=9)
NO_BREAKER = {"breaker_least": 1000}


@checked
@given(RATES, st.integers(0, 5), st.one_of(st.none(), st.integers(0, 4)), st.lists(st.integers(0, 40), max_size=5))
def test_the_throttle_holds_and_the_dearest_go_first(
    rates: list[int], a_day: int, a_project: int | None, gone: list[int]
) -> None:
    limits = Limits(removals_per_day=a_day, removals_per_project_per_day=a_project, **NO_BREAKER)
    plan = the_plan(rates, limits, gone)

    recent = sum(1 for age in gone if age < 24)
    allowed = max(0, min(a_day, a_day if a_project is None else a_project) - recent)
    assert len(plan.actions) == min(allowed, len(rates))
    waiting = [item for item in plan.blocked if BlockReason.THROTTLED in item.blocks]
    assert len(plan.actions) + len(waiting) == len(rates)
    if plan.actions and waiting:
        assert min(cents(item) for item in plan.actions) >= max(cents(item) for item in waiting)


@checked
@given(RATES)
def test_a_limit_of_one_always_lets_one_through(rates: list[int]) -> None:
    assert len(the_plan(rates, Limits(removals_per_day=1, **NO_BREAKER), []).actions) == 1


@checked
@given(RATES, st.integers(1, 6), st.booleans())
def test_a_tripped_breaker_lets_none_and_hides_none(rates: list[int], least: int, announced: bool) -> None:
    plan = the_plan(rates, Limits(removals_per_day=100, breaker_least=least), [], announced=announced)

    if plan.breaker is not None:
        assert plan.actions == ()
        assert len(plan.blocked) == len(rates)
        assert all(BlockReason.BREAKER in item.blocks for item in plan.blocked)
    else:
        assert len(plan.actions) == (len(rates) if announced else 0)


def test_a_burst_trips_the_breaker() -> None:
    assert the_plan([10] * 8, Limits(removals_per_day=100), [], announced=False).breaker is not None
    assert the_plan([10] * 8, Limits(removals_per_day=100, breaker_least=9), [], announced=False).breaker is None
