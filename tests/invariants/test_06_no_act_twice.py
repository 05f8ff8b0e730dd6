"""6. No act twice; none by a daemon that is not the leader, whose lease is short, that is paused, or whose ledger has no claim.

The ledger's part: the one transaction that every call has to get through. tests/ledger runs the same on PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from guard.core.reasons import BlockReason
from guard.core.removal import Act, ActState
from guard.ledger import SqlLedger, open_ledger
from tests.ledger.build import DAY, NOW, PROJECT, WORLD, adopt, an_act, intend, lead


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    """A ledger that may act."""
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db", world=WORLD, durable_hint=True)
    adopt(ledger)
    yield ledger
    ledger.close()


def test_an_act_is_begun_once_however_many_try(ledger: SqlLedger) -> None:
    lease, act = lead(ledger), an_act()
    ledger.propose(act)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: intend(ledger, act, lease), range(24)))
    assert sum(isinstance(one, Act) for one in found) == 1
    assert [event.state for event in ledger.act_events(act.id)].count(ActState.INTENDED) == 1


@pytest.mark.parametrize("end", [ActState.VERIFIED, ActState.FAILED, ActState.REFUSED, ActState.UNKNOWN])
def test_an_act_that_was_begun_is_never_begun_again_whatever_became_of_it(ledger: SqlLedger, end: ActState) -> None:
    lease, act = lead(ledger), an_act()
    ledger.propose(act)
    intend(ledger, act, lease)
    if end in {ActState.VERIFIED, ActState.FAILED}:
        ledger.move(act.id, ActState.INTENDED, ActState.STARTED, NOW)
        ledger.move(act.id, ActState.STARTED, end, NOW)
    else:
        ledger.move(act.id, ActState.INTENDED, end, NOW)

    assert isinstance(intend(ledger, act, lease, now=NOW + DAY), BlockReason)
    assert ledger.propose(act) is False


def test_nothing_gets_into_flight_past_the_intent(ledger: SqlLedger) -> None:
    ledger.propose(act := an_act())
    for new in (ActState.INTENDED, ActState.STARTED, ActState.UNKNOWN):
        with pytest.raises(ValueError, match="there is no arrow"):
            ledger.move(act.id, ActState.DUE, new, NOW)
    with pytest.raises(ValueError, match="only an intent"):
        ledger.propose(an_act(attempt=2, state=ActState.STARTED))


def test_a_daemon_that_lost_the_lease_begins_nothing(ledger: SqlLedger) -> None:
    stale = lead(ledger, "one")
    ledger.release_lease(stale)
    ledger.propose(act := an_act())
    assert intend(ledger, act, stale) is BlockReason.NOT_LEADER
    lead(ledger, "two")
    assert intend(ledger, act, stale) is BlockReason.NOT_LEADER


def test_a_paused_guard_begins_nothing(ledger: SqlLedger) -> None:
    lease, act = lead(ledger), an_act()
    ledger.propose(act)
    ledger.pause("ada@example.com", "incident", NOW)
    assert intend(ledger, act, lease) is BlockReason.PAUSED


def test_a_ledger_without_a_claim_on_the_project_begins_nothing(ledger: SqlLedger) -> None:
    lease, act = lead(ledger), an_act()
    ledger.propose(act)
    ledger.record_claim(PROJECT, None, NOW)
    assert intend(ledger, act, lease) is BlockReason.NO_CLAIM
