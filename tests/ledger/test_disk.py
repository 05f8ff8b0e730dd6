"""A firm write is on the disk when it returns, and those that come together share one wait."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from guard.core.removal import Act
from guard.ledger.disk import GroupSync
from guard.ledger.repository import SqlLedger, open_ledger
from guard.ports.errors import LedgerUnusable
from tests.ledger.build import adopt, an_act, intend, lead

PATIENCE = 10.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "ledger.db-wal").write_bytes(b"frames")
    return tmp_path / "ledger.db"


class Disk:
    """A sync that takes until it is let go."""

    def __init__(self) -> None:
        self.began = threading.Semaphore(0)
        self.let_go = threading.Semaphore(0)
        self.count = 0

    def sync(self, _descriptor: int) -> None:
        self.count += 1
        self.began.release()
        assert self.let_go.acquire(timeout=PATIENCE)


def _until(true: Callable[[], bool]) -> None:
    for _ in range(1000):
        if true():
            return
        threading.Event().wait(0.005)
    pytest.fail("it did not come to that")


def test_it_is_the_write_ahead_log_that_is_synced(file: Path) -> None:
    synced: list[int] = []
    GroupSync(file, lambda descriptor: synced.append(os.fstat(descriptor).st_ino)).wait()

    assert synced == [file.with_name("ledger.db-wal").stat().st_ino]


def test_those_who_come_during_a_sync_share_the_next_one(file: Path) -> None:
    disk = Disk()
    group = GroupSync(file, disk.sync)
    with ThreadPoolExecutor(21) as pool:
        first = pool.submit(group.wait)
        assert disk.began.acquire(timeout=PATIENCE)
        later = [pool.submit(group.wait) for _ in range(20)]
        _until(lambda: group._asked == 21)  # nothing else tells that all of them wait
        disk.let_go.release()
        first.result(timeout=PATIENCE)

        assert disk.began.acquire(timeout=PATIENCE), "what was committed during a sync needs one of its own"
        assert not any(one.done() for one in later)
        disk.let_go.release()
        for one in later:
            one.result(timeout=PATIENCE)
    assert disk.count == 2


def test_a_sync_that_fails_is_told_and_the_next_one_is_tried(file: Path) -> None:
    answers = iter([OSError(5, "Input/output error"), None])

    def sync(_descriptor: int) -> None:
        error = next(answers)
        if error is not None:
            raise error

    group = GroupSync(file, sync)
    with pytest.raises(OSError, match="Input/output error"):
        group.wait()
    group.wait()
    assert next(answers, "all tried") == "all tried"


def test_without_a_log_nothing_waits(tmp_path: Path) -> None:
    GroupSync(tmp_path / "ledger.db", lambda _descriptor: pytest.fail("there is nothing to sync")).wait()


@pytest.fixture
def own(tmp_path: Path) -> SqlLedger:
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}", world="sandbox:w", durable_hint=True)
    adopt(ledger)
    return ledger


def test_an_intent_is_on_the_disk_before_it_is_told_and_a_proposal_does_not_wait(
    own: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease, act = lead(own), an_act()
    synced: list[str] = []
    monkeypatch.setattr(GroupSync, "wait", lambda _self: synced.append(_state(own, act)))

    assert own.propose(act)
    assert synced == []
    assert isinstance(intend(own, act, lease), Act)
    assert synced == ["intended"]


def test_an_intent_that_cannot_be_brought_to_the_disk_is_not_told(
    own: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease, act = lead(own), an_act()
    own.propose(act)

    def fail(_self: GroupSync) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(GroupSync, "wait", fail)
    with pytest.raises(LedgerUnusable, match="could not be brought to its disk"):
        intend(own, act, lease)


def _state(ledger: SqlLedger, act: Act) -> str:
    stored = ledger.act(act.id)
    assert stored is not None
    return stored.state.value
