"""Invariant 12: when the instruments are doubtful in a scope, nothing is removed in that scope (that people are told is the
daemon's part: tests/daemon).
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.judge import judge
from guard.core.model import Snapshot
from guard.core.names import Scope
from guard.core.plan import Doubt, Plan, Seen
from guard.core.planning import make_plan
from guard.core.reasons import BlockReason
from guard.core.rules import Mode
from guard.core.sanity import doubts
from guard.core.usage import Usage
from tests.builders import (
    LONG_AGO,
    NOW,
    a_fixed_policy,
    a_price_book,
    a_snapshot,
    a_usage,
    a_view,
    an_act,
    an_endpoint,
    endpoint_name,
    h,
    some_rules,
)
from tests.strategies import checked

HERE = "projects/1234/locations/us-central1"
THERE = "projects/1234/locations/europe-west4"
RULES = some_rules(a_fixed_policy(h(24)))


def deployed(number: int, parent: str) -> str:
    return f"{endpoint_name(number, parent)}/deployedModels/7"


def world(dark_here: int, count: int = 6) -> tuple[Snapshot, dict[str, Usage], dict[str, Seen]]:
    """Two locations full of things that have been silent for weeks; some of the first lose their replicas at once."""
    names = [deployed(n, parent) for parent in (HERE, THERE) for n in range(1, count + 1)]
    dark = set(names[:dark_here])
    usages = {name: a_usage(dead=range(6)) if name in dark else a_usage() for name in names}
    seen = {
        name: Seen(name=name, kind="deployed_model", generation="g", first_seen_at=LONG_AGO, last_seen_at=NOW, digest="d",
                   was_live=True)
        for name in names
    }  # fmt: skip
    endpoints = [an_endpoint(n, parent=parent) for parent in (HERE, THERE) for n in range(1, count + 1)]
    return a_snapshot(*endpoints), usages, seen


def the_plan(snapshot: Snapshot, usages: dict[str, Usage], seen: dict[str, Seen], found: tuple[Doubt, ...]) -> Plan:
    acts = tuple(an_act(name, generation=f"{LONG_AGO.isoformat()}/7") for name in usages)
    view = a_view(acts=acts, seen=seen)
    verdicts = judge(snapshot, usages, lambda _: RULES, a_price_book(), view, NOW)
    return make_plan(verdicts, lambda _: RULES, view, found, NOW, "c", Mode.ENFORCE, "d")


@checked
@given(st.integers(0, 6))
def test_a_scope_in_doubt_removes_nothing_and_another_goes_on(dark: int) -> None:
    snapshot, usages, seen = world(dark)
    found = doubts(snapshot, usages, a_view(seen=seen), {"1234": True}, None, NOW)

    plan = the_plan(snapshot, usages, seen, found)

    here = [item for item in plan.actions if item.verdict.subject.location == "us-central1"]
    there = [item for item in plan.actions if item.verdict.subject.location == "europe-west4"]
    assert len(there) == 6
    assert bool(found) == (dark >= 3)
    assert len(here) == (0 if found else 6 - dark)
    assert plan.doubts == found


@pytest.mark.parametrize("cause", ["unreadable", "clock"])
def test_other_causes_of_doubt_stop_removals_too(cause: str) -> None:
    snapshot, usages, seen = world(0)
    readable = {"1234": cause != "unreadable"}
    jump = -timedelta(hours=2) if cause == "clock" else None

    plan = the_plan(snapshot, usages, seen, doubts(snapshot, usages, a_view(seen=seen), readable, jump, NOW))

    assert plan.actions == ()
    assert all(BlockReason.INSTRUMENTS_DOUBTFUL in item.blocks for item in plan.blocked)
    assert len(plan.blocked) == 12


def test_a_scope_in_doubt_announces_nothing_new() -> None:
    snapshot, usages, _ = world(0)
    found = (Doubt(scope=Scope("1234", "us-central1"), why="dark", evidence={}),)
    verdicts = judge(snapshot, usages, lambda _: RULES, a_price_book(), a_view(), NOW)

    plan = make_plan(verdicts, lambda _: RULES, a_view(), found, NOW, "c", Mode.ENFORCE, "d")

    assert {item.verdict.subject.location for item in plan.upcoming} == {"europe-west4"}
