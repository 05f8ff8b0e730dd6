"""A glance tells open pages whether there is anything new, and nothing else makes them fetch again."""

from __future__ import annotations

from datetime import timedelta

from guard.core.billed import Billed
from guard.core.model import Kind, Machine
from guard.core.plan import Acknowledgement, Approval
from guard.core.removal import ActState
from guard.ledger import SqlLedger
from guard.ports.ledger import CycleRecord
from tests.ledger.build import DAY, HOUR, NOW, SUBJECT, TTL, an_act, lead


def test_a_new_ledger_has_no_look(fresh: SqlLedger) -> None:
    seen = fresh.glance()
    assert (seen.cycle_id, seen.taken_at, seen.mode) == (None, None, "")


def test_each_look_word_and_arrow_changes_the_stamp(ledger: SqlLedger) -> None:
    stamps = [ledger.glance().stamp]

    def changed() -> bool:
        stamps.append(ledger.glance().stamp)
        return stamps[-1] not in stamps[:-1]

    ledger.save_cycle(
        CycleRecord(
            id="c-1",
            taken_at=NOW,
            mode="observe",
            config_digest="d",
            term=None,
            took=timedelta(0),
            summary={},
            plan=None,
        )
    )
    assert changed()
    act = an_act(state=ActState.PROPOSED)
    ledger.propose(act)
    assert changed()
    ledger.move(act.id, ActState.PROPOSED, ActState.CANCELLED, NOW)
    assert changed()
    ledger.add_keep(SUBJECT, "ada", "demo", NOW, NOW + DAY)
    assert changed()
    ledger.end_keeps(SUBJECT, "bob", NOW + HOUR)
    assert changed()
    ledger.pause("ada", "audit", NOW)
    assert changed()
    ledger.resume("ada", "done", NOW)
    assert changed()
    ledger.acknowledge(Acknowledgement(what="breaker", who="ada", made_at=NOW, expires_at=NOW + DAY))
    assert changed()
    assert (ledger.glance().cycle_id, ledger.glance().taken_at, ledger.glance().mode) == ("c-1", NOW, "observe")


def test_a_renewed_lease_leaves_the_stamp_alone(ledger: SqlLedger) -> None:
    lease = lead(ledger)
    before = ledger.glance().stamp
    assert ledger.renew_lease(lease, TTL) is not None
    assert ledger.glance().stamp == before


def test_approvals_are_read_in_the_order_in_which_they_were_given(ledger: SqlLedger) -> None:
    act = an_act()
    ledger.propose(act)
    for who in ("ada", "bob"):
        ledger.approve(
            Approval(act_id=act.id, evidence_digest="d", who=who, made_at=NOW, expires_at=NOW + DAY, accept_loss=False)
        )
    assert [(one.act_id, one.who) for one in ledger.approvals()] == [(act.id, "ada"), (act.id, "bob")]


def test_one_thing_that_bills_is_found_by_its_name_alone(ledger: SqlLedger) -> None:
    thing = Billed(
        name=SUBJECT,
        kind=Kind.DEPLOYED_MODEL,
        project_id="acme-ml",
        location="europe-west4",
        display_name="support-bot",
        machine=Machine(machine_type="n1-standard-4", accelerator_type=None, accelerator_count=0),
        labels={},
        owner="ada",
        policy="default",
        created_at=NOW,
        seen_at=NOW,
    )
    ledger.save_billed([thing])
    assert ledger.billed_thing(SUBJECT) == thing
    assert ledger.billed_thing("something else") is None
