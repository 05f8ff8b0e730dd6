"""What the ledger remembers of cycles, verdicts, things, notices, savings and people's words."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal

import pytest

from guard.core.plan import Acknowledgement, Seen
from guard.core.units import Money
from guard.ledger import SqlLedger
from guard.ledger.cycles import PLANS_KEPT
from guard.ports.ledger import OutboxItem, Saving
from tests.ledger.build import DAY, HOUR, NOW, SUBJECT, a_cycle, a_notice, a_seen


def test_every_field_of_a_thing_seen_survives(ledger: SqlLedger) -> None:
    seen = a_seen(
        iac_marked=True, removable_since=NOW, restored_at=NOW, wait_factor=4, told_first_seen=True, empty_since=NOW, was_live=True
    )  # fmt: skip
    assert [field.name for field in dataclasses.fields(Seen) if not getattr(seen, field.name)] == []
    ledger.save_seen([seen, a_seen(2)])
    assert ledger.seen() == {seen.name: seen, a_seen(2).name: a_seen(2)}


def test_a_sign_of_an_iac_tool_once_seen_stays(ledger: SqlLedger) -> None:
    ledger.save_seen([a_seen(1, iac_marked=True), a_seen(2)])
    ledger.save_seen([a_seen(1, iac_marked=False, digest="d9"), a_seen(2, iac_marked=False)])

    assert {(seen.digest, seen.iac_marked) for seen in ledger.seen().values()} == {("d9", True), ("d2", False)}


def test_creators_are_remembered_and_corrected(ledger: SqlLedger) -> None:
    ledger.save_creators({"a": "ada@example.com", "b": "bob@example.com"})
    ledger.save_creators({"b": "eve@example.com"})
    assert ledger.creators() == {"a": "ada@example.com", "b": "eve@example.com"}


def test_cycles_come_back_newest_first(ledger: SqlLedger) -> None:
    assert ledger.latest_cycle() is None
    for number in (1, 2):
        ledger.save_cycle(a_cycle(number))
    assert ledger.cycles(10) == [a_cycle(2), a_cycle(1)]
    assert ledger.latest_cycle() == a_cycle(2)


def test_the_latest_cycle_is_the_last_one_saved_even_if_the_clock_was_set_back(ledger: SqlLedger) -> None:
    ledger.save_cycle(a_cycle(5))
    ledger.save_cycle(a_cycle(1))
    latest = ledger.latest_cycle()
    assert latest is not None
    assert latest.id == "c1"


def test_whole_plans_are_kept_for_the_latest_cycles_only(ledger: SqlLedger) -> None:
    for number in range(PLANS_KEPT + 5):
        ledger.save_cycle(a_cycle(number))
    with_plan = [cycle.plan is not None for cycle in ledger.cycles(100)]
    assert with_plan == [True] * PLANS_KEPT + [False] * 5


def _document(verdict: str, reason: str, hours: int) -> dict[str, object]:
    return {"decision": verdict, "reason": reason, "evidence": {"silent_hours": hours}}


def test_a_verdict_leaves_one_row_for_each_change(ledger: SqlLedger) -> None:
    steps = [("keep", "in_use"), ("keep", "waiting"), ("keep", "waiting"), ("idle", "idle"), ("idle", "idle")]
    for hour, (verdict, reason) in enumerate(steps):
        ledger.save_verdicts(f"c{hour}", NOW + hour * HOUR, {SUBJECT: _document(verdict, reason, hour)})

    assert ledger.verdict(SUBJECT) == _document("idle", "idle", 4)
    assert ledger.verdicts() == {SUBJECT: _document("idle", "idle", 4)}
    changes = ledger.verdict_changes(SUBJECT, 10)
    assert [(change["cycle_id"], change["reason"]) for change in changes] == [
        ("c3", "idle"), ("c1", "waiting"), ("c0", "in_use"),
    ]  # fmt: skip
    assert changes[0]["at"] == NOW + 3 * HOUR
    assert changes[0]["document"] == _document("idle", "idle", 3)
    assert len(ledger.verdict_changes(SUBJECT, 1)) == 1
    assert ledger.verdict("none") is None


def test_replaying_verdicts_adds_nothing(ledger: SqlLedger) -> None:
    for _ in range(2):
        ledger.save_verdicts("c1", NOW, {SUBJECT: _document("keep", "in_use", 1)})
    assert len(ledger.verdict_changes(SUBJECT, 10)) == 1


def test_the_same_reason_under_another_verdict_is_a_change(ledger: SqlLedger) -> None:
    for cycle, verdict in (("c1", "keep"), ("c2", "unknown")):
        ledger.save_verdicts(cycle, NOW, {SUBJECT: _document(verdict, "metrics_stale", 1)})
    assert [change["verdict"] for change in ledger.verdict_changes(SUBJECT, 10)] == ["unknown", "keep"]


def test_a_cycle_that_is_run_again_replaces_its_record(ledger: SqlLedger) -> None:
    ledger.save_cycle(a_cycle(1))
    ledger.save_cycle(a_cycle(1, summary={"seen": 4}))
    assert ledger.cycles(10) == [a_cycle(1, summary={"seen": 4})]


def test_a_configuration_is_new_when_it_differs_from_the_last(fresh: SqlLedger) -> None:
    found = [fresh.config_seen(digest, NOW) for digest in ("a", "a", "b", "b", "a")]
    assert found == [False, False, True, False, True]


def test_a_notice_is_one_fact_and_enters_the_outbox_once(ledger: SqlLedger) -> None:
    assert ledger.enqueue([a_notice(1), a_notice(2)], NOW) == 2
    assert ledger.enqueue([a_notice(2, body="another"), a_notice(3)], NOW) == 1
    assert ledger.enqueue([], NOW) == 0
    assert [item.notice for item in ledger.outbox(NOW)] == [a_notice(1), a_notice(2), a_notice(3)]
    assert [item.notice.id for item in ledger.outbox(NOW, limit=1)] == ["n1"]


def test_a_notice_that_fails_waits_escalates_and_is_given_up(ledger: SqlLedger) -> None:
    ledger.enqueue([a_notice(due_at=NOW + DAY, act_id="a-1")], NOW)

    ledger.notice_result("n1", NOW, delivered=False, detail="503", retry_at=NOW + HOUR, escalate_to=None)
    assert ledger.outbox(NOW) == []
    (waiting,) = ledger.outbox(NOW + HOUR)
    assert (waiting.attempts, waiting.last_error, waiting.notice.to) == (1, "503", "ada@example.com")

    ledger.notice_result("n1", NOW + HOUR, delivered=False, detail="404", retry_at=None, escalate_to="ops")
    (escalated,) = ledger.outbox(NOW + HOUR)
    assert (escalated.notice.to, escalated.escalated, escalated.attempts) == ("ops", True, 2)

    ledger.notice_result("n1", NOW + HOUR, delivered=False, detail="gone", retry_at=None, escalate_to=None)
    assert ledger.outbox(NOW + 100 * DAY) == []
    (history,) = ledger.notices(subject=SUBJECT)
    assert (history.delivered_at, history.last_error) == (None, "gone")


def test_a_delivered_notice_stays_delivered(ledger: SqlLedger) -> None:
    ledger.enqueue([a_notice(1), a_notice(2, subject="other")], NOW)
    ledger.notice_result("n1", NOW, delivered=True, detail="ok", retry_at=None, escalate_to=None)
    ledger.notice_result("n1", NOW + HOUR, delivered=False, detail="late", retry_at=NOW, escalate_to="ops")

    (item,) = ledger.notices(subject=SUBJECT)
    assert item == OutboxItem(
        notice=a_notice(1), attempts=1, next_at=NOW, delivered_at=NOW, escalated=False, last_error=""
    )
    assert [item.notice.id for item in ledger.outbox(NOW)] == ["n2"]
    assert [item.notice.id for item in ledger.notices(limit=1)] == ["n2"]


def test_savings_are_exact_and_replaced(ledger: SqlLedger) -> None:
    exact = Money(Decimal("0.1000000000000000000000000001"))
    saving = Saving(
        act_id="a-1", subject=SUBJECT, since=NOW, until=NOW + DAY, rate=exact, claimed=exact, measured=None, note="n"
    )
    ledger.save_savings([saving])
    later = dataclasses.replace(saving, until=None, measured=Money(Decimal(5), "EUR"), rate=None)
    ledger.save_savings([later])

    assert ledger.savings() == [later]
    assert ledger.view(NOW).totals == {"claimed:USD": exact, "measured:EUR": Money(Decimal(5), "EUR")}


def test_a_price_is_kept_once_with_its_source(ledger: SqlLedger) -> None:
    row = {"sku": "n1-standard-4", "amount": "0.2186", "source": "https://example.com", "date": "2026-11-01"}
    ledger.save_prices_used([row, row], NOW)
    ledger.save_prices_used([row, row | {"amount": "0.25"}], NOW + DAY)
    assert [price["amount"] for price in ledger.prices_used()] == ["0.2186", "0.25"]


def test_keeps_are_told_with_who_and_why_also_when_they_are_over(ledger: SqlLedger) -> None:
    made = ledger.add_keep(SUBJECT, "ada@example.com", "demo", NOW, NOW + DAY)
    assert (made.subject, made.who, made.why, made.made_at, made.until) == (
        SUBJECT, "ada@example.com", "demo", NOW, NOW + DAY,
    )  # fmt: skip
    ledger.add_keep("other", "bob@example.com", "audit", NOW, None)

    assert ledger.end_keeps(SUBJECT, "ada@example.com", NOW + HOUR) == 1
    assert ledger.end_keeps(SUBJECT, "ada@example.com", NOW + HOUR) == 0
    assert [keep.ended_at for keep in ledger.keeps(SUBJECT)] == [NOW + HOUR]
    assert len(ledger.keeps()) == 2


def test_a_keep_that_is_over_before_it_begins_is_refused(ledger: SqlLedger) -> None:
    with pytest.raises(ValueError, match="over before it begins"):
        ledger.add_keep(SUBJECT, "ada@example.com", "demo", NOW, NOW)
    assert ledger.keeps() == []


def test_acknowledgements_are_in_the_view_until_they_expire(ledger: SqlLedger) -> None:
    word = Acknowledgement(what="breaker", who="ada@example.com", made_at=NOW, expires_at=NOW + timedelta(hours=4))
    ledger.acknowledge(word)
    assert ledger.view(NOW).acknowledgements == (word,)
    assert ledger.view(NOW + timedelta(hours=4)).acknowledgements == ()
