"""Hourly usage: what is saved comes back, merged by the core's own rule; nothing stored ever falls."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.core.usage import HourRow, Usage, merge, pack
from guard.ledger import SqlLedger, open_ledger
from guard.ledger.usage import days_of
from tests.ledger.build import HOUR, NOW, SUBJECT, WORLD

BASE = 494_000  # an hour in 2026; 494,000 = 20,583 days and 8 hours

NUMBERS = itertools.count()  # every example has a thing of its own

ROWS = st.builds(
    HourRow,
    hour=st.integers(BASE, BASE + 100),
    requests=st.integers(0, 3),
    failed=st.integers(0, 1),
    covered=st.booleans(),
    replicas=st.none() | st.sampled_from([0.0, 0.5, 2.0]),
    duty=st.none() | st.sampled_from([0.0, 50.0]),
)
RECORDS = st.lists(ROWS, min_size=1, max_size=30).map(pack)


def same(a: Usage, b: Usage) -> bool:
    """Equal but for the origin, which says nothing by itself."""
    origin = min(a.origin, b.origin)
    return a.rebased(origin) == b.rebased(origin)


def clipped(usage: Usage, hour: int) -> Usage:
    """The hours from `hour` on, hour by hour: the slow, plain way."""
    shift = max(0, hour - usage.origin)
    has_replicas = usage.replicas_hour is not None and usage.replicas_hour >= hour
    return Usage(
        origin=usage.origin,
        **{
            name: (getattr(usage, name) >> shift) << shift
            for name in ("covered", "live", "used", "answered", "quiet", "busy")
        },
        counts={at: count for at, count in usage.counts.items() if at >= hour},
        replicas=usage.replicas if has_replicas else None,
        replicas_hour=usage.replicas_hour if has_replicas else None,
    )


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> SqlLedger:
    folder: Path = tmp_path_factory.mktemp("usage")
    return open_ledger(f"sqlite:///{folder}/ledger.db", world=WORLD)


@settings(max_examples=40, deadline=None)
@given(records=st.lists(RECORDS, min_size=1, max_size=4))
def test_what_is_saved_in_parts_is_what_merging_gives(shared: SqlLedger, records: list[Usage]) -> None:
    name = f"{SUBJECT}/{next(NUMBERS)}"
    expected = records[0]
    for record in records:
        expected = merge(expected, record)
        shared.save_usage({name: record}, from_hour=0)

    found = shared.load_usage(from_hour=0, subjects=[name]).get(name)

    if found is None:
        assert not (expected.covered | expected.live | expected.used | expected.quiet | expected.busy)
    else:
        assert same(found, expected)


@settings(max_examples=40, deadline=None)
@given(record=RECORDS, first=st.integers(BASE - 30, BASE + 130))
def test_loading_from_an_hour_leaves_out_what_was_before(shared: SqlLedger, record: Usage, first: int) -> None:
    name = f"{SUBJECT}/{next(NUMBERS)}"
    shared.save_usage({name: record}, from_hour=0)

    found = shared.load_usage(from_hour=first, subjects=[name]).get(name)

    if found is not None:
        assert found.origin >= first
        assert (found.counts, found.last_used_hour) == (
            clipped(record, first).counts,
            clipped(record, first).last_used_hour,
        )
        for mask in ("covered", "live", "used", "answered", "quiet", "busy"):
            bits = getattr(clipped(record, first), mask)
            assert getattr(found, mask) << found.origin == bits << record.origin, mask


@given(record=RECORDS, first=st.integers(BASE - 30, BASE + 130))
def test_days_hold_exactly_the_hours_from_the_first_on(record: Usage, first: int) -> None:
    joined = Usage(origin=record.origin)
    for day, part in days_of(record, first):
        assert part.origin == day * 24
        joined = merge(joined, part)
    assert joined.counts == clipped(record, first).counts
    assert joined.replicas_hour == clipped(record, first).replicas_hour


def test_saving_from_an_hour_leaves_earlier_hours_alone(ledger: SqlLedger) -> None:
    ledger.save_usage({SUBJECT: pack([HourRow(hour=BASE, requests=1)])}, from_hour=BASE)
    ledger.save_usage(
        {SUBJECT: pack([HourRow(hour=BASE, requests=9), HourRow(hour=BASE + 1, requests=2)])}, from_hour=BASE + 1
    )

    assert ledger.load_usage(from_hour=BASE)[SUBJECT].counts == {BASE: 1, BASE + 1: 2}


def test_a_later_and_smaller_count_changes_nothing(ledger: SqlLedger) -> None:
    """An hourly row may rise later, never fall."""
    for requests in (5, 3, 7, 0):
        ledger.save_usage({SUBJECT: pack([HourRow(hour=BASE, requests=requests, covered=True)])}, from_hour=0)
    found = ledger.load_usage(from_hour=0)[SUBJECT]
    assert found.counts == {BASE: 7}
    assert found.used == found.covered == 1 << (BASE - found.origin)


def test_many_subjects_over_a_gap_of_weeks_come_back(ledger: SqlLedger) -> None:
    saved = {
        f"{SUBJECT}{number}": pack(
            [HourRow(hour=BASE + number, requests=1), HourRow(hour=BASE + 900, requests=number + 1, replicas=1.5)]
        )
        for number in range(60)
    }
    ledger.save_usage(saved, from_hour=0)

    found = ledger.load_usage(from_hour=0)

    assert found.keys() == saved.keys()
    assert all(same(found[name], saved[name]) for name in saved)
    assert ledger.load_usage(from_hour=BASE + 1000) == {}


def test_how_far_usage_was_read_is_kept_for_each_project(ledger: SqlLedger) -> None:
    ledger.set_usage_covered_until({"1": NOW, "2": NOW})
    ledger.set_usage_covered_until({"2": NOW + HOUR})
    assert ledger.usage_covered_until() == {"1": NOW, "2": NOW + HOUR}
