"""Invariant 5: no removal of something used, kept, labelled, young or not enrolled (what changed since the plan is refused by
the second look: tests/acts).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.judge import judge
from guard.core.model import Endpoint, Snapshot
from guard.core.names import endpoint_of, scope_of
from guard.core.planning import make_plan
from guard.core.rules import Mode
from guard.core.units import hour_number
from guard.core.usage import Usage, merge
from guard.core.verdict import Idle
from tests.builders import (
    LONG_AGO,
    NOW,
    a_fixed_policy,
    a_keep,
    a_price_book,
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
from tests.strategies import checked, fleets

DEPLOYED = f"{endpoint_name()}/deployedModels/7"
POLICY = a_fixed_policy(h(24), grace=h(24))


def idle(snapshot: Snapshot, usages: dict[str, Usage], **kwargs: Any) -> set[str]:
    """Names of all that may go, a pool's sharers included."""
    rules, view = kwargs.get("rules", some_rules(POLICY)), kwargs.get("view", a_view())
    verdicts = judge(snapshot, usages, lambda _: rules, a_price_book(), view, NOW)
    found = [verdict for verdict in verdicts if isinstance(verdict, Idle)]
    return {v.subject.name for v in found} | {part.name for v in found for part in v.parts}


def members(snapshot: Snapshot) -> list[str]:
    return [deployed.name for endpoint in snapshot.endpoints for deployed in endpoint.deployed]


@checked
@given(fleets(), st.integers(-1, 20))
def test_nothing_used_within_its_wait_goes(fleet: tuple[Snapshot, dict[str, Usage]], ago: int) -> None:
    snapshot, usages = fleet
    hour = hour_number(NOW) - 1 - ago
    call = Usage(origin=hour, used=1, answered=1, counts={hour: 1})
    used = {name: merge(usages[name], call) if name in usages else call for name in [*members(snapshot), *usages]}

    assert not idle(snapshot, used) & set(members(snapshot))


@checked
@given(fleets(), st.sampled_from(["thing", "endpoint", "location", "project"]))
def test_nothing_kept_goes(fleet: tuple[Snapshot, dict[str, Usage]], level: str) -> None:
    snapshot, usages = fleet
    for name in idle(snapshot, usages):
        on = {
            "thing": name,
            "endpoint": endpoint_of(name),
            "location": str(scope_of(name)),
            "project": f"projects/{scope_of(name).project}",
        }[level]
        assert name not in idle(snapshot, usages, view=a_view(keeps=(a_keep(on),)))


@checked
@given(fleets(), st.sampled_from(["tuneguard-keep", "tuneguard-keep-until", "tunegaurd", "tuneguard-whatever"]))
def test_nothing_labelled_goes(fleet: tuple[Snapshot, dict[str, Usage]], key: str) -> None:
    snapshot, usages = fleet
    labelled = tuple(replace(e, labels={**e.labels, key: "2026-12-31"}) for e in snapshot.endpoints)

    names = {endpoint.name for endpoint in labelled}
    assert not {endpoint_of(name) for name in idle(replace(snapshot, endpoints=labelled), usages)} & names


@checked
@given(fleets())
def test_nothing_young_goes(fleet: tuple[Snapshot, dict[str, Usage]]) -> None:
    snapshot, usages = fleet
    born = NOW - timedelta(hours=23)

    def young(endpoint: Endpoint) -> Endpoint:
        deployed = tuple(replace(one, created_at=born) for one in endpoint.deployed)
        return replace(endpoint, created_at=born, deployed=deployed)

    assert not idle(replace(snapshot, endpoints=tuple(young(e) for e in snapshot.endpoints)), usages)


@checked
@given(fleets())
def test_nothing_goes_in_a_project_that_is_not_enrolled(fleet: tuple[Snapshot, dict[str, Usage]]) -> None:
    snapshot, usages = fleet

    assert not idle(snapshot, usages, rules=None)


@pytest.mark.parametrize(
    "changes",
    [
        {"usages": {DEPLOYED: a_usage(calls={3: 1})}},
        {"view": a_view(keeps=(a_keep(endpoint_name()),))},
        {"snapshot": a_snapshot(an_endpoint(labels={"tuneguard-keep": "true"}))},
        {"policy": replace(POLICY, grace=h(24 * 60))},
    ],
)
def test_an_announced_act_is_void_and_not_carried_out(changes: dict[str, Any]) -> None:
    """A notice had been given; then somebody wanted it."""
    snapshot = changes.get("snapshot", a_snapshot(an_endpoint()))
    rules = some_rules(changes.get("policy", POLICY))
    act = an_act(DEPLOYED, generation=f"{LONG_AGO.isoformat()}/7")
    view = replace(changes.get("view", a_view()), acts=(act,))
    verdicts = tuple(judged(snapshot, changes.get("usages", {}), rules=rules, view=view).values())

    plan = make_plan(verdicts, lambda _: rules, view, (), NOW, "c", Mode.ENFORCE, "d")

    assert plan.actions == ()
    assert [void.id for void, _ in plan.void] == [act.id]


def test_the_same_act_is_carried_out_when_nobody_wants_it() -> None:
    """So that the test above cannot pass because nothing ever goes."""
    rules = some_rules(POLICY)
    view = a_view(acts=(an_act(DEPLOYED, generation=f"{LONG_AGO.isoformat()}/7"),))
    verdicts = tuple(judged(a_snapshot(an_endpoint()), rules=rules, view=view).values())

    assert len(make_plan(verdicts, lambda _: rules, view, (), NOW, "c", Mode.ENFORCE, "d").actions) == 1
