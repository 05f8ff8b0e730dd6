"""Acts: every field survives, arrows by compare-and-set, events append-only and chained."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from sqlalchemy import text

from guard.core.reasons import BlockReason
from guard.core.removal import ARROWS, Act, ActKey, ActState
from guard.core.units import Money, Rate
from guard.core.verdict import Stage
from guard.ledger import SqlLedger, chain
from tests.ledger.build import DAY, HOUR, NOW, SUBJECT, a_check, a_notice, a_recipe, an_act, intend, lead


def test_every_field_of_an_act_survives(ledger: SqlLedger) -> None:
    act = an_act(
        rate=Rate(Money(Decimal("99999999999.123456789012345678"), "EUR")),
        proposed_at=datetime(2026, 10, 25, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2), "CEST")),
        intended_at=NOW, settled_at=NOW, operation="op", recipe_id="r", cycle_id="c", term=2**40, detail="d",
        block=BlockReason.PAUSED, asked_by="bob@example.com", evidence={"ä": [1, 2.5, None, {"b": True}], "nul": "\x00"},
    )  # fmt: skip
    empty = [field.name for field in dataclasses.fields(Act) if getattr(act, field.name) in (None, "")]
    assert empty == [], "give every field a value, so that none is forgotten"

    ledger.propose(act)

    assert ledger.act(act.id) == act
    assert ledger.act_by_key(act.key) == act
    found = ledger.act(act.id)
    assert found is not None
    assert (found.proposed_at.tzinfo, found.proposed_at.hour) == (UTC, 0)


def test_an_act_with_nothing_optional_survives(ledger: SqlLedger) -> None:
    act = an_act(rate=None, noticed_at=None, machine="")
    ledger.propose(act)
    assert ledger.act(act.id) == act


def test_a_key_is_proposed_once(ledger: SqlLedger) -> None:
    assert ledger.propose(an_act()) is True
    assert ledger.propose(an_act(id="a-other", policy="another")) is False
    assert [act.policy for act in ledger.acts()] == ["default"]
    assert len(ledger.act_events(an_act().id)) == 1


def test_acts_are_found_by_subject_state_and_cycle(ledger: SqlLedger) -> None:
    for attempt, state, cycle in ((1, ActState.DUE, "c1"), (2, ActState.PROPOSED, "c2")):
        ledger.propose(an_act(attempt=attempt, state=state, cycle_id=cycle))
    ledger.propose(an_act("projects/1/locations/x/endpoints/2", proposed_at=NOW))
    ledger.move(an_act().id, ActState.DUE, ActState.CANCELLED, NOW)

    assert [act.key.attempt for act in ledger.acts(subject=SUBJECT)] == [2, 1]
    assert [act.key.attempt for act in ledger.acts(subject=SUBJECT, open_only=True)] == [2]
    assert [act.key.attempt for act in ledger.acts(cycle_id="c1")] == [1]
    assert [act.key.subject for act in ledger.acts(limit=1)] == ["projects/1/locations/x/endpoints/2"]
    assert ledger.act("none") is None
    assert ledger.act_by_key(ActKey("none", "g", Stage.UNDEPLOY, 1)) is None


def test_an_arrow_is_taken_once_and_tells_why(ledger: SqlLedger) -> None:
    act = an_act(state=ActState.PROPOSED, noticed_at=None)
    ledger.propose(act)

    assert ledger.move(act.id, ActState.PROPOSED, ActState.NOTICED, NOW, detail="told ada", evidence={"channel": "ops"})
    assert not ledger.move(act.id, ActState.PROPOSED, ActState.NOTICED, NOW + HOUR)

    found = ledger.act(act.id)
    assert found is not None
    assert (found.state, found.noticed_at, found.updated_at, found.detail) == (ActState.NOTICED, NOW, NOW, "told ada")
    assert found.evidence == act.evidence
    event = ledger.act_events(act.id)[-1]
    assert (event.at, event.state, event.detail, event.evidence) == (
        NOW,
        ActState.NOTICED,
        "told ada",
        {"channel": "ops"},
    )


@pytest.mark.parametrize("old", list(ActState))
def test_only_arrows_of_the_state_machine_exist_and_none_leads_to_an_intent(ledger: SqlLedger, old: ActState) -> None:
    for new in ActState:
        if new is not ActState.INTENDED and (new in ARROWS[old] or (new is old and old.is_open)):
            assert ledger.move("a-none", old, new, NOW) is False
        else:
            with pytest.raises(ValueError, match="there is no arrow"):
                ledger.move("a-none", old, new, NOW)


def test_a_further_step_of_an_act_in_flight_is_an_event_of_its_own(ledger: SqlLedger) -> None:
    lease, act = lead(ledger), an_act()
    ledger.propose(act)
    intend(ledger, act, lease)
    ledger.move(act.id, ActState.INTENDED, ActState.STARTED, NOW, operation="op-1")

    assert ledger.move(act.id, ActState.STARTED, ActState.STARTED, NOW, operation="op-2", detail="deployed again")
    assert [event.state for event in ledger.act_events(act.id)] == ["due", "intended", "started", "started"]


def test_what_makes_an_act_that_act_never_changes(ledger: SqlLedger) -> None:
    ledger.propose(act := an_act())
    for change in ({"project": "1"}, {"key": act.key}, {"id": "x"}, {"nonsense": 1}):
        with pytest.raises(ValueError, match="is not changed by an arrow"):
            ledger.move(act.id, ActState.DUE, ActState.CANCELLED, NOW, **change)


def test_an_announced_due_time_moves_later_only(ledger: SqlLedger) -> None:
    act = an_act(state=ActState.NOTICED)
    ledger.propose(act)

    assert ledger.postpone(act.id, NOW + HOUR, NOW, "used again") is True
    assert ledger.postpone(act.id, NOW + HOUR, NOW, "the same") is False
    assert ledger.postpone(act.id, NOW, NOW, "earlier") is False
    with pytest.raises(ValueError, match="postpone"):
        ledger.move(act.id, ActState.NOTICED, ActState.DUE, NOW, due_at=NOW - DAY)

    found = ledger.act(act.id)
    assert found is not None
    assert found.due_at == NOW + HOUR
    assert [event.detail for event in ledger.act_events(act.id)] == ["", "used again"]


def test_an_act_in_flight_or_settled_is_not_postponed(ledger: SqlLedger) -> None:
    lease, act = lead(ledger), an_act()
    ledger.propose(act)
    intend(ledger, act, lease)
    assert ledger.postpone(act.id, NOW + DAY, NOW, "too late") is False
    ledger.move(act.id, ActState.INTENDED, ActState.FAILED, NOW)
    assert ledger.postpone(act.id, NOW + DAY, NOW, "too late") is False


def test_cancelling_voids_a_notice_that_is_still_waiting(ledger: SqlLedger) -> None:
    ledger.propose(act := an_act(state=ActState.PROPOSED))
    ledger.enqueue([a_notice(1, act_id=act.id), a_notice(2, act_id=act.id), a_notice(3)], NOW)
    ledger.notice_result("n1", NOW, delivered=True, detail="", retry_at=None, escalate_to=None)

    ledger.move(act.id, ActState.PROPOSED, ActState.CANCELLED, NOW)

    assert [item.notice.id for item in ledger.outbox(NOW)] == ["n3"]
    told = {item.notice.id: item for item in ledger.notices(act_id=act.id)}
    assert told["n1"].delivered_at == NOW
    assert told["n2"].last_error == "void: the act was cancelled"


def test_recipes_are_kept_and_say_where_their_copy_is(ledger: SqlLedger) -> None:
    lease, act = lead(ledger), an_act()
    ledger.propose(act)
    recipe = dataclasses.replace(a_recipe(act), copied_to="gs://bucket/recipes/r.json")
    ledger.intend(act.id, a_check(lease), recipe, {})

    assert ledger.recipe(recipe.id) == recipe
    assert [found.id for found in ledger.recipes(subject=SUBJECT)] == [recipe.id]
    assert ledger.recipes(subject="none") == []
    assert ledger.recipe("none") is None


def _verify(ledger: SqlLedger) -> chain.Verified:
    with ledger._database.read() as connection:
        return chain.verify(connection)


def _tamper(ledger: SqlLedger, statement: str) -> None:
    """Change the database behind the ledger's back, as its owner could."""
    with ledger._database.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER act_events_no_update"))
            connection.execute(text("DROP TRIGGER act_events_no_delete"))
        else:
            connection.execute(text("ALTER TABLE act_events DISABLE TRIGGER USER"))
        connection.execute(text(statement))


def _three_acts(ledger: SqlLedger) -> Act:
    lease = lead(ledger)
    for number in (1, 2, 3):
        ledger.propose(act := an_act(f"{SUBJECT}{number}"))
        intend(ledger, act, lease)
    return act


def test_an_untouched_chain_verifies(ledger: SqlLedger) -> None:
    _three_acts(ledger)
    found = _verify(ledger)
    assert (found.events, found.problems) == (6, ())
    assert found.head == ledger.high_water().head


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE act_events SET detail = 'harmless' WHERE seq = 2", "event 2 .* not what was written"),
        ("UPDATE act_events SET at = (SELECT at FROM act_events WHERE seq = 1) WHERE seq = 2", "event 2 .* not what was written"),
        ("DELETE FROM act_events WHERE seq = 3", "event 3 is missing"),
        ("DELETE FROM act_events WHERE seq = 6", "recorded 6 events"),
        ("UPDATE acts SET state = 'verified' WHERE attempt = 1", "is verified, which its events do not say"),
        ("UPDATE recipes SET documents = '{}'", "recipe .* not what was written"),
        ("DELETE FROM recipes", "recipe .* is missing"),
    ],
)  # fmt: skip
def test_tampering_is_found(ledger: SqlLedger, statement: str, words: str) -> None:
    import re

    _three_acts(ledger)
    _tamper(ledger, statement)
    assert any(re.search(words, problem) for problem in _verify(ledger).problems), _verify(ledger).problems
