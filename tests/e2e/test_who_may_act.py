"""Two daemons on one ledger, two ledgers on one project, a ledger from a backup, a lease that is too short."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from guard import wiring
from guard.core.reasons import BlockReason
from guard.core.removal import ActState
from guard.ports.mutations import CALL_TIMEOUT
from tests.e2e.harness import PROJECT, Harness, a_harness, skip


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Path]:
    return tmp_path / "other.db"


def undeploys(harness: Harness) -> int:
    return len([call for call in harness.changes() if call.method == "UndeployModel"])


def test_the_second_daemon_on_a_ledger_does_nothing_and_says_so(harness: Harness) -> None:
    first, second = harness.guard, harness.open()

    for _ in range(6):
        led, skipped = harness.cycle(first), harness.cycle(second)
        assert not led.skipped
        assert skipped.skipped
        harness.advance()

    assert undeploys(harness) == 1
    assert harness.states() == {"forgotten": ActState.VERIFIED}
    text = second.metrics.render().decode()
    assert 'tuneguard_cycles_total{outcome="skipped"} 6.0' in text
    assert "tuneguard_leader 0.0" in text


def test_when_the_first_daemon_falls_silent_the_second_goes_on_where_it_stood(harness: Harness) -> None:
    first, second = harness.guard, harness.open()
    for _ in range(3):
        harness.cycle(first)
        harness.advance()
    assert harness.states()["forgotten"] is ActState.STARTED
    with sqlite3.connect(harness.folder / "ledger.db") as database:
        database.execute("UPDATE lease SET expires_ms = 1")
    database.close()
    second.leadership.ensure()
    skip(second, CALL_TIMEOUT.total_seconds() + 1)

    assert not harness.cycle(second).skipped
    harness.advance()
    assert harness.cycle(first).skipped, "its lease is lost"
    assert undeploys(harness) == 1
    assert harness.states()["forgotten"] is ActState.VERIFIED


def test_a_daemon_that_lost_its_lease_within_a_cycle_begins_nothing(harness: Harness) -> None:
    harness.steps(2)
    second = harness.open()

    def lose() -> None:
        with sqlite3.connect(harness.folder / "ledger.db") as database:
            database.execute("UPDATE lease SET expires_ms = 1")
        database.close()
        assert second.leadership.ensure() is not None

    harness.before_acting(lose)
    result = harness.cycle()

    assert undeploys(harness) == 0
    assert all(one.state is not ActState.STARTED for one in result.did)


def test_a_second_ledger_on_the_project_only_observes_and_says_who_holds_the_claim(
    harness: Harness, other: Path
) -> None:
    harness.steps(2)
    rival = harness.open(ledger=f"sqlite:///{other}")
    for _ in range(5):
        harness.cycle()
        last = harness.cycle(rival)
        harness.advance()

    assert undeploys(harness) == 1
    assert harness.states()["forgotten"] is ActState.VERIFIED
    assert all(act.state is not ActState.VERIFIED for act in rival.ledger.acts())
    assert last.plan is not None


def test_the_second_ledger_is_refused_at_the_moment_of_the_act(harness: Harness, other: Path) -> None:
    rival = harness.open(ledger=f"sqlite:///{other}")
    for _ in range(2):
        harness.cycle()
        harness.cycle(rival)
        harness.advance()
    harness.fault("operation_never_ends", method="UndeployModel")  # so that the thing stays and the rival wants it too
    harness.cycle()
    assert undeploys(harness) == 1
    harness.clear_faults()

    result = harness.cycle(rival)

    assert BlockReason.NO_CLAIM in {one.block for one in result.did} or result.did == ()
    held = [one.detail for one in result.did if one.block is BlockReason.NO_CLAIM]
    if held:
        assert harness.guard.ledger.info().id in held[0]
        assert "tuneguard db adopt" in held[0]
    assert undeploys(harness) == 1


def test_a_claim_that_a_person_moved_ends_the_first_ledgers_acts(harness: Harness, other: Path) -> None:
    harness.steps(2)
    acting = harness.guard.cycle._p.acting
    assert acting is not None
    assert acting.claim(PROJECT, harness.guard.clock.now()) is None, "it holds it so far, and its ledger knows"
    rival = harness.open(ledger=f"sqlite:///{other}")
    harness.cycle(rival)
    environment = harness.environment | {"TUNEGUARD_LEDGER": f"sqlite:///{other}"}
    assert wiring.seize_claims(harness.config, environment) == []

    result = harness.cycle()

    assert [one.block for one in result.did] == [BlockReason.NO_CLAIM]
    assert undeploys(harness) == 0


def test_a_ledger_from_a_backup_only_observes_until_a_person_adopts_it(harness: Harness) -> None:
    file = harness.folder / "ledger.db"
    harness.steps(1)
    harness.guards.pop().close()
    backup = harness.folder / "backup.db"
    with sqlite3.connect(file) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    shutil.copy(file, backup)
    harness.steps(1)
    harness.fault("operation_fails", method="UndeployModel", count=1)  # so that there is still something to remove
    harness.steps(3)
    before = undeploys(harness)
    assert before >= 1
    harness.guards.pop().close()
    for suffix in ("", "-wal", "-shm"):
        (harness.folder / f"ledger.db{suffix}").unlink(missing_ok=True)
    shutil.copy(backup, file)

    results = harness.steps(6)

    assert undeploys(harness) == before
    blocks = {one.block for result in results for one in result.did}
    assert BlockReason.NO_CLAIM in blocks
    assert any("backup" in one.detail or "adopt" in one.detail for result in results for one in result.did)
    harness.guard.ledger.adopt("ada", "looked at what happened since", harness.guard.clock.now(), above_term=99)
    assert wiring.seize_claims(harness.config, harness.environment) == []
    harness.take_over()  # adopting lifts the term: who led before has to take the lease again
    harness.steps(8)
    assert harness.deployed("1001") == []
    assert harness.done("UndeployModel") == 1


def test_a_lease_shorter_than_a_call_lets_none_out(tmp_path: Path) -> None:
    with a_harness(tmp_path) as harness:
        harness.open(lease=CALL_TIMEOUT + timedelta(seconds=1))

        results = harness.steps(4)

        blocks = {one.block for result in results for one in result.did}
        assert BlockReason.LEASE_SHORT in blocks
        assert undeploys(harness) == 0
        assert harness.deployed("1001") == ["11"]


def test_a_new_ledger_only_observes_until_a_person_adopts_it(tmp_path: Path) -> None:
    with a_harness(tmp_path) as harness:
        harness.open(adopt=False)

        results = harness.steps(4)

        assert BlockReason.LEDGER_NOT_ADOPTED in {one.block for result in results for one in result.did}
        assert harness.changes() == []
        harness.guard.ledger.adopt("ada", "it is the first", harness.guard.clock.now())
        harness.steps(4)
        assert harness.deployed("1001") == []
