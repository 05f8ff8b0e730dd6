"""Records join without loss: in any order, any number of times, and nothing ever falls."""

from __future__ import annotations

import pytest
from hypothesis import given

from guard.core.usage import HourRow, Usage, merge, pack
from tests.builders import a_usage, hourly_rows
from tests.strategies import checked, usages


def bits(usage: Usage) -> dict[str, set[int]]:
    """The hours of each mask, whatever the origin."""
    names = ("covered", "live", "used", "answered", "quiet", "busy")
    return {
        name: {usage.origin + i for i, bit in enumerate(reversed(f"{getattr(usage, name):b}")) if bit == "1"}
        for name in names
    }


@checked
@given(usages(), usages())
def test_merging_does_not_depend_on_the_order(a: Usage, b: Usage) -> None:
    assert merge(a, b) == merge(b, a)


@checked
@given(usages(), usages(), usages())
def test_merging_does_not_depend_on_the_grouping(a: Usage, b: Usage, c: Usage) -> None:
    assert merge(merge(a, b), c) == merge(a, merge(b, c))


@checked
@given(usages())
def test_merging_a_record_with_itself_changes_nothing(a: Usage) -> None:
    assert merge(a, a) == a


@checked
@given(usages(), usages())
def test_nothing_falls_by_merging(a: Usage, b: Usage) -> None:
    joined = merge(a, b)
    before, after = bits(a), bits(joined)

    assert all(before[name] <= after[name] for name in before if name != "quiet")
    assert before["quiet"] <= after["quiet"] | after["busy"]
    assert all(joined.counts[hour] >= count for hour, count in a.counts.items())


def test_rows_packed_at_once_and_one_by_one_are_the_same() -> None:
    rows = hourly_rows(calls={3: 5, 70: 1}, failed={3: 5}, holes=[4], dead=[9], blind=[11], busy=[12])
    one_by_one = pack([])
    for row in rows:
        one_by_one = merge(one_by_one.rebased(0), pack([row])) if one_by_one.covered else pack([row])

    assert bits(one_by_one) == bits(pack(rows))
    assert one_by_one.counts == pack(rows).counts


def test_an_hour_may_rise_later_but_not_fall() -> None:
    late = pack([HourRow(hour=10, requests=7, covered=True)])
    early = pack([HourRow(hour=10, requests=3, covered=True)])

    assert merge(late, early).counts == {10: 7}
    assert merge(early, late).counts == {10: 7}


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        pack([HourRow(hour=1, requests=-1)])


def test_a_witness_that_shows_work_is_not_quiet() -> None:
    usage = a_usage(busy=[3])

    assert usage.busy.bit_count() == 1
    assert not usage.busy & usage.quiet
