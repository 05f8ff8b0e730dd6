"""16. A new, restored or not durable ledger only observes until a person adopts it. The ledger's part."""

from __future__ import annotations

import shutil
from pathlib import Path

from guard.core.reasons import BlockReason
from guard.core.removal import Act
from guard.ledger import SqlLedger, open_ledger
from tests.ledger.build import NOW, PROJECT, WORLD, adopt, an_act, intend, lead


def _open(file: Path, *, durable: bool | None = True) -> SqlLedger:
    return open_ledger(f"sqlite:///{file}", world=WORLD, durable_hint=durable)


def test_a_new_ledger_begins_nothing_until_a_person_adopts_it(tmp_path: Path) -> None:
    ledger = _open(tmp_path / "ledger.db")
    ledger.record_claim(PROJECT, 1, NOW)
    ledger.config_seen("config-1", NOW)
    lease, act = lead(ledger), an_act()
    ledger.propose(act)

    assert intend(ledger, act, lease) is BlockReason.LEDGER_NOT_ADOPTED
    ledger.adopt("ada@example.com", "first use", NOW)
    assert isinstance(intend(ledger, act, lease), Act)


def test_a_ledger_that_would_not_outlive_the_process_begins_nothing(tmp_path: Path) -> None:
    for ledger in (
        _open(tmp_path / "ledger.db", durable=None),
        open_ledger("sqlite://", world=WORLD, durable_hint=True),
    ):
        adopt(ledger)
        lease, act = lead(ledger), an_act()
        ledger.propose(act)
        assert intend(ledger, act, lease) is BlockReason.LEDGER_NOT_DURABLE
        ledger.close()


def test_a_ledger_restored_from_a_backup_is_told_from_the_one_that_acted(tmp_path: Path) -> None:
    """What the claim in the cloud knows is what tells them apart; adopting lifts the term above it."""
    ledger = _open(tmp_path / "ledger.db")
    adopt(ledger)
    ledger.close()
    shutil.copy(tmp_path / "ledger.db", tmp_path / "backup.db")
    ledger = _open(tmp_path / "ledger.db")
    lease, act = lead(ledger), an_act()
    ledger.propose(act)
    assert isinstance(intend(ledger, act, lease), Act)
    claimed = ledger.high_water()
    ledger.close()

    restored = _open(tmp_path / "backup.db")
    lead(restored)
    assert "restored from a backup" in str(restored.behind(claimed))
    restored.propose(act)  # what it does on its own does not make it the one that acted
    restored.propose(an_act(attempt=2))
    assert "went its own way" in str(restored.behind(claimed))
    restored.adopt("ada@example.com", "restored after the fire", NOW, above_term=claimed.term)
    assert restored.current_term() >= claimed.term
    restored.close()
