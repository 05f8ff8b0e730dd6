"""Invariant 10: every decision, to act or not, has a reason and evidence, readable later without the cloud."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from guard.core.documents import planned_document, verdict_document
from guard.core.explain import explain
from guard.core.judge import judge
from guard.core.model import Kind, Snapshot
from guard.core.names import Scope
from guard.core.plan import Doubt
from guard.core.planning import make_plan
from guard.core.reasons import MEANING, WAY_OUT, BlockReason, KeepReason, RemoveReason
from guard.core.rules import Limits, Mode, Policy
from guard.core.usage import Usage
from guard.core.verdict import Idle, Undecided
from tests.builders import NOW, a_price_book, a_view, some_rules
from tests.strategies import checked, fleets, policies


@checked
@given(fleets(), policies())
def test_each_thing_has_one_verdict_with_a_reason_that_survives_json(
    fleet: tuple[Snapshot, dict[str, Usage]], policy: Policy
) -> None:
    snapshot, usages = fleet
    verdicts = judge(snapshot, usages, lambda _: some_rules(policy), a_price_book(), a_view(), NOW)
    expected = {e.name for e in snapshot.endpoints if not e.deployed}
    expected |= {d.name for e in snapshot.endpoints for d in e.deployed}
    expected |= {thing.name for thing in (*snapshot.pools, *snapshot.models, *snapshot.jobs)}
    told = {v.subject.name for v in verdicts} | {
        name for v in verdicts if v.subject.kind is Kind.POOL for name in v.subject.members
    }

    assert told == expected
    assert len({v.subject.name for v in verdicts}) == len(verdicts)
    for verdict in verdicts:
        later = json.loads(json.dumps(verdict_document(verdict)))
        text = explain(later)
        assert text == explain(verdict)
        assert MEANING[verdict.reason].rstrip(".")[1:20] in text.headline or isinstance(verdict, Idle)
        assert any(section.title == "Decision" for section in text.sections)
        if isinstance(verdict, Undecided):
            assert verdict.reason in WAY_OUT


@checked
@given(fleets(), policies(), st.booleans())
def test_each_act_that_does_not_go_says_why(
    fleet: tuple[Snapshot, dict[str, Usage]], policy: Policy, doubted: bool
) -> None:
    rules = some_rules(policy, limits=Limits(removals_per_day=1, breaker_least=2))
    verdicts = judge(*fleet, lambda _: rules, a_price_book(), a_view(), NOW)
    doubts = (Doubt(scope=Scope("1234", "us-central1"), why="dark", evidence={}),) if doubted else ()
    plan = make_plan(verdicts, lambda _: rules, a_view(), doubts, NOW, "c", Mode.ENFORCE, "d")

    for item in plan.blocked:
        document = json.loads(json.dumps(planned_document(item)))
        assert document["blocks"]
        assert all(document["ways_out"])
    idle = sum(len(v.parts) or 1 for v in verdicts if isinstance(v, Idle))
    assert len(plan.actions) + len(plan.upcoming) + len(plan.blocked) == idle
    assert len(plan.kept) + len(plan.unknown) + sum(isinstance(v, Idle) for v in verdicts) == len(verdicts)


def test_every_reason_has_a_meaning_and_every_block_and_unknown_a_way_out() -> None:
    assert set(MEANING) == {*KeepReason, *RemoveReason, *BlockReason}
    assert {*BlockReason, *(reason for reason in KeepReason if reason.is_unknown)} <= set(WAY_OUT)
    assert all(text.endswith(".") for text in MEANING.values())
