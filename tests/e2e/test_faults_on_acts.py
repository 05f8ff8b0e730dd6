"""What the platform may do to a call that changes something, and what comes of it: never twice, never lost, never guessed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from guard.core.reasons import BlockReason
from guard.core.removal import Act, ActState
from guard.core.restore import restore_act
from guard.core.verdict import Stage
from tests.e2e.harness import PROJECT, Harness, a_harness

TWO_PLACES = """
start: 2026-11-02T00:00:00Z
seed: 5
projects:
  - {id: demo-research, number: "100000000001", locations: [us-central1, europe-west4]}
endpoints:
  - {id: 1001, display_name: forgotten, location: us-central1, labels: {owner: ml}, deploy: [{id: 11}],
     traffic: {pattern: burst_then_forgotten, until: -9d}}
  - {id: 2001, display_name: elsewhere, location: europe-west4, labels: {owner: ml}, deploy: [{id: 21}],
     traffic: {pattern: burst_then_forgotten, until: -9d}}
  - {id: 1002, display_name: busy, location: us-central1, deploy: [{id: 12}], traffic: busy}
"""


@pytest.fixture
def two_places(tmp_path: Path) -> Iterator[Harness]:
    with a_harness(tmp_path, scenario=TWO_PLACES) as one:
        yield one


def until_due(harness: Harness) -> None:
    """Announce, and stop right before the cycle that acts."""
    harness.steps(2)
    assert harness.states()["forgotten"] is ActState.NOTICED


def attempts(harness: Harness, stage: Stage = Stage.UNDEPLOY) -> list[Act]:
    return sorted(harness.acts(stage), key=lambda act: act.key.attempt)


def run_on(harness: Harness, hours: int = 8) -> None:
    harness.steps(hours)
    assert harness.deployed("1002") == ["12"]


@pytest.mark.parametrize("fault", [{"kind": "timeout", "done": True}, {"kind": "answer_dropped"}])
def test_an_answer_that_never_came_is_unknown_until_the_operation_is_found(
    harness: Harness, fault: dict[str, object]
) -> None:
    until_due(harness)
    harness.hurry()
    harness.fault(**fault, method="UndeployModel", count=1)  # type: ignore[arg-type]

    acted = harness.cycle()
    assert [(one.state, one.block) for one in acted.did] == [(ActState.UNKNOWN, BlockReason.UNKNOWN_OUTCOME)]
    run_on(harness)

    [act] = attempts(harness)
    assert act.state is ActState.VERIFIED
    assert harness.done("UndeployModel") == 1
    [saving] = harness.guard.ledger.savings()
    assert saving.act_id == act.id, "our own operation was found, so it counts"


@pytest.mark.parametrize("fault", [{"kind": "timeout"}, {"kind": "server_error", "status": 503}])
def test_a_call_that_left_no_trace_is_announced_afresh_and_sent_once_more(
    harness: Harness, fault: dict[str, object]
) -> None:
    until_due(harness)
    harness.hurry()
    harness.fault(**fault, method="UndeployModel", count=1)  # type: ignore[arg-type]

    harness.cycle()
    assert [act.state for act in attempts(harness)] == [ActState.UNKNOWN]
    harness.advance(0.1)
    harness.cycle()
    assert [act.state for act in attempts(harness)] == [ActState.UNKNOWN], "six minutes prove nothing"
    run_on(harness)

    first, second = attempts(harness)
    assert (first.state, second.state) == (ActState.FAILED, ActState.VERIFIED)
    assert second.noticed_at is not None
    assert first.settled_at is not None
    assert second.noticed_at >= first.settled_at, "told again before the second call"
    assert harness.done("UndeployModel") == 1


def test_a_call_refused_for_its_rate_is_announced_afresh(harness: Harness) -> None:
    until_due(harness)
    harness.fault("rate_limited", method="UndeployModel", count=1)

    run_on(harness)

    assert [(act.state, act.block) for act in attempts(harness)] == [
        (ActState.REFUSED, BlockReason.PLATFORM_REFUSED),
        (ActState.VERIFIED, None),
    ]
    assert harness.done("UndeployModel") == 1


def test_an_operation_that_fails_fails_the_act_and_tells_why(harness: Harness) -> None:
    until_due(harness)
    harness.fault("operation_fails", method="UndeployModel", message="quota of the moon", count=1)

    run_on(harness)

    first, second = attempts(harness)
    assert (first.state, second.state) == (ActState.FAILED, ActState.VERIFIED)
    assert "quota of the moon" in first.detail
    assert harness.done("UndeployModel") == 1
    assert "quota of the moon" in harness.told()


def test_an_operation_that_never_ends_is_never_sent_again_and_claims_nothing(harness: Harness) -> None:
    until_due(harness)
    harness.fault("operation_never_ends", method="UndeployModel")

    run_on(harness, 30)

    [act] = attempts(harness)
    assert act.state is ActState.STARTED
    assert len([call for call in harness.changes() if call.method == "UndeployModel"]) == 1
    assert harness.guard.ledger.savings() == []


def test_an_undeploy_by_hand_at_the_same_moment_is_no_saving_of_ours(harness: Harness) -> None:
    until_due(harness)
    harness.hurry()
    harness.fault("timeout", method="UndeployModel", count=1)
    harness.cycle()
    harness.change(undeploy={"endpoint": "forgotten"})

    run_on(harness)

    [act] = attempts(harness)
    assert act.state is ActState.VERIFIED
    assert harness.guard.ledger.savings() == []


# between plan and act -----------------------------------------------------------------------------------------------------


def refused_in_between(harness: Harness, **happening: object) -> Act:
    """Let somebody do something after the plan was made; returns the act, refused without a call."""
    until_due(harness)

    def happen() -> None:
        harness.change(**happening)
        harness.advance(0.2)  # long enough for metrics to tell

    harness.before_acting(happen)
    result = harness.cycle()
    assert [one.block for one in result.did] == [BlockReason.CHANGED_SINCE_PLAN], [one.detail for one in result.did]
    [act] = attempts(harness)
    assert act.state is ActState.REFUSED
    assert not [call for call in harness.changes() if call.method == "UndeployModel"]
    return act


def test_a_thing_that_was_made_again_under_its_name_is_another_thing(harness: Harness) -> None:
    act = refused_in_between(harness, recreate_endpoint={"endpoint": "forgotten"})

    assert "young" in act.detail, "made just now, it is judged as what it is"
    assert harness.deployed("1001") == ["11"]


def test_a_call_between_plan_and_act_keeps_the_thing(harness: Harness) -> None:
    act = refused_in_between(harness, requests={"endpoint": "forgotten", "requests": 2})

    assert "in_use" in act.detail
    assert harness.deployed("1001") == ["11"]


def test_a_keep_label_between_plan_and_act_keeps_the_thing(harness: Harness) -> None:
    act = refused_in_between(harness, label={"endpoint": "forgotten", "set": {"tuneguard-keep": "true"}})

    assert "kept_by_label" in act.detail
    run_on(harness)
    assert harness.deployed("1001") == ["11"]


def test_a_second_model_on_the_endpoint_between_plan_and_act_refuses_it(harness: Harness) -> None:
    until_due(harness)
    harness.before_acting(lambda: harness.change(deploy={"endpoint": "forgotten", "deploy": {"id": 19}}))

    result = harness.cycle()

    assert [one.block for one in result.did] == [BlockReason.CHANGED_SINCE_PLAN]
    assert "in progress" in result.did[0].detail or "changed" in result.did[0].detail


def test_a_keep_said_after_the_second_look_still_wins(harness: Harness) -> None:
    until_due(harness)
    subject = attempts(harness)[0].key.subject
    guard = harness.guard

    def keep(point: str) -> None:
        if point == "copied":
            guard.ledger.add_keep(subject, "ada", "needed", guard.clock.now(), None)

    object.__setattr__(guard.cycle._p, "checkpoints", keep)
    result = harness.cycle()

    assert [one.block for one in result.did] == [BlockReason.KEPT]
    assert harness.deployed("1001") == ["11"]


def test_a_new_version_after_planning_changes_nothing_and_the_old_one_comes_back(harness: Harness) -> None:
    until_due(harness)
    harness.before_acting(lambda: harness.change(new_model_version={"model": "forgotten-model"}))
    run_on(harness, 4)
    [removal] = attempts(harness)
    assert removal.state is ActState.VERIFIED
    harness.guard.ledger.propose(restore_act(removal, 1, harness.guard.clock.now(), asked_by="ada"))

    run_on(harness, 4)

    document = dict(harness.running.world.store.all("endpoints"))[
        f"projects/{PROJECT}/locations/us-central1/endpoints/1001"
    ]
    assert [one["modelVersionId"] for one in document["deployedModels"]] == ["1"]


# instruments ----------------------------------------------------------------------------------------------------------------


def test_permission_lost_in_one_location_keeps_everything_there_and_stops_nothing_elsewhere(
    two_places: Harness,
) -> None:
    two_places.steps(2)
    two_places.fault("permission_lost", location="europe-west4")

    two_places.steps(6)

    assert two_places.deployed("1001") == []
    assert two_places.deployed("2001", "europe-west4") == ["21"]
    two_places.clear_faults()
    two_places.steps(6)
    assert two_places.deployed("2001", "europe-west4") == [], "and it goes on where it stood"


def test_names_with_the_projects_id_are_the_same_names(harness: Harness) -> None:
    harness.fault("name_as_project_id")

    run_on(harness)

    [act] = attempts(harness)
    assert act.state is ActState.VERIFIED
    assert act.key.subject.startswith(f"projects/{PROJECT}/")
    assert harness.done("UndeployModel") == 1


def test_what_a_shrunken_listing_leaves_out_is_not_removed(harness: Harness) -> None:
    until_due(harness)
    harness.fault("listing_shrinks", method="ListEndpoints", keep=0)

    harness.steps(4)

    assert harness.deployed("1001") == ["11"]
    assert harness.done("UndeployModel") == 0
    assert harness.guard.ledger.savings() == []
    harness.clear_faults()
    harness.steps(8)
    assert harness.deployed("1001") == [], "seen again, it is announced afresh and goes"
    assert len([act for act in attempts(harness) if act.noticed_at is not None]) == 2


def test_labels_that_vanish_make_nothing_removable_at_once(tmp_path: Path) -> None:
    kept = TWO_PLACES.replace("labels: {owner: ml}", 'labels: {owner: ml, tuneguard-keep: "true"}')
    with a_harness(tmp_path, scenario=kept) as harness:
        harness.steps(2)
        assert harness.acts() == []
        harness.fault("labels_empty")
        at = harness.guard.clock.now()
        harness.steps(2)

        assert {act.state for act in harness.acts()} == {ActState.NOTICED}
        assert all(
            act.due_at - at >= harness.guard.in_force.settings().default.policies[0].notify_before
            for act in harness.acts()
        )
        harness.clear_faults()
        harness.steps(4)
        assert {act.state for act in harness.acts()} == {ActState.CANCELLED}
        assert harness.changes() == []


def test_a_clock_that_jumps_back_doubts_and_removes_nothing(harness: Harness) -> None:
    until_due(harness)
    harness.fault("clock_jump", by="-3h")

    result = harness.cycle()

    assert result.plan is not None
    assert any("clock" in doubt.why for doubt in result.plan.doubts)
    assert harness.changes() == []
    harness.steps(8)
    assert harness.states()["forgotten"] is ActState.VERIFIED, "once time has caught up it goes on"
    assert harness.done("UndeployModel") == 1


def test_a_call_within_the_metric_lag_is_found_afterwards_and_alarms(harness: Harness) -> None:
    until_due(harness)
    harness.before_acting(lambda: harness.change(requests={"endpoint": "forgotten", "requests": 2}))

    run_on(harness, 4)

    assert harness.done("UndeployModel") == 1, "nobody could have known"
    assert "Wrong removal: forgotten was in use" in harness.told()
    assert harness.told().count("Wrong removal: forgotten") == 1
