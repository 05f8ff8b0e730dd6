"""What a crossed budget does to policies: shorter waits, cancelled jobs, acts that ask; and what it never does."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from guard.core.budget import Budget, Crossing, Selector, Threshold
from guard.core.model import JobState, Snapshot
from guard.core.planning import make_plan
from guard.core.reasons import BlockReason, KeepReason, RemoveReason
from guard.core.responses import CancelJobs, Pressure, Response, Shorten
from guard.core.rules import Limits, Mode, Policy
from guard.core.settings import Enrolment, Settings, policy_digest
from guard.core.under_pressure import under_pressure
from guard.core.units import Money
from guard.core.usage import Usage
from guard.core.verdict import Idle, Keep, Stage
from tests.builders import (
    NOW,
    a_deployed_model,
    a_fixed_policy,
    a_job,
    a_policy,
    a_price_book,
    a_snapshot,
    a_usage,
    a_view,
    an_act,
    an_endpoint,
    h,
    judged,
    some_rules,
    stages,
)
from tests.strategies import checked, fleets, policies

SINCE = NOW - h(5)
ALL = Selector()
CROSSING = Crossing(
    budget="all",
    threshold="90%",
    period="2026-11-01T07:00:00+00:00",
    at=SINCE,
    value=Money(Decimal(91)),
    limit=Money(Decimal(90)),
)


def a_budget(*responses: Response, selector: Selector = ALL) -> Budget:
    return Budget(
        name="all",
        amount=Money(Decimal(100)),
        thresholds=(Threshold(Decimal("0.9")),),
        responses=responses,
        selector=selector,
    )


def some_settings(budget: Budget, *given_policies: Policy, mode: Mode = Mode.ENFORCE) -> Settings:
    rules = some_rules(*given_policies, mode=mode)
    return Settings(digest="d", enrolment=Enrolment(), default=rules, budgets=(budget,))


def pressed(policy: Policy, *responses: Response, selector: Selector = ALL, at: datetime = NOW) -> Policy:
    budget = a_budget(*responses, selector=selector)
    crossing = replace(CROSSING, period=budget.period(at))
    [found] = under_pressure(some_settings(budget, policy), [crossing], at).default.policies
    return found


HALF = Response(at="90%", shorten=(Shorten(policies=("default",), to=Decimal("0.5")),))


def test_only_an_open_crossing_of_this_month_at_this_threshold_does_something() -> None:
    budget = a_budget(HALF)
    settings = some_settings(budget, a_policy())
    now_open = replace(CROSSING, period=budget.period(NOW))

    assert under_pressure(settings, [now_open], NOW).default.policies[0].pressures
    for nothing in (
        replace(now_open, ended_at=NOW),
        replace(now_open, threshold="50%"),
        replace(now_open, period="2026-10-01T07:00:00+00:00"),
        replace(now_open, budget="other"),
    ):
        assert under_pressure(settings, [nothing], NOW) is settings


def test_a_shortened_wait_says_from_what_and_why_and_keeps_floor_and_notice() -> None:
    policy = a_fixed_policy(h(48), notify_before=h(2))
    snapshot = a_snapshot(an_endpoint())
    name = snapshot.endpoints[0].deployed[0].name

    half = judged(snapshot, {name: a_usage()}, pressed(policy, HALF))[name].wait
    least = judged(
        snapshot,
        {name: a_usage()},
        pressed(policy, Response(at="90%", shorten=(Shorten(policies=("default",), to=timedelta(minutes=1)),))),
    )[name].wait

    assert half is not None
    assert least is not None
    assert half.length == h(24)
    assert "shortened from 2 d while budget all stands above 90%" in half.because
    assert half.sum["unshortened_hours"] == 48
    assert least.length is not None
    assert least.length >= h(2) + h(2), "metric lag, longest request, a bucket and the notice"
    assert "made longer by the floor" in least.because


def test_what_the_budget_does_not_count_keeps_its_wait() -> None:
    policy = pressed(a_fixed_policy(h(48)), HALF, selector=Selector(labels=(("team", "vision"),)))
    snapshot = a_snapshot(an_endpoint(1, labels={"team": "vision"}), an_endpoint(2, labels={"team": "shop"}))
    names = [endpoint.deployed[0].name for endpoint in snapshot.endpoints]
    verdicts = judged(snapshot, {name: a_usage() for name in names}, policy)

    assert [wait.length for name in names if (wait := verdicts[name].wait)] == [h(24), h(48)]


def test_a_policy_that_says_never_stays_never() -> None:
    policy = pressed(a_policy(if_wrong=None), HALF)
    snapshot = a_snapshot(an_endpoint())
    name = snapshot.endpoints[0].deployed[0].name
    assert judged(snapshot, {name: a_usage()}, policy)[name].reason is KeepReason.NEVER


def test_a_crossing_changes_no_policys_digest_so_that_what_was_announced_stays_announced() -> None:
    policy = a_fixed_policy(h(48))
    assert policy_digest(pressed(policy, HALF), Mode.ENFORCE) == policy_digest(policy, Mode.ENFORCE)


@checked
@given(fleets(), policies(), st.decimals("0.01", 1, places=2))
def test_without_the_pressure_nothing_more_goes(
    fleet: tuple[Snapshot, dict[str, Usage]], policy: Policy, share: Decimal
) -> None:
    """A longer wait never removes more: the end of a crossing only lets things stay."""
    pressure = Pressure(budget="all", threshold="90%", since=SINCE, selector=Selector(), to=share)
    snapshot, usages = fleet
    under = judged(snapshot, usages, replace(policy, pressures=(pressure,)))
    free = judged(snapshot, usages, policy)
    for name, verdict in free.items():
        other = under[name]
        if isinstance(verdict, Idle):
            assert isinstance(other, Idle)
            assert verdict.due_at >= other.due_at


def test_an_announced_due_time_never_moves_earlier_by_a_crossing() -> None:
    policy = a_fixed_policy(h(48), notify_before=h(40))
    snapshot = a_snapshot(an_endpoint(deployed=[a_deployed_model(created_at=NOW - h(30))]))
    [verdict] = judged(snapshot, {}, pressed(policy, HALF)).values()
    subject = verdict.subject
    announced = NOW + h(18)
    act = an_act(subject.name, generation=subject.generation, due_at=announced, noticed_at=NOW - h(20))
    rules = some_rules(policy)
    plan = make_plan(
        [verdict], lambda _: rules, a_view(acts=(act,)), (), NOW, cycle_id="c", mode=Mode.ENFORCE, config_digest="d"
    )

    assert isinstance(verdict, Idle)
    assert verdict.due_at < announced
    assert [planned.due_at for planned in plan.upcoming] == [announced + h(2)], "the notice ran from its arrival"


CANCEL = Response(at="90%", cancel_jobs=(CancelJobs(policies=("default",), names=("nightly-*",)),))


def test_a_named_job_is_cancelled_after_its_notice_and_others_run_on() -> None:
    policy = pressed(a_policy(stages=stages(Stage.CANCEL_JOB), notify_before=h(2)), CANCEL)
    jobs = [
        a_job("j1", display_name="nightly-7"),
        a_job("j2", display_name="release"),
        a_job("j3", display_name="nightly-8", state=JobState.WAITING_FOR_CAPACITY),
    ]
    verdicts = judged(a_snapshot(jobs=jobs), {}, policy)
    first, second, third = (verdicts[job.name] for job in jobs)

    assert isinstance(first, Idle)
    assert (first.reason, first.stage) == (RemoveReason.JOB_OVER_BUDGET, Stage.CANCEL_JOB)
    assert "budget all stands above 90%" in first.wait.because
    assert second.reason is third.reason is KeepReason.JOB_RUNNING
    rules = some_rules(policy)
    plan = make_plan(
        list(verdicts.values()),
        lambda _: rules,
        a_view(),
        (),
        NOW,
        cycle_id="c",
        mode=Mode.ENFORCE,
        config_digest="d",
    )
    [planned] = plan.upcoming
    assert planned.due_at == NOW + h(2), "the whole notice lies ahead"


def test_a_policy_that_does_not_cancel_jobs_cancels_none() -> None:
    policy = pressed(a_policy(), CANCEL)
    [verdict] = judged(a_snapshot(jobs=[a_job(display_name="nightly-7")]), {}, policy).values()
    assert isinstance(verdict, Keep)


def test_many_at_once_by_a_crossing_wait_for_a_person() -> None:
    """The guard's own widening check holds for waits that a crossing shortened, too."""
    policy = a_fixed_policy(h(24 * 30))
    snapshot = a_snapshot(*(an_endpoint(number) for number in range(1, 9)))
    usages = {endpoint.deployed[0].name: a_usage() for endpoint in snapshot.endpoints}
    hard = pressed(policy, Response(at="90%", shorten=(Shorten(policies=("default",), to=h(10)),)))
    rules = some_rules(hard, limits=Limits())
    verdicts = list(judged(snapshot, usages, hard, prices=a_price_book()).values())
    plan = make_plan(verdicts, lambda _: rules, a_view(), (), NOW, cycle_id="c", mode=Mode.ENFORCE, config_digest="d")

    assert not plan.actions
    assert {block for planned in plan.blocked for block in planned.blocks} & {
        BlockReason.LARGE_WIDENING,
        BlockReason.BREAKER,
    }


def test_acts_ask_while_the_crossing_stands() -> None:
    ask = Response(at="90%", ask=("default",))
    budget = a_budget(ask)
    settings = some_settings(budget, a_policy(), a_policy("other"))
    rules = under_pressure(settings, [replace(CROSSING, period=budget.period(NOW))], NOW).default

    assert (rules.asks("default"), rules.asks("other")) == (True, False)
    assert not settings.default.asks("default")
    assert some_settings(budget, a_policy(), mode=Mode.APPROVE).default.asks("default")
