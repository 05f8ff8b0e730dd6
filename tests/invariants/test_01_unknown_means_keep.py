"""Invariant 1: unknown means keep. Missing, late, partial, contradictory or refused data never leads to a removal."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.judge import judge
from guard.core.model import Snapshot
from guard.core.reasons import KeepReason
from guard.core.usage import Usage
from guard.core.verdict import Idle, Undecided
from tests.builders import (
    NOW,
    a_fixed_policy,
    a_price_book,
    a_snapshot,
    a_usage,
    a_view,
    an_endpoint,
    endpoint_name,
    h,
    judged,
    some_rules,
)
from tests.strategies import checked, fleets

DEPLOYED = f"{endpoint_name()}/deployedModels/7"
ALL = range(960)
FLAWS = {
    "no coverage": {"holes": ALL},
    "coverage ended": {"holes": range(8)},
    "no replicas": {"dead": ALL},
    "no replicas lately": {"dead": range(8)},
    "no witness": {"blind": ALL},
    "no witness lately": {"blind": range(8)},
    "witness disagrees": {"busy": range(0, 960, 24)},
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_thing_whose_silence_is_not_proved_stays(flaw: str) -> None:
    verdict = judged(a_snapshot(an_endpoint()), {DEPLOYED: a_usage(**FLAWS[flaw])}, a_fixed_policy(h(30)))[DEPLOYED]

    assert isinstance(verdict, Undecided)
    assert verdict.reason.is_unknown


@pytest.mark.parametrize("flaw", ["holes", "dead", "blind"])
def test_hours_that_prove_nothing_do_not_count_even_if_the_instruments_work_again(flaw: str) -> None:
    """Twenty good hours after weeks of nothing are twenty hours."""
    verdict = judged(a_snapshot(an_endpoint()), {DEPLOYED: a_usage(**{flaw: range(20, 960)})}, a_fixed_policy(h(30)))[
        DEPLOYED
    ]

    assert not isinstance(verdict, Idle)
    assert verdict.silent_for == h(20)


def test_the_same_thing_with_whole_data_goes() -> None:
    """So that the tests above cannot pass because nothing ever goes."""
    assert isinstance(judged(a_snapshot(an_endpoint()), {}, a_fixed_policy(h(30)))[DEPLOYED], Idle)


@checked
@given(fleets(), st.sampled_from(["usage", "listing", "age", "price"]))
def test_taking_knowledge_away_never_adds_a_removal(fleet: tuple[Snapshot, dict[str, Usage]], what: str) -> None:
    snapshot, usages = fleet
    prices, rules = a_price_book(), some_rules()

    def idle(snapshot: Snapshot, usages: dict[str, Usage], known: bool = True) -> set[str]:
        book = prices if known else a_price_book().__class__()
        verdicts = judge(snapshot, usages, lambda _: rules, book, a_view(), NOW)
        return {verdict.subject.name for verdict in verdicts if isinstance(verdict, Idle)}

    before = idle(snapshot, usages)
    match what:
        case "usage":
            after = idle(snapshot, {})
        case "listing":
            scopes = tuple(replace(report, complete=False) for report in snapshot.scopes)
            after = idle(replace(snapshot, scopes=scopes), usages)
        case "age":
            ageless = tuple(
                replace(e, created_at=None, deployed=tuple(replace(d, created_at=None) for d in e.deployed))
                for e in snapshot.endpoints
            )
            pools = tuple(replace(p, created_at=None) for p in snapshot.pools)
            after = idle(replace(snapshot, endpoints=ageless, pools=pools), usages)
        case _:
            after = idle(snapshot, usages, known=False)

    assert after == set()
    assert after <= before


@checked
@given(fleets())
def test_every_unknown_reason_is_an_unknown_verdict_and_the_other_way_round(
    fleet: tuple[Snapshot, dict[str, Usage]],
) -> None:
    snapshot, usages = fleet

    for verdict in judge(snapshot, usages, lambda _: some_rules(), a_price_book(), a_view(), NOW):
        if not isinstance(verdict, Idle):
            assert isinstance(verdict.reason, KeepReason)
            assert isinstance(verdict, Undecided) == verdict.reason.is_unknown
