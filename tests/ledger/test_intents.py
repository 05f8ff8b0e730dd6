"""The one way to an act: what refuses an intent, and that a refusal changes nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from guard.core.reasons import BlockReason
from guard.core.removal import Act, ActState
from guard.core.verdict import Stage
from guard.ledger import SqlLedger
from guard.ports.errors import NotFoundByName
from tests.ledger.build import (
    DAY,
    ENDPOINT,
    HOUR,
    MODEL,
    NOW,
    PROJECT,
    SCOPE,
    SUBJECT,
    a_check,
    a_recipe,
    an_act,
    an_approval,
    intend,
    lead,
)  # fmt: skip


def test_an_intent_stores_recipe_and_evidence_of_the_second_look(ledger: SqlLedger) -> None:
    lease, act = lead(ledger), an_act()
    assert ledger.propose(act)

    intended = intend(ledger, act, lease)

    assert isinstance(intended, Act)
    assert (intended.state, intended.intended_at, intended.term) == (ActState.INTENDED, NOW, lease.term)
    assert intended.evidence == {"silent_hours": 91}
    assert ledger.act(act.id) == intended
    assert intended.recipe_id is not None
    assert ledger.recipe(intended.recipe_id) == a_recipe(act)
    assert [event.evidence for event in ledger.act_events(act.id)] == [act.evidence, {"silent_hours": 91}]


def test_a_second_intent_of_the_same_act_is_refused(ledger: SqlLedger) -> None:
    lease, act = lead(ledger), an_act()
    ledger.propose(act)
    intend(ledger, act, lease)

    assert intend(ledger, act, lease) is BlockReason.ALREADY_RUNNING
    assert len(ledger.act_events(act.id)) == 2


def test_a_second_act_on_a_thing_with_one_in_flight_is_refused(ledger: SqlLedger) -> None:
    lease, first, second = lead(ledger), an_act(), an_act(attempt=2)
    ledger.propose(first)
    ledger.propose(second)
    intend(ledger, first, lease)

    assert intend(ledger, second, lease) is BlockReason.ALREADY_RUNNING


def _refused(ledger: SqlLedger, act: Act, found: Act | BlockReason, expected: BlockReason) -> None:
    """A refusal names its reason and leaves no trace."""
    assert found is expected
    assert ledger.act(act.id) == act
    assert ledger.recipes() == []
    assert len(ledger.act_events(act.id)) == 1


def test_a_daemon_with_an_older_term_is_refused(ledger: SqlLedger) -> None:
    stale = lead(ledger, "daemon-1")
    ledger.release_lease(stale)
    lead(ledger, "daemon-2")
    ledger.propose(act := an_act())

    _refused(ledger, act, intend(ledger, act, stale), BlockReason.NOT_LEADER)


def test_a_daemon_whose_lease_ran_out_is_refused_by_the_databases_clock(ledger: SqlLedger) -> None:
    lease = lead(ledger)
    ledger.release_lease(lease)  # runs out at once; nobody else has taken it
    ledger.propose(act := an_act())

    _refused(ledger, act, intend(ledger, act, lease), BlockReason.NOT_LEADER)


def test_a_namesake_of_the_leader_is_refused(ledger: SqlLedger) -> None:
    lease = lead(ledger, "daemon-1")
    ledger.propose(act := an_act())

    _refused(ledger, act, intend(ledger, act, lease, holder="daemon-2"), BlockReason.NOT_LEADER)


def test_a_pause_stops_every_intent_until_resumed(ledger: SqlLedger) -> None:
    lease = lead(ledger)
    ledger.propose(act := an_act())
    ledger.pause("ada@example.com", "incident", NOW)

    _refused(ledger, act, intend(ledger, act, lease), BlockReason.PAUSED)
    paused = ledger.paused()
    assert paused is not None
    assert (paused.who, paused.why, paused.at) == ("ada@example.com", "incident", NOW)

    ledger.resume("ada@example.com", "over", NOW)
    assert ledger.paused() is None
    assert isinstance(intend(ledger, act, lease), Act)


@pytest.mark.parametrize("kept", [SUBJECT, ENDPOINT])
def test_a_keep_on_the_thing_or_its_endpoint_refuses(ledger: SqlLedger, kept: str) -> None:
    lease = lead(ledger)
    ledger.propose(act := an_act())
    ledger.add_keep(kept, "ada@example.com", "demo on friday", NOW - HOUR, NOW + DAY)

    _refused(ledger, act, intend(ledger, act, lease), BlockReason.KEPT)


def test_a_keep_on_the_pool_refuses_its_sharers(ledger: SqlLedger) -> None:
    lease, pool = lead(ledger), f"{SCOPE}/deploymentResourcePools/p1"
    ledger.propose(act := an_act())
    ledger.add_keep(pool, "ada@example.com", "demo", NOW - HOUR, None)

    _refused(ledger, act, intend(ledger, act, lease, also_kept_by=(pool,)), BlockReason.KEPT)


def test_a_keep_on_one_version_refuses_the_removal_of_the_whole_model(ledger: SqlLedger) -> None:
    lease = lead(ledger)
    ledger.propose(act := an_act(MODEL, stage=Stage.DELETE_MODEL))
    ledger.add_keep(f"{MODEL}@2", "ada@example.com", "audit", NOW - HOUR, None)

    _refused(ledger, act, intend(ledger, act, lease), BlockReason.KEPT)


@pytest.mark.parametrize("kept", [f"{SCOPE}/endpoints/44", f"{SCOPE}/endpoints/44122", f"{ENDPOINT}/deployedModels/7"])
def test_a_keep_on_a_longer_or_shorter_name_keeps_nothing_else(ledger: SqlLedger, kept: str) -> None:
    lease = lead(ledger)
    ledger.propose(act := an_act())
    ledger.add_keep(kept, "ada@example.com", "demo", NOW - HOUR, None)

    assert isinstance(intend(ledger, act, lease), Act)


def test_a_keep_that_ended_or_ran_out_keeps_no_more(ledger: SqlLedger) -> None:
    lease = lead(ledger)
    ledger.propose(act := an_act())
    ledger.add_keep(SUBJECT, "ada@example.com", "demo", NOW - DAY, NOW)
    ledger.add_keep(SUBJECT, "ada@example.com", "demo", NOW - DAY, None)
    assert ledger.end_keeps(SUBJECT, "bob@example.com", NOW) == 1

    assert isinstance(intend(ledger, act, lease), Act)


def test_another_configuration_than_the_latest_is_refused(ledger: SqlLedger) -> None:
    lease = lead(ledger)
    ledger.propose(act := an_act())
    assert ledger.config_seen("config-2", NOW)

    _refused(ledger, act, intend(ledger, act, lease), BlockReason.CONFIG_CHANGED)


def test_an_approval_is_needed_where_the_mode_says_so(ledger: SqlLedger) -> None:
    lease = lead(ledger)
    ledger.propose(act := an_act())

    _refused(ledger, act, intend(ledger, act, lease, needs_approval=True), BlockReason.WAITING_FOR_APPROVAL)

    ledger.approve(an_approval(act))
    assert isinstance(intend(ledger, act, lease, needs_approval=True), Act)


@pytest.mark.parametrize(
    "changes",
    [{"evidence_digest": "e0"}, {"expires_at": NOW}, {"made_at": NOW + HOUR}],
    ids=["other evidence", "expired", "not yet made"],
)
def test_an_approval_of_something_else_does_not_count(ledger: SqlLedger, changes: dict[str, object]) -> None:
    lease = lead(ledger)
    ledger.propose(act := an_act())
    ledger.approve(an_approval(act, **changes))

    _refused(ledger, act, intend(ledger, act, lease, needs_approval=True), BlockReason.WAITING_FOR_APPROVAL)


def test_an_approval_of_one_attempt_does_not_count_for_the_next(ledger: SqlLedger) -> None:
    lease = lead(ledger)
    ledger.propose(first := an_act())
    ledger.approve(an_approval(first))
    ledger.move(first.id, ActState.DUE, ActState.CANCELLED, NOW)
    ledger.propose(second := an_act(attempt=2))

    _refused(ledger, second, intend(ledger, second, lease, needs_approval=True), BlockReason.WAITING_FOR_APPROVAL)


def test_an_approval_of_an_unknown_act_is_refused(ledger: SqlLedger) -> None:
    with pytest.raises(NotFoundByName, match="nothing was approved"):
        ledger.approve(an_approval(an_act()))


def test_attempts_are_capped(ledger: SqlLedger) -> None:
    lease = lead(ledger)
    for attempt in (1, 2):
        ledger.propose(act := an_act(attempt=attempt))
        assert isinstance(intend(ledger, act, lease, attempts=2), Act)
        assert ledger.move(act.id, ActState.INTENDED, ActState.REFUSED, NOW)
    ledger.propose(third := an_act(attempt=3))

    assert intend(ledger, third, lease, attempts=2) is BlockReason.ATTEMPTS_EXHAUSTED
    assert ledger.act(third.id) == third


def test_the_throttle_counts_the_intents_of_the_last_day(ledger: SqlLedger) -> None:
    lease = lead(ledger)
    for number, hours in ((1, 25), (2, 23)):
        ledger.propose(act := an_act(f"{ENDPOINT}/deployedModels/{number}", due_at=NOW - 2 * DAY))
        assert isinstance(intend(ledger, act, lease, now=NOW - hours * HOUR), Act)
    ledger.propose(third := an_act(f"{ENDPOINT}/deployedModels/3"))

    assert intend(ledger, third, lease, per_day=1) is BlockReason.THROTTLED
    assert isinstance(intend(ledger, third, lease, per_day=2), Act)


def test_the_throttle_of_a_project_lets_another_project_through(ledger: SqlLedger) -> None:
    lease, other = lead(ledger), "210987654321"
    ledger.record_claim(other, 1, NOW)
    ledger.propose(first := an_act(f"{ENDPOINT}/deployedModels/1"))
    ledger.propose(second := an_act(f"{ENDPOINT}/deployedModels/2"))
    ledger.propose(elsewhere := an_act(SUBJECT.replace(PROJECT, other), project=other))
    intend(ledger, first, lease)

    assert intend(ledger, second, lease, per_project_per_day=1) is BlockReason.THROTTLED
    assert isinstance(intend(ledger, elsewhere, lease, per_project_per_day=1), Act)


def test_the_sharers_of_a_pool_that_go_together_are_one_removal(ledger: SqlLedger) -> None:
    lease, pool = lead(ledger), {"pool": f"{SCOPE}/deploymentResourcePools/p1"}
    sharers = [an_act(f"{ENDPOINT}/deployedModels/{number}", evidence=pool) for number in (1, 2)]
    for act in (*sharers, other := an_act()):
        ledger.propose(act)
    limits = {"per_day": 1, "per_project_per_day": 1}

    for act in sharers:
        assert isinstance(ledger.intend(act.id, a_check(lease, **limits), a_recipe(act), pool), Act)
    assert intend(ledger, other, lease, **limits) is BlockReason.THROTTLED


def test_an_intent_dated_in_the_future_still_counts_for_the_throttle(ledger: SqlLedger) -> None:
    lease = lead(ledger)
    ledger.propose(first := an_act(f"{ENDPOINT}/deployedModels/1"))
    intend(ledger, first, lease, now=NOW + DAY)
    ledger.propose(second := an_act(f"{ENDPOINT}/deployedModels/2"))

    assert intend(ledger, second, lease, per_day=1) is BlockReason.THROTTLED


def test_a_restore_is_neither_kept_back_by_a_keep_nor_throttled(ledger: SqlLedger) -> None:
    lease = lead(ledger)
    ledger.propose(removal := an_act())
    intend(ledger, removal, lease)
    ledger.move(removal.id, ActState.INTENDED, ActState.FAILED, NOW)
    ledger.add_keep(SUBJECT, "guard", "restored", NOW - HOUR, NOW + DAY)
    ledger.propose(restore := an_act(stage=Stage.RESTORE, noticed_at=None))

    restored = ledger.intend(restore.id, a_check(lease, per_day=1), None, {})

    assert isinstance(restored, Act)
    ledger.move(restore.id, ActState.INTENDED, ActState.STARTED, NOW)
    ledger.propose(other := an_act(f"{ENDPOINT}/deployedModels/9"))
    assert isinstance(intend(ledger, other, lease, per_day=2), Act), "the restore was counted"


def test_no_removal_without_a_recipe_or_an_acceptance(ledger: SqlLedger) -> None:
    lease = lead(ledger)
    ledger.propose(act := an_act())

    _refused(ledger, act, ledger.intend(act.id, a_check(lease), None, {}), BlockReason.NO_RECIPE)
    hopeless = a_recipe(act, restorable=False)
    _refused(ledger, act, ledger.intend(act.id, a_check(lease), hopeless, {}), BlockReason.ACCEPTANCE_MISSING)

    ledger.approve(an_approval(act, accept_loss=True))
    assert isinstance(ledger.intend(act.id, a_check(lease), hopeless, {}), Act)


def test_a_person_named_in_the_policy_accepts_a_loss(ledger: SqlLedger) -> None:
    lease = lead(ledger)
    ledger.propose(act := an_act(MODEL, stage=Stage.DELETE_MODEL))
    evidence = {"accepted_by": "ada@example.com"}

    assert isinstance(ledger.intend(act.id, a_check(lease), a_recipe(act, restorable=False), evidence), Act)


def test_no_removal_before_its_due_time_or_without_a_delivered_notice(ledger: SqlLedger) -> None:
    lease = lead(ledger)
    ledger.propose(early := an_act(due_at=NOW + timedelta(seconds=1)))
    ledger.propose(untold := an_act(f"{ENDPOINT}/deployedModels/9", noticed_at=None))

    _refused(ledger, early, intend(ledger, early, lease), BlockReason.NOTICE_RUNNING)
    _refused(ledger, untold, intend(ledger, untold, lease), BlockReason.NOTICE_NOT_DELIVERED)


@pytest.mark.parametrize("state", [ActState.PROPOSED, ActState.NOTICED, ActState.CANCELLED])
def test_only_a_due_act_can_be_intended(ledger: SqlLedger, state: ActState) -> None:
    lease = lead(ledger)
    ledger.propose(act := an_act(state=state))

    _refused(ledger, act, intend(ledger, act, lease), BlockReason.CHANGED_SINCE_PLAN)


def test_a_project_without_a_claim_is_refused(ledger: SqlLedger) -> None:
    lease = lead(ledger)
    ledger.propose(act := an_act())
    ledger.record_claim(PROJECT, None, NOW)

    _refused(ledger, act, intend(ledger, act, lease), BlockReason.NO_CLAIM)


def test_values_of_environment_variables_are_never_stored(ledger: SqlLedger) -> None:
    lease = lead(ledger)
    ledger.propose(act := an_act())
    secret = {"model": {"containerSpec": {"env": [{"name": "API_KEY", "value": "sk-secret"}]}}}

    ledger.intend(act.id, a_check(lease), a_recipe(act, documents=secret, env_names=("API_KEY",)), {})

    stored = ledger.recipe(f"r-{act.id}")
    assert stored is not None
    assert stored.documents == {"model": {"containerSpec": {"env": [{"name": "API_KEY"}]}}}
    assert stored.env_names == ("API_KEY",)


def test_an_act_that_is_not_there_is_an_error(ledger: SqlLedger) -> None:
    with pytest.raises(NotFoundByName, match="no act a-none"):
        ledger.intend("a-none", a_check(lead(ledger)), None, {})


def test_a_recipe_of_another_act_is_a_bug(ledger: SqlLedger) -> None:
    lease = lead(ledger)
    ledger.propose(act := an_act())
    with pytest.raises(ValueError, match="belongs to act"):
        ledger.intend(act.id, a_check(lease), a_recipe(an_act(attempt=2)), {})
