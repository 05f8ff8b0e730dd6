"""What is learned of silences comes from whole days only, once, and survives in the ledger."""

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from guard.core.learn import uses_of_day
from guard.core.units import hour_number, hour_start
from guard.core.usage import HourRow, Usage, pack
from guard.daemon.lessons import Lessons
from guard.ledger import open_ledger

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
