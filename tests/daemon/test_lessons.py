"""What is learned of silences comes from whole days only, once, and survives in the ledger."""

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from guard.core.groups import sharers_of
from guard.core.kinds import kinds_of
from guard.core.learn import uses_of_day
from guard.core.rules import Learned
from guard.core.units import hour_number, hour_start
from guard.core.usage import HourRow, Usage, pack
from guard.daemon.lessons import Lessons
from guard.ledger import open_ledger
from tests.builders import a_policy, a_pool_with, a_snapshot, some_rules

START = datetime(2026, 10, 1, tzinfo=UTC)
FIRST = hour_number(START)


def a_record(*used: int, hours: int = 24 * 30) -> Usage:
    """A record of `hours` hours from START, used in those given."""
    return pack(
        [HourRow(hour=FIRST + n, covered=True, requests=int(n in used), replicas=1.0, cpu=0.01) for n in range(hours)]
    )


@given(st.sets(st.integers(0, 71)), st.integers(0, 2))
@settings(deadline=None, max_examples=200, derandomize=True)
def test_a_days_uses_are_exactly_its_used_hours(used: set[int], day: int) -> None:
    record = a_record(*used, hours=72)

    found = list(uses_of_day({"a": record}, FIRST // 24 + day))

    if not used:
        assert found == []
        return
    hours = {int(began // 3600) + n - FIRST for _, began, ended in found for n in range(int((ended - began) // 3600))}
    assert hours == {hour for hour in used if hour // 24 == day}
    assert all(one.ended < two.began for one, two in itertools.pairwise(found)), "runs are whole"


def test_a_day_is_learned_once_and_only_when_it_is_complete(tmp_path: Path) -> None:
    ledger = open_ledger(f"sqlite:///{tmp_path / 'l.db'}", world="real")
    lessons = Lessons(ledger)
    usage = {"a": a_record(1, 30, 60)}

    assert lessons.learn(usage, None, write=True) == 0
    assert lessons.learn(usage, START + timedelta(hours=47), write=True) == 1
    assert lessons.learn(usage, START + timedelta(hours=47), write=True) == 0
    assert lessons.learn(usage, START + timedelta(hours=48), write=True) == 1
    ledger.close()


def test_a_restarted_daemon_goes_on_from_the_ledger_with_the_same_waits(tmp_path: Path) -> None:
    ledger = open_ledger(f"sqlite:///{tmp_path / 'l.db'}", world="real")
    usage = {name: a_record(*range(n, 720, 20 + n)) for n, name in enumerate("abcde")}
    first, second = Lessons(ledger), Lessons(ledger)
    first.learn(usage, START + timedelta(days=20), write=True)
    assert second.learn(usage, START + timedelta(days=30), write=False) == 10, "twenty days are not read again"
    first.learn(usage, START + timedelta(days=30), write=False)

    waits = [
        asked(ratio=timedelta(hours=8), floor=timedelta(hours=1))
        for lessons in (first, second)
        if (asked := lessons.ask("a", hour_start(FIRST + 700), Decimal(3))) is not None
    ]

    assert len(waits) == 2
    assert waits[0] is not None
    assert waits[0] == waits[1]
    ledger.close()


def test_nothing_is_learned_of_a_thing_that_was_never_used(tmp_path: Path) -> None:
    ledger = open_ledger(f"sqlite:///{tmp_path / 'l.db'}", world="real")
    lessons = Lessons(ledger)
    lessons.learn({"a": a_record()}, START + timedelta(days=20), write=False)

    asked = lessons.ask("a", START, Decimal(3))

    assert asked is not None
    assert asked(ratio=timedelta(hours=8), floor=timedelta(hours=1)) is None
    ledger.close()


def test_a_pool_learns_from_the_calls_to_any_of_its_sharers(tmp_path: Path) -> None:
    ledger = open_ledger(f"sqlite:///{tmp_path / 'l.db'}", world="real")
    pool, endpoints = a_pool_with(2)
    one, two = (endpoint.deployed[0].name for endpoint in endpoints)
    usage = {
        pool.name: a_record(),  # machines without a request: those are told by deployed model
        one: a_record(*range(5, 720, 40)),
        two: a_record(*range(20, 720, 40)),
    }
    lessons, snapshot = Lessons(ledger), a_snapshot(*endpoints, pools=[pool])
    rules = some_rules(a_policy("team", wait=Learned()))
    lessons.learn(
        usage,
        START + timedelta(days=29),
        write=True,
        groups=lambda: sharers_of(snapshot),
        kinds=lambda: kinds_of(snapshot, lambda _: rules),
    )
    # One day without the pool's listing: it is still what it was.
    lessons.learn(usage, START + timedelta(days=30), write=True)

    document = ledger.learning()[pool.name]
    assert document["gaps_seen"] == 35, "every call to one or the other ends a silence of the pool"
    assert document["kind"] == "team"
    assert {one, two}.isdisjoint(ledger.learning()), "nobody asks for the wait of a sharer"
    asked = lessons.ask(pool.name, hour_start(FIRST + 700), Decimal(3))
    assert asked is not None
    found = asked(ratio=timedelta(hours=8), floor=timedelta(hours=1))
    assert found is not None
    assert found.gaps_seen == 35
    ledger.close()


def test_what_is_gone_for_a_month_leaves_the_ledger_and_teaches_nothing(tmp_path: Path) -> None:
    ledger = open_ledger(f"sqlite:///{tmp_path / 'l.db'}", world="real")
    here = a_record(*range(0, 24 * 60, 30), hours=24 * 60)
    removed = pack(
        [  # its hours are read on while its saving is counted, and show no machines
            HourRow(hour=FIRST + n, covered=True, requests=int(n % 30 == 0 and n < 200), replicas=1.0 if n < 240 else None,
                    cpu=0.01 if n < 240 else None)
            for n in range(24 * 60)
        ]
    )  # fmt: skip
    lessons = Lessons(ledger)

    lessons.learn({"here": here, "removed": removed}, START + timedelta(days=30), write=True)
    kept = ledger.learning()["removed"]
    assert kept["gaps_seen"] == 6, "the removal is not a return"
    assert kept["age_done"] == (240 - 181) * 3600, "nothing is told of it after its machines were seen last"

    lessons.learn({"here": here, "removed": removed}, START + timedelta(days=42), write=True)
    assert set(ledger.learning()) == {"here", "fleet"}
    ledger.close()
