"""Invariant 3: the plan is the same in every mode."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from guard.core.judge import judge
from guard.core.model import Snapshot
from guard.core.plan import Plan
from guard.core.planning import make_plan
from guard.core.removal import ActState
from guard.core.rules import Mode
from guard.core.usage import Usage
from tests.builders import LONG_AGO, NOW, a_price_book, a_snapshot, a_view, an_act, an_endpoint, judged, some_rules
from tests.strategies import checked, fleets, policies

GENERATION = f"{LONG_AGO.isoformat()}/7"


def plan_in(mode: Mode, snapshot: Snapshot, usages: dict[str, Usage], policy: object) -> Plan:
    """Everything in that mode: the rules say so, and the plan is asked for it."""
    rules = some_rules(policy, mode=mode)  # type: ignore[arg-type]  # a policy
    acts = tuple(
        an_act(d.name, generation=f"{d.created_at.isoformat()}/{d.id}", state=ActState.NOTICED)
        for e in snapshot.endpoints
        for d in e.deployed
        if d.created_at
    )
    view = a_view(acts=acts)
    verdicts = judge(snapshot, usages, lambda _: rules, a_price_book(), view, NOW)
    return make_plan(verdicts, lambda _: rules, view, (), NOW, "c", mode, "d")


@checked
@given(fleets(), policies())
def test_nothing_but_the_name_of_the_mode_differs(fleet: tuple[Snapshot, dict[str, Usage]], policy: object) -> None:
    plans = [plan_in(mode, *fleet, policy) for mode in Mode]

    assert replace(plans[0], mode=Mode.ENFORCE) == replace(plans[1], mode=Mode.ENFORCE) == plans[2]


@given(st.sampled_from(list(Mode)))
@checked
def test_each_mode_shows_what_would_go(mode: Mode) -> None:
    """So that the test above does not compare empty plans."""
    snapshot = a_snapshot(an_endpoint())
    usages: dict[str, Usage] = {}
    rules = some_rules(mode=mode)
    acts = (an_act(snapshot.endpoints[0].deployed[0].name, generation=GENERATION),)
    verdicts = tuple(judged(snapshot, usages, rules=rules).values())

    assert len(make_plan(verdicts, lambda _: rules, a_view(acts=acts), (), NOW, "c", mode, "d").actions) == 1
