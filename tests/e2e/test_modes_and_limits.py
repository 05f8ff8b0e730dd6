"""A person's yes, a mode that is switched, a policy that is widened, limits: end to end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from guard.core.plan import Acknowledgement, Approval
from guard.core.reasons import BlockReason
from guard.core.removal import Act, ActState, evidence_digest
from tests.e2e.fleets import FOUR_IDLE
from tests.e2e.harness import CONFIG, Harness, a_harness

APPROVE = CONFIG.replace("mode: enforce", "mode: approve")
OBSERVE = CONFIG.replace("mode: enforce", "mode: observe")


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Harness]:
    with a_harness(tmp_path, scenario=FOUR_IDLE) as one:
        yield one


def say_yes(harness: Harness, act: Act, *, lasts: timedelta = timedelta(hours=72)) -> None:
    now = harness.guard.clock.now()
    harness.guard.ledger.approve(
        Approval(
            act_id=act.id,
            evidence_digest=evidence_digest(act.evidence),
            who="ada",
            made_at=now,
            expires_at=now + lasts,
        )
    )


def sent(harness: Harness) -> int:
    return len([call for call in harness.changes() if call.method == "UndeployModel"])


def waiting(harness: Harness) -> Act:
    [act] = [act for act in harness.acts() if act.state.is_open]
    return act


# approve ----------------------------------------------------------------------------------------------------------------


def test_nothing_goes_without_a_yes(harness: Harness) -> None:
    harness.configure(APPROVE)

    results = harness.steps(12)

    assert {one.block for result in results for one in result.did} == {BlockReason.WAITING_FOR_APPROVAL}
    assert sent(harness) == 0
    assert "tuneguard approve" in harness.told()


def test_a_yes_lets_this_act_go(harness: Harness) -> None:
    harness.configure(APPROVE)
    harness.steps(3)
    say_yes(harness, waiting(harness))

    harness.steps(3)

    assert harness.states() == {"forgotten": ActState.VERIFIED}
    assert sent(harness) == 1


def test_a_yes_in_advance_shortens_no_notice(harness: Harness) -> None:
    harness.configure(APPROVE)
    harness.steps(1)
    act = waiting(harness)
    say_yes(harness, act)

    harness.steps(4)

    [done] = harness.acts()
    assert done.intended_at is not None
    assert done.noticed_at is not None
    assert done.intended_at - done.noticed_at >= timedelta(hours=2)


def test_a_yes_expires(harness: Harness) -> None:
    harness.configure(APPROVE)
    harness.steps(1)
    say_yes(harness, waiting(harness), lasts=timedelta(hours=1))

    harness.steps(5)

    assert sent(harness) == 0


def test_a_yes_binds_to_the_attempt_and_its_evidence(harness: Harness) -> None:
    harness.configure(APPROVE)
    harness.steps(2)
    first = waiting(harness)
    say_yes(harness, first)
    harness.change(requests={"endpoint": "forgotten", "requests": 1})  # used again: the act is void, and so is the yes
    harness.advance(0.2)  # until metrics tell
    harness.steps(30)
    while not any(act.state.is_open for act in harness.acts()):
        harness.advance(12)
        harness.cycle()
    harness.steps(6)

    second = waiting(harness)
    assert second.id != first.id
    assert evidence_digest(second.evidence) != evidence_digest(first.evidence)
    assert sent(harness) == 0


def test_a_yes_to_other_evidence_is_none(harness: Harness) -> None:
    harness.configure(APPROVE)
    harness.steps(2)
    act = waiting(harness)
    now = harness.guard.clock.now()
    harness.guard.ledger.approve(
        Approval(act_id=act.id, evidence_digest="0" * 20, who="ada", made_at=now, expires_at=now + timedelta(days=3))
    )

    harness.steps(4)

    assert sent(harness) == 0


# what becomes newly removable starts afresh -----------------------------------------------------------------------------


@pytest.mark.parametrize("before", [OBSERVE, APPROVE])
def test_a_mode_that_is_switched_to_enforce_announces_everything_afresh(harness: Harness, before: str) -> None:
    harness.configure(before)
    harness.steps(6)
    old = waiting(harness)
    harness.configure(CONFIG)
    switched = harness.guard.clock.now()

    harness.steps(1)
    assert sent(harness) == 0
    harness.steps(6)

    [new] = [act for act in harness.acts() if act.state is ActState.VERIFIED]
    assert new.id != old.id
    assert new.proposed_at >= switched
    assert new.noticed_at is not None
    assert new.intended_at is not None
    assert new.noticed_at >= switched
    assert new.intended_at - new.noticed_at >= timedelta(hours=2)


def test_a_policy_that_is_widened_announces_what_it_takes_in(harness: Harness) -> None:
    narrow = CONFIG.replace(
        "  - name: default", "  - {name: kept, match: {names: [forgotten]}, wait: never}\n  - name: default"
    )
    harness.configure(narrow)
    harness.steps(4)
    assert harness.acts() == []
    harness.configure(CONFIG)
    widened = harness.guard.clock.now()

    harness.steps(6)

    [act] = harness.acts()
    assert act.state is ActState.VERIFIED
    assert act.noticed_at is not None
    assert act.intended_at is not None
    assert act.noticed_at >= widened
    assert act.intended_at - act.noticed_at >= timedelta(hours=2)


def test_a_keep_label_that_vanishes_announces_afresh(harness: Harness) -> None:
    harness.change(label={"endpoint": "forgotten", "set": {"tuneguard-keep": "true"}})
    harness.steps(4)
    assert harness.acts() == []
    harness.change(label={"endpoint": "forgotten", "remove": ["tuneguard-keep"]})
    gone = harness.guard.clock.now()

    harness.steps(6)

    [act] = harness.acts()
    assert act.noticed_at is not None
    assert act.intended_at is not None
    assert act.noticed_at >= gone
    assert act.intended_at - act.noticed_at >= timedelta(hours=2)


# limits -----------------------------------------------------------------------------------------------------------------


def test_the_throttle_lets_the_dearest_through_and_says_what_waits(fleet: Harness) -> None:
    fleet.configure(CONFIG.replace("removals_per_day: 10", "removals_per_day: 1"))

    results = fleet.steps(4)

    assert fleet.deployed("1004") == [], "n1-standard-16 is the dearest"
    assert [fleet.deployed(one) for one in ("1001", "1003")] == [["11"], ["13"]]
    plan = results[-1].plan
    assert plan is not None
    throttled = {p.verdict.subject.name.rsplit("/", 1)[-1] for p in plan.blocked if BlockReason.THROTTLED in p.blocks}
    assert throttled == {"11", "13", "21"}
    fleet.steps(24)
    assert fleet.deployed("1003") == [], "the next dearest, a day later"
    assert fleet.deployed("1001") == ["11"]


def test_a_breaker_that_trips_lets_none_through_and_shows_the_whole_list(fleet: Harness) -> None:
    fleet.configure(CONFIG.replace("removals_per_day: 10", "removals_per_day: 10, breaker_least: 2"))

    results = fleet.steps(6)

    assert sent(fleet) == 0
    plan = results[-1].plan
    assert plan is not None
    assert plan.breaker is not None
    blocked = {p.verdict.subject.name.rsplit("/", 1)[-1]: p.blocks for p in plan.blocked}
    assert set(blocked) == {"11", "13", "14", "21"}
    assert all(BlockReason.BREAKER in blocks for blocks in blocked.values())
    now = fleet.guard.clock.now()
    fleet.guard.ledger.acknowledge(
        Acknowledgement(what="breaker", who="ada", made_at=now, expires_at=now + timedelta(days=1))
    )
    fleet.steps(6)
    assert sent(fleet) == 4
