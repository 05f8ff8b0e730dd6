"""Invariant 8: more traffic never makes a thing idler; a longer wait never removes more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from guard.core.judge import judge
from guard.core.model import Snapshot
from guard.core.rules import Fixed, Policy
from guard.core.units import hour_number
from guard.core.usage import Usage, merge
from guard.core.verdict import Idle
from tests.builders import NOW, a_fixed_policy, a_price_book, a_snapshot, a_usage, a_view, an_endpoint, h, some_rules
from tests.strategies import AGES, WAITS, checked, fleets, policies


def idle(snapshot: Snapshot, usages: dict[str, Usage], policy: Policy) -> dict[str, Idle]:
    rules = some_rules(policy)
    verdicts = judge(snapshot, usages, lambda _: rules, a_price_book(), a_view(), NOW)
    return {verdict.subject.name: verdict for verdict in verdicts if isinstance(verdict, Idle)}


@checked
@given(fleets(), policies(), st.data())
def test_more_traffic_never_makes_a_thing_idler(
    fleet: tuple[Snapshot, dict[str, Usage]], policy: Policy, data: st.DataObject
) -> None:
    snapshot, usages = fleet
    if not usages:
        return
    name = data.draw(st.sampled_from(sorted(usages)))
    hour = hour_number(NOW) - 1 - data.draw(AGES)
    call = Usage(
        origin=hour, used=1, answered=int(data.draw(st.booleans())), counts={hour: data.draw(st.integers(1, 99))}
    )
    before = idle(snapshot, usages, policy)
    after = idle(snapshot, usages | {name: merge(usages[name], call)}, policy)

    assert set(after) <= set(before)
    assert all(after[key].silent_for <= before[key].silent_for for key in after)
    assert all(after[key].due_at >= before[key].due_at for key in after)


@checked
@given(fleets(), WAITS, WAITS, st.integers(0, 48))
def test_a_longer_wait_never_removes_more(
    fleet: tuple[Snapshot, dict[str, Usage]], wait: timedelta, more: timedelta, notice: int
) -> None:
    policy = a_fixed_policy(wait, notify_before=h(notice))

    shorter = idle(*fleet, policy)
    longer = idle(*fleet, replace(policy, wait=Fixed(wait + more)))

    assert set(longer) <= set(shorter)
    assert all(longer[key].due_at >= shorter[key].due_at for key in longer)


def test_there_is_something_to_compare() -> None:
    snapshot = a_snapshot(an_endpoint())
    name = snapshot.endpoints[0].deployed[0].name

    assert idle(snapshot, {name: a_usage()}, a_fixed_policy(h(24)))
    assert not idle(snapshot, {name: a_usage(calls={3: 1})}, a_fixed_policy(h(24)))
