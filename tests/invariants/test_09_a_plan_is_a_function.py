"""Invariant 9: a plan is a function of its inputs, in whatever order they come; replaying a cycle adds nothing."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from guard.core.judge import judge
from guard.core.model import Snapshot
from guard.core.plan import LedgerView, Plan
from guard.core.planning import make_plan
from guard.core.removal import Act, ActState, act_id
from guard.core.rules import Limits, Mode, Policy, Rules
from guard.core.usage import Usage
from guard.core.verdict import Idle
from tests.builders import (
    NOW,
    a_deployed_model,
    a_pool_with,
    a_price_book,
    a_snapshot,
    a_usage,
    a_view,
    an_act,
    an_endpoint,
    judged,
    some_rules,
)
from tests.strategies import checked, fleets, policies


def plan_of(snapshot: Snapshot, usages: dict[str, Usage], rules: Rules, view: LedgerView) -> Plan:
    verdicts = judge(snapshot, usages, lambda _: rules, a_price_book(), view, NOW)
    return make_plan(verdicts, lambda _: rules, view, (), NOW, "c", Mode.ENFORCE, "d")


def proposed(plan: Plan) -> tuple[Act, ...]:
    """The acts that a cycle stores for a plan: one for each thing that has none yet."""
    return tuple(
        an_act(
            item.key.subject,
            generation=item.key.generation,
            stage=item.key.stage,
            attempt=item.key.attempt,
            state=ActState.PROPOSED,
            proposed_at=NOW,
            due_at=item.due_at,
            policy=item.verdict.policy,
        )
        for item in (*plan.actions, *plan.upcoming, *plan.blocked)
        if item.act is None
    )


def shuffled(snapshot: Snapshot, random: Random) -> Snapshot:
    def mixed(things: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(random.sample(things, len(things)))

    endpoints = tuple(replace(e, deployed=mixed(e.deployed)) for e in snapshot.endpoints)  # type: ignore[arg-type]  # the same kind
    fields = {"scopes": snapshot.scopes, "pools": snapshot.pools, "models": snapshot.models, "jobs": snapshot.jobs}
    return replace(snapshot, endpoints=mixed(endpoints), **{name: mixed(things) for name, things in fields.items()})  # type: ignore[arg-type]  # the same kinds


@checked
@given(fleets(), policies(), st.randoms(use_true_random=False))
def test_the_order_of_the_inputs_does_not_matter(
    fleet: tuple[Snapshot, dict[str, Usage]], policy: Policy, random: Random
) -> None:
    snapshot, usages = fleet
    rules = some_rules(policy, limits=Limits(removals_per_day=1))
    acts = proposed(plan_of(snapshot, usages, rules, a_view()))
    other = dict(random.sample(sorted(usages.items()), len(usages)))

    one = plan_of(snapshot, usages, rules, a_view(acts=acts))
    two = plan_of(shuffled(snapshot, random), other, rules, a_view(acts=tuple(random.sample(acts, len(acts)))))

    assert one == two


@checked
@given(fleets(), policies(), st.randoms(use_true_random=False))
def test_the_order_of_the_things_does_not_matter_to_their_verdicts(
    fleet: tuple[Snapshot, dict[str, Usage]], policy: Policy, random: Random
) -> None:
    snapshot, usages = fleet
    rules = some_rules(policy)

    one = judge(snapshot, usages, lambda _: rules, a_price_book(), a_view(), NOW)
    two = judge(shuffled(snapshot, random), usages, lambda _: rules, a_price_book(), a_view(), NOW)

    assert one == two


def test_due_times_that_hang_together_come_out_the_same_in_any_order() -> None:
    """Two endpoints split between one pool and a model of their own: all are due at the latest of their times."""
    pool, endpoints = a_pool_with(2, shares=(50, 50))
    own = [a_deployed_model(endpoint=e.name, id="9", share=50) for e in endpoints]
    mixed = [replace(e, deployed=(*e.deployed, model)) for e, model in zip(endpoints, own, strict=True)]
    last = {own[1].name: a_usage(calls={90: 1})}

    one = judged(a_snapshot(*mixed, pools=[pool]), last)
    two = judged(a_snapshot(*reversed(mixed), pools=[pool]), last)

    assert one == two
    assert len({verdict.due_at for verdict in one.values() if isinstance(verdict, Idle)}) == 1
    assert len(one) == 3


@checked
@given(fleets(), policies())
def test_the_same_inputs_make_the_same_plan(fleet: tuple[Snapshot, dict[str, Usage]], policy: Policy) -> None:
    rules = some_rules(policy)

    assert plan_of(*fleet, rules, a_view()) == plan_of(*fleet, rules, a_view())


@checked
@given(fleets(), policies())
def test_replaying_a_cycle_adds_nothing(fleet: tuple[Snapshot, dict[str, Usage]], policy: Policy) -> None:
    snapshot, usages = fleet
    rules = some_rules(policy)
    first = plan_of(snapshot, usages, rules, a_view())
    acts = proposed(first)

    again = plan_of(snapshot, usages, rules, a_view(acts=acts))

    assert proposed(again) == ()
    assert again.void == ()
    assert {i.key for i in (*again.upcoming, *again.blocked)} == {i.key for i in (*first.upcoming, *first.blocked)}


def test_the_id_of_an_act_is_made_from_its_key_so_a_replay_finds_it() -> None:
    snapshot = a_snapshot(an_endpoint())
    usages = {snapshot.endpoints[0].deployed[0].name: a_usage()}
    (one,) = plan_of(snapshot, usages, some_rules(), a_view()).upcoming
    (two,) = plan_of(snapshot, usages, some_rules(), a_view()).upcoming

    assert act_id(one.key) == act_id(two.key)
