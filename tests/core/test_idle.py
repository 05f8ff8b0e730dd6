"""What counts as silence: complete counts, replicas, a quiet witness, no call. A hole pauses, a use restarts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from guard.core.idle import Silence, silence
from guard.core.reasons import KeepReason, RemoveReason
from guard.core.rules import Probes
from guard.core.units import hour_number
from guard.core.usage import Usage, merge
from tests.builders import LONG_AGO, NOW, a_usage, h
from tests.strategies import AGES, checked, usages

DAYS_40 = 40 * 24


def the_silence(usage: Usage | None, since: datetime = LONG_AGO, **changes: Any) -> Silence:
    return silence(usage, since, now_hour=hour_number(NOW), settled=hour_number(NOW), **changes)


def test_silence_counts_from_the_deployment_where_nothing_ever_called() -> None:
    assert the_silence(a_usage()).hours == DAYS_40
    assert the_silence(a_usage(), NOW - h(10)).hours == 10


def test_a_call_restarts_the_clock_after_its_hour() -> None:
    found = the_silence(a_usage(calls={9: 1}))

    assert found.hours == 9
    assert found.last_used_at == NOW - h(10)
    assert found.counted_from == NOW - h(9)


def test_a_call_in_the_unsettled_hour_counts_at_once() -> None:
    found = the_silence(a_usage(calls={-1: 1}, until=NOW + h(1), holes=[-1]))

    assert found.hours == 0
    assert found.used_lately


def test_a_hole_pauses_the_clock_and_does_not_restart_it() -> None:
    found = the_silence(a_usage(calls={20: 1}, holes=range(5, 10)))

    assert found.hours == 15
    assert found.holes == 5
    assert found.ends_at(h(24)) == NOW + h(9)


def test_the_end_of_the_wait_stands_still_while_the_silence_goes_on() -> None:
    later = silence(
        a_usage(calls={20: 1}, until=NOW + h(6)), LONG_AGO, now_hour=hour_number(NOW) + 6, settled=hour_number(NOW) + 6
    )

    assert the_silence(a_usage(calls={20: 1})).ends_at(h(30)) == later.ends_at(h(30))


def test_an_hour_without_replicas_or_witness_is_no_silence() -> None:
    assert the_silence(a_usage(calls={20: 1}, dead=range(5))).hours == 15
    assert the_silence(a_usage(calls={20: 1}, blind=range(5))).hours == 15


def test_a_busy_machine_without_a_counted_call_restarts_the_clock() -> None:
    found = the_silence(a_usage(calls={40: 1}, busy=[10]))

    assert found.hours == 10
    assert found.disagreed


def test_loading_weights_is_no_disagreement() -> None:
    found = the_silence(a_usage(busy=[9, 8]), NOW - h(10))

    assert found.hours == 8
    assert not found.disagreed


def test_instruments_that_stopped_are_told_apart() -> None:
    recent = range(6)

    assert the_silence(None).why_not is KeepReason.METRICS_MISSING
    assert the_silence(a_usage(holes=range(DAYS_40))).why_not is KeepReason.METRICS_MISSING
    assert the_silence(a_usage(holes=recent)).why_not is KeepReason.METRICS_STALE
    assert the_silence(a_usage(dead=recent)).why_not is KeepReason.NOT_LIVE
    assert the_silence(a_usage(blind=recent)).why_not is KeepReason.WITNESS_MISSING
    assert the_silence(a_usage(holes=[0, 1, 2])).why_not is None


def test_nothing_is_said_about_instruments_that_had_no_time_yet() -> None:
    assert the_silence(None, NOW - h(2)).why_not is None


def test_what_happened_before_the_deployment_belongs_to_something_else() -> None:
    """A deployed model's id may be used again."""
    found = the_silence(a_usage(calls={100: 5}, busy=[90]), NOW - h(10))

    assert found.last_used_at is None
    assert found.hours == 10


PROBES = Probes(count=1, every=timedelta(minutes=5))


def test_declared_probes_are_silence_while_they_fit() -> None:
    found = the_silence(a_usage(calls=dict.fromkeys(range(100), 12)), probes=PROBES)

    assert found.hours == DAYS_40
    assert found.kind is RemoveReason.ONLY_PROBES


def test_one_call_more_or_less_than_the_probes_is_use() -> None:
    calls = dict.fromkeys(range(100), 12)

    assert the_silence(a_usage(calls=calls | {10: 13}), probes=PROBES).hours == 10
    assert the_silence(a_usage(calls=calls | {10: 11}), probes=PROBES).hours == 10


def test_an_unfinished_hour_of_probes_is_no_use() -> None:
    found = the_silence(a_usage(calls=dict.fromkeys(range(100), 12) | {-1: 7}, until=NOW + h(1)), probes=PROBES)

    assert not found.used_lately


def test_probes_rarer_than_hourly_have_to_keep_their_distance() -> None:
    rare = Probes(count=2, every=h(6))

    assert the_silence(a_usage(calls=dict.fromkeys(range(3, 100, 6), 2)), probes=rare).kind is RemoveReason.ONLY_PROBES
    assert the_silence(a_usage(calls={3: 2, 5: 2}), probes=rare).hours == 3
    assert the_silence(a_usage(calls={3: 3}), probes=rare).hours == 3


def test_calls_that_fail_are_use_unless_the_policy_says_otherwise() -> None:
    usage = a_usage(calls={5: 4, 60: 4}, failed={5: 4})

    assert the_silence(usage).hours == 5
    assert the_silence(usage, failing_is_use=False).hours == 60
    assert the_silence(usage, failing_is_use=False).kind is RemoveReason.ONLY_FAILING


@checked
@given(usages(), AGES, st.integers(1, 5))
def test_more_traffic_never_makes_it_more_silent(usage: Usage, ago: int, count: int) -> None:
    hour = hour_number(NOW) - 1 - ago
    more = merge(usage, Usage(origin=hour, used=1, answered=1, counts={hour: count}))

    assert the_silence(more).hours <= the_silence(usage).hours


@checked
@given(usages(), st.sampled_from(["covered", "live", "quiet"]), AGES)
def test_less_evidence_never_makes_it_more_silent(usage: Usage, field: str, ago: int) -> None:
    bit = 1 << max(0, hour_number(NOW) - 1 - ago - usage.origin)
    less = {name: getattr(usage, name) for name in ("covered", "live", "quiet")}
    less[field] &= ~bit
    poorer = Usage(
        origin=usage.origin, used=usage.used, answered=usage.answered, busy=usage.busy, counts=usage.counts, **less
    )

    assert the_silence(poorer).hours <= the_silence(usage).hours


@checked
@given(usages(), st.datetimes(LONG_AGO.replace(tzinfo=None), NOW.replace(tzinfo=None)))
def test_silence_is_never_longer_than_the_time_that_passed(usage: Usage, since: datetime) -> None:
    since = since.replace(tzinfo=NOW.tzinfo)

    assert the_silence(usage, since).length <= NOW - since
