"""The view of the past that a plan is made with, and retention."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from guard.core.names import Scope
from guard.core.reasons import BlockReason, RemoveReason
from guard.core.removal import Act, ActState
from guard.core.units import hour_number
from guard.core.usage import HourRow, pack
from guard.core.verdict import Stage
from guard.ledger import SqlLedger
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
    a_cycle,
    a_notice,
    a_recipe,
    a_seen,
    an_act,
    an_approval,
    intend,
    lead,
)  # fmt: skip


def _removed(ledger: SqlLedger, **changes: object) -> Act:
    lease = lead(ledger)
    ledger.propose(act := an_act(**changes))
    intended = intend(ledger, act, lease)
    assert isinstance(intended, Act)
    ledger.move(act.id, ActState.INTENDED, ActState.STARTED, NOW)
    ledger.move(act.id, ActState.STARTED, ActState.VERIFIED, NOW)
    ledger.release_lease(lease)
    return intended


def test_the_view_of_a_new_ledger_is_empty(fresh: SqlLedger) -> None:
    view = fresh.view(NOW)
    assert (view.acts, view.keeps, view.seen, view.live_recipes, view.usual_selected) == ((), (), {}, (), 0)


def test_open_acts_stay_in_view_and_settled_ones_for_a_week(ledger: SqlLedger) -> None:
    ledger.propose(still_open := an_act(state=ActState.PROPOSED))
    ledger.propose(settled := an_act(attempt=2))
    ledger.move(settled.id, ActState.DUE, ActState.REFUSED, NOW)

    assert len(ledger.view(NOW + 6 * DAY).acts) == 2
    assert [act.id for act in ledger.view(NOW + 8 * DAY).acts] == [still_open.id]


def test_old_attempts_on_a_thing_that_is_still_there_stay_in_view(ledger: SqlLedger) -> None:
    """They number the next attempt; forgotten, it would collide with the first for ever."""
    ledger.propose(act := an_act())
    ledger.move(act.id, ActState.DUE, ActState.REFUSED, NOW)
    ledger.save_seen([a_seen(name=SUBJECT, generation="g1")])
    assert [found.id for found in ledger.view(NOW + 90 * DAY).acts] == [act.id]

    ledger.save_seen([a_seen(name=SUBJECT, generation="g2")])
    assert ledger.view(NOW + 90 * DAY).acts == ()


def test_keeps_and_approvals_are_in_view_while_they_hold(ledger: SqlLedger) -> None:
    keep = ledger.add_keep(SUBJECT, "ada@example.com", "demo", NOW, NOW + DAY)
    ledger.propose(act := an_act())
    ledger.approve(an_approval(act, expires_at=NOW + DAY))

    assert ledger.view(NOW).keeps == (keep,)
    assert ledger.view(NOW).approvals == (an_approval(act, expires_at=NOW + DAY),)
    assert (ledger.view(NOW + DAY).keeps, ledger.view(NOW + DAY).approvals) == ((), ())


def test_a_live_recipe_names_what_it_needs_by_project_number(ledger: SqlLedger) -> None:
    lease = lead(ledger)
    ledger.propose(act := an_act())
    documents = {
        "deployed_model": {"model": f"{MODEL}@2".replace(PROJECT, "acme-ml"), "image": ["projects/other/locations/x/y"]}
    }
    ledger.intend(act.id, a_check(lease), a_recipe(act, documents=documents), {})

    assert ledger.view(NOW).live_recipes == (MODEL, f"{MODEL}@2", "projects/other/locations/x/y")


def test_a_recipe_is_live_until_restored_refused_or_old(ledger: SqlLedger) -> None:
    act = _removed(ledger)
    assert ENDPOINT in ledger.view(NOW + 29 * DAY).live_recipes
    assert ledger.view(NOW + 31 * DAY).live_recipes == ()

    lease = lead(ledger)
    ledger.propose(restore := an_act(stage=Stage.RESTORE, recipe_id=act.recipe_id))
    ledger.intend(restore.id, a_check(lease), None, {})
    ledger.move(restore.id, ActState.INTENDED, ActState.STARTED, NOW)
    assert ENDPOINT in ledger.view(NOW).live_recipes
    ledger.move(restore.id, ActState.STARTED, ActState.VERIFIED, NOW)
    assert ledger.view(NOW).live_recipes == ()


def test_a_refused_removal_leaves_no_live_recipe(ledger: SqlLedger) -> None:
    lease = lead(ledger)
    ledger.propose(act := an_act())
    intend(ledger, act, lease)
    ledger.move(act.id, ActState.INTENDED, ActState.REFUSED, NOW)
    assert ledger.view(NOW).live_recipes == ()


def test_a_restore_without_capacity_blocks_its_machine_type_there_until_one_succeeds(ledger: SqlLedger) -> None:
    lease = lead(ledger)
    for attempt, end in ((1, ActState.FAILED), (2, ActState.VERIFIED)):
        act = an_act(
            attempt=attempt, stage=Stage.RESTORE, recipe_id="r-1", proposed_at=NOW + attempt * HOUR, due_at=NOW
        )
        ledger.propose(act)
        ledger.intend(act.id, a_check(lease), None, {})
        ledger.move(act.id, ActState.INTENDED, ActState.STARTED, NOW)
        block = BlockReason.NO_CAPACITY_TO_RESTORE if end is ActState.FAILED else None
        ledger.move(act.id, ActState.STARTED, end, NOW, block=block)
        blocked = ledger.view(NOW).blocked_machines
        expected = {(Scope(PROJECT, "europe-west4"), "n1-standard-4")} if end is ActState.FAILED else set()
        assert blocked == expected


def test_the_usual_number_is_the_median_of_what_cycles_selected(ledger: SqlLedger) -> None:
    number = 0
    for cycle, count in enumerate((1, 2, 9)):
        for _ in range(count):
            number += 1
            ledger.propose(an_act(f"{ENDPOINT}/deployedModels/{number}", proposed_at=NOW - cycle * DAY))
    ledger.propose(an_act(stage=Stage.RESTORE, proposed_at=NOW - 5 * DAY))
    ledger.propose(an_act(reason=RemoveReason.ASKED_BY_PERSON, proposed_at=NOW - 6 * DAY))

    assert ledger.view(NOW).usual_selected == 2
    assert ledger.view(NOW + 60 * DAY).usual_selected == 0


def test_thinning_drops_old_detail_and_keeps_what_decided(ledger: SqlLedger) -> None:
    act = _removed(ledger)
    for number in range(3):
        ledger.save_cycle(a_cycle(number))
        ledger.save_verdicts(f"c{number}", NOW, {SUBJECT: {"decision": "keep", "reason": str(number)}})
    ledger.enqueue([a_notice(1), a_notice(2, act_id=act.id), a_notice(3)], NOW)
    for name in ("n1", "n2"):
        ledger.notice_result(name, NOW, delivered=True, detail="", retry_at=None, escalate_to=None)
    ledger.save_seen([a_seen(1), a_seen(2, iac_marked=True), a_seen(3, last_seen_at=NOW + 20 * DAY)])
    ledger.save_creators({a_seen(1).name: "ada@example.com", a_seen(3).name: "bob@example.com"})
    ledger.add_keep(SUBJECT, "ada@example.com", "demo", NOW, NOW + HOUR)
    hour = hour_number(NOW)
    ledger.save_usage({SUBJECT: pack([HourRow(hour=hour, requests=1)])}, from_hour=0)

    gone = ledger.thin(NOW + 30 * DAY, timedelta(days=14))

    assert gone == 2 + 3 + 1 + 1 + 1 + 1  # cycles, verdict changes, verdict, thing, creator, notice
    assert [cycle.id for cycle in ledger.cycles(9)] == ["c2"]
    assert ledger.verdict_changes(SUBJECT, 9) == []
    assert {item.notice.id for item in ledger.notices()} == {"n2", "n3"}
    assert set(ledger.seen()) == {a_seen(2).name, a_seen(3).name}
    assert ledger.creators() == {a_seen(3).name: "bob@example.com"}
    assert len(ledger.keeps()) == 1
    assert [event.state for event in ledger.act_events(act.id)][-1] is ActState.VERIFIED
    assert ledger.recipe(a_recipe(act).id) == a_recipe(act)
    assert ledger.load_usage(from_hour=0)[SUBJECT].counts == {hour: 1}
    assert ledger.thin(NOW + 30 * DAY, timedelta(days=14)) == 0


def test_hourly_usage_goes_after_thirteen_months(ledger: SqlLedger) -> None:
    old, young = hour_number(NOW - 402 * DAY), hour_number(NOW - 398 * DAY)
    ledger.save_usage({SUBJECT: pack([HourRow(hour=hour, requests=1) for hour in (old, young)])}, from_hour=0)

    assert ledger.thin(NOW, timedelta(days=14)) == 1
    assert ledger.load_usage(from_hour=0)[SUBJECT].counts == {young: 1}


def test_the_view_is_the_acts_as_they_are(ledger: SqlLedger) -> None:
    act = _removed(ledger)
    (found,) = ledger.view(NOW).acts
    assert dataclasses.replace(found, state=act.state, settled_at=None) == act
    assert SCOPE in found.key.subject
