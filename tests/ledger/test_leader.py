"""The lease, and how a ledger is known from a copy of itself."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from guard.core.reasons import BlockReason
from guard.ledger import SqlLedger, leader, open_ledger
from tests.ledger.build import NOW, TTL, WORLD, adopt, an_act, intend, lead


def _run_out(ledger: SqlLedger, seconds: int) -> None:
    """Put the lease's end into the past, as if the machine's clock had gone on; no test waits for it."""
    with ledger._database.write() as writing:
        writing.connection.execute(text("UPDATE lease SET expires_ms = expires_ms - :ms"), {"ms": seconds * 1000})


def test_one_leads_and_terms_only_rise(ledger: SqlLedger) -> None:
    first = lead(ledger, "one")
    assert ledger.acquire_lease("two", TTL) is None
    assert ledger.acquire_lease("one", TTL) is None, "a namesake is not the holder"
    ledger.release_lease(first)
    second = lead(ledger, "two")

    assert (second.holder, second.term, second.expires_in) == ("two", first.term + 1, TTL)
    assert ledger.current_term() == second.term


def test_one_who_saw_a_free_lease_too_late_does_not_get_it(ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look and the taking another one takes it: the look alone decides nothing."""
    clock, others = leader.machine_ms, []

    def while_another_takes_it(connection: Connection) -> int:
        if not others:
            others.append(None)
            others[0] = ledger.acquire_lease("quick", TTL)
        return clock(connection)

    monkeypatch.setattr(leader, "machine_ms", while_another_takes_it)
    assert ledger.acquire_lease("slow", TTL) is None
    (quick,) = others
    assert quick is not None
    assert ledger.renew_lease(quick, TTL) == quick


def test_the_holder_renews_until_it_runs_out(ledger: SqlLedger) -> None:
    lease = lead(ledger)
    assert ledger.renew_lease(lease, TTL) == lease
    _run_out(ledger, 61)
    assert ledger.renew_lease(lease, TTL) is None


def test_a_former_holder_neither_renews_nor_releases(ledger: SqlLedger) -> None:
    former = lead(ledger, "one")
    ledger.release_lease(former)
    second = lead(ledger, "two")

    assert ledger.renew_lease(former, TTL) is None
    ledger.release_lease(former)
    assert ledger.renew_lease(second, TTL) == second


def test_a_holder_that_leads_again_has_left_its_former_term_behind(ledger: SqlLedger) -> None:
    """A thread that stalled through a change of leader and back again is a former leader too."""
    former = lead(ledger, "one")
    ledger.release_lease(former)
    again = lead(ledger, "one")
    ledger.propose(act := an_act())

    assert ledger.renew_lease(former, TTL) is None
    assert intend(ledger, act, former) is BlockReason.NOT_LEADER
    assert ledger.renew_lease(again, TTL) == again


def test_how_long_ago_the_lease_ran_out_is_told_in_machine_time(ledger: SqlLedger) -> None:
    never = ledger.last_holder_expired_for()
    assert never is not None
    assert never > timedelta(days=365 * 50)
    lead(ledger)
    assert ledger.last_holder_expired_for() is None
    _run_out(ledger, 60 + 42)
    found = ledger.last_holder_expired_for()
    assert found is not None
    assert timedelta(seconds=42) <= found < timedelta(seconds=60)


def _copy(ledger: SqlLedger, folder: Path) -> SqlLedger:
    """A backup, restored elsewhere: the file as it is now."""
    source = ledger._database.place.file
    assert source is not None
    ledger._database.checkpoint()
    shutil.copy(source, folder / "copy.db")
    return open_ledger(f"sqlite:///{folder}/copy.db", world=WORLD, durable_hint=True)


@pytest.fixture
def original(folder: Path) -> SqlLedger:
    ledger = open_ledger(f"sqlite:///{folder}/original.db", world=WORLD, durable_hint=True)
    adopt(ledger)
    return ledger


def test_a_ledger_that_went_on_is_not_behind_its_claim(original: SqlLedger) -> None:
    claimed = original.high_water()
    lead(original)
    original.propose(an_act())
    assert original.behind(claimed) is None
    assert original.behind(original.high_water()) is None


def test_a_backup_from_before_an_act_is_known_by_its_missing_events(original: SqlLedger, folder: Path) -> None:
    restored = _copy(original, folder)
    lease = lead(original)
    original.propose(act := an_act())
    intend(original, act, lease)
    claimed = original.high_water()

    assert "term 1, this ledger only 0: it was restored" in str(restored.behind(claimed))
    lead(restored)
    assert "2 act events, this ledger only 0: it was restored" in str(restored.behind(claimed))


def test_a_copy_that_goes_its_own_way_never_passes_for_the_original(original: SqlLedger, folder: Path) -> None:
    """Its own acts fill its chain up, and still event by event it is another one."""
    copy = _copy(original, folder)
    original.propose(an_act())
    claimed = original.high_water()
    for attempt in (5, 6, 7):
        copy.propose(an_act(attempt=attempt))
    assert "went its own way" in str(copy.behind(claimed))


def test_the_copy_left_behind_by_an_adoption_is_known(original: SqlLedger, folder: Path) -> None:
    copy = _copy(original, folder)
    copy.adopt("ada@example.com", "moved to the new machine", NOW)

    assert "copy that was left behind" in str(original.behind(copy.high_water()))
    assert copy.behind(copy.high_water()) is None


def test_another_ledgers_claim_is_not_ours(original: SqlLedger, folder: Path) -> None:
    other = open_ledger(f"sqlite:///{folder}/other.db", world=WORLD)
    assert "the claim is ledger" in str(other.behind(original.high_water()))


def test_adopting_a_restored_ledger_lifts_its_term_above_the_claims(ledger: SqlLedger) -> None:
    ledger.adopt("ada@example.com", "restored after the fire", NOW, above_term=41)
    assert lead(ledger).term == 42
    ledger.adopt("ada@example.com", "again", NOW, above_term=7)
    assert ledger.current_term() == 42


def test_an_adoption_is_remembered_and_makes_a_new_incarnation(fresh: SqlLedger) -> None:
    before = fresh.info()
    fresh.adopt("ada@example.com", "first use", NOW)
    after = fresh.info()
    assert (before.adopted_by, before.adopted_at) == (None, None)
    assert (after.adopted_by, after.adopted_at, after.id) == ("ada@example.com", NOW, before.id)
    assert after.incarnation != before.incarnation
    assert after.last_write == before.last_write + 1
