"""Real processes and threads on one ledger: one winner, no gap, and a kill leaves all or nothing."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from guard.core.reasons import BlockReason
from guard.core.removal import Act, ActState
from guard.ledger import SqlLedger, chain, open_ledger
from tests.ledger.build import DAY, NOW, TTL, WORLD, a_recipe, adopt, an_act, intend, lead

ROOT = Path(__file__).parents[2]


def _url(ledger: SqlLedger) -> str:
    return ledger._database.place.url.render_as_string(hide_password=False)


def _race(*commands: tuple[str, ...]) -> list[tuple[int, list[str]]]:
    """Start a process for each command, let all go at once, return exit codes and words."""
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.ledger.race", *command],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for command in commands
    ]  # fmt: skip
    for process in started:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line == "ready\n", process.communicate()[1]
    results = []
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in started:
        said, error = process.communicate(timeout=120)
        assert process.returncode in {0, -9}, error
        results.append((process.returncode, said.split()))
    return results


def _sound(ledger: SqlLedger) -> None:
    with ledger._database.read() as connection:
        assert chain.verify(connection).problems == ()


def test_eight_threads_of_one_process_get_one_intent(ledger: SqlLedger) -> None:
    lease, act = lead(ledger), an_act()
    ledger.propose(act)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: intend(ledger, act, lease), range(8)))

    assert sum(isinstance(one, Act) for one in found) == 1
    assert found.count(BlockReason.ALREADY_RUNNING) == 7
    _sound(ledger)


def test_processes_that_race_for_the_same_intents_win_each_once(ledger: SqlLedger) -> None:
    lease, count = lead(ledger, "daemon-1"), 12
    for number in range(count):
        ledger.propose(an_act(f"projects/1/locations/x/endpoints/{number}"))

    won = _race(*[("intend", _url(ledger), str(lease.term), str(count))] * 3)

    wins = Counter(subject for _, subjects in won for subject in subjects)
    assert set(wins.values()) == {1}
    assert len(wins) == count
    assert len(ledger.recipes()) == count
    _sound(ledger)


def test_two_daemons_take_turns_and_never_share_a_term(ledger: SqlLedger) -> None:
    rounds = 25
    found = _race(("lease", _url(ledger), "one", str(rounds)), ("lease", _url(ledger), "two", str(rounds)))

    terms = [int(term) for _, words in found for term in words]
    assert sorted(terms) == list(range(1, 2 * rounds + 1))
    assert ledger.current_term() == 2 * rounds


def test_eight_threads_that_race_for_the_lease_get_one_each_round(ledger: SqlLedger) -> None:
    with ThreadPoolExecutor(8) as pool:
        for _ in range(10):
            found = list(pool.map(lambda number: ledger.acquire_lease(f"daemon-{number}", TTL), range(8)))
            (winner,) = [lease for lease in found if lease is not None]
            ledger.release_lease(winner)


@pytest.mark.parametrize(
    ("when", "state"), [("before", ActState.DUE), ("within", ActState.DUE), ("after", ActState.INTENDED)]
)
def test_a_kill_leaves_the_whole_intent_or_none_of_it(ledger: SqlLedger, when: str, state: ActState) -> None:
    lease, act = lead(ledger, "daemon-1"), an_act()
    ledger.propose(act)

    ((code, _),) = _race(("die", _url(ledger), str(lease.term), when))

    assert code == -9
    found = ledger.act(act.id)
    assert found is not None
    committed = state is ActState.INTENDED
    assert (found.state, found.recipe_id) == (state, a_recipe(act).id if committed else None)
    assert [event.state for event in ledger.act_events(act.id)] == [ActState.DUE, ActState.INTENDED][: 1 + committed]
    assert len(ledger.recipes()) == committed
    _sound(ledger)
    if not committed:
        assert isinstance(intend(ledger, act, lease), Act), "the ledger was left locked or half written"


def test_processes_that_open_a_new_ledger_at_once_make_one(url: str) -> None:
    """Migration and first rows are one transaction, for which openers take turns."""
    found = _race(*[("open", url)] * 3)
    assert len({words[0] for _, words in found}) == 1


def test_two_ledger_objects_on_one_place_see_each_others_words(ledger: SqlLedger) -> None:
    other = open_ledger(_url(ledger), world=WORLD, durable_hint=True)
    lease, act = lead(ledger), an_act()
    ledger.propose(act)
    other.add_keep(act.key.subject, "ada@example.com", "demo", NOW - DAY, NOW + DAY)

    assert intend(ledger, act, lease) is BlockReason.KEPT
    other.close()


def test_a_reader_sees_one_state_while_another_writes(ledger: SqlLedger) -> None:
    """The view is read in one transaction: no act without its recipe, no recipe without its act."""
    adopt(ledger)
    lease = lead(ledger)
    acts = [an_act(f"projects/1/locations/x/endpoints/{number}") for number in range(20)]
    for act in acts:
        ledger.propose(act)
    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(lambda: [intend(ledger, act, lease) for act in acts])
        while not writing.done():
            view = ledger.view(NOW)
            intended = [act for act in view.acts if act.state is ActState.INTENDED]
            assert bool(view.live_recipes) == bool(intended)
    assert len(ledger.view(NOW).live_recipes) > 0
