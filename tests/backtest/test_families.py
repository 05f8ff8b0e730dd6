"""Synthetic families whose optimum is known: the learned wait comes near it, and never turns a saving into a loss."""

from __future__ import annotations

import numpy as np
import pytest

from guard.backtest.learned import Switches, learned_waits
from guard.backtest.score import score
from guard.backtest.silences import Silences
from tests.backtest.fleets import (
    FAMILIES,
    HOUR,
    a_fleet,
    best_fixed,
    exponential,
    joined,
    mixture,
    monthly,
    office,
)


def captured_hours(silences: Silences, waits: np.ndarray, ratio: float) -> float:
    return float(score(silences, waits, ratio).saved.sum())


@pytest.mark.parametrize("name", FAMILIES)
def test_the_learned_wait_never_loses_and_comes_near_what_its_bound_allows(name: str) -> None:
    silences = a_fleet(FAMILIES[name], endpoints=20, days=80, seed=7)
    ratio = 12 * HOUR
    (waits,) = learned_waits(silences, [ratio])

    saved = captured_hours(silences, waits, ratio)
    ideal = captured_hours(silences, best_fixed(silences, ratio), ratio)
    always = float((silences.length.sum()) / HOUR)

    assert saved >= -0.001 * always
    # The bound (4x) forbids waits below a third of break-even: what that costs is allowed, and a tenth of the rest.
    removals = score(silences, np.full(len(silences.start), ratio / 3), ratio).removals.sum()
    assert saved >= 0.9 * ideal - removals * ratio / 3 / HOUR - 0.01 * always


def test_each_part_of_the_rule_earns_its_place_on_the_fleet_it_was_made_for() -> None:
    ratio = 12 * HOUR
    nights = a_fleet(office(5), endpoints=20, days=80, seed=2)
    (whole,), (no_calendar,) = (learned_waits(nights, [ratio], switches=Switches(calendar=on)) for on in (True, False))
    assert captured_hours(nights, whole, ratio) > captured_hours(nights, no_calendar, ratio)

    few = a_fleet(exponential(50), endpoints=60, days=25, seed=3, spread=20)
    (pooled,), (alone,) = (learned_waits(few, [ratio], switches=Switches(pooling=on)) for on in (True, False))
    assert captured_hours(few, pooled, ratio) > captured_hours(few, alone, ratio)

    dying = a_fleet(mixture(3, 3000, 0.04), endpoints=60, days=40, seed=4, spread=30)
    (told,), (blind,) = (learned_waits(dying, [ratio], switches=Switches(censoring=on)) for on in (True, False))
    assert captured_hours(dying, told, ratio) > captured_hours(dying, blind, ratio)


def test_who_knows_the_law_beforehand_saves_more_and_learning_comes_near() -> None:
    """The bound that the explanation page states: the same rule without having to learn the fleet's law first."""
    ratio = 24 * HOUR
    fleets = [a_fleet(mixture(2, 200, 0.1), endpoints=20, days=30, seed=seed) for seed in (1, 2, 3)]
    learned, knowing = (
        sum(
            captured_hours(fleet, learned_waits(fleet, [ratio], switches=Switches(foreseen=on))[0], ratio)
            for fleet in fleets
        )
        for on in (False, True)
    )
    assert 0.9 * knowing < learned < knowing


def test_two_kinds_of_endpoint_are_learned_apart_and_one_kind_is_the_fleet() -> None:
    """Chats that are given up after a while, and batch jobs that come back after a day or two: a new one is like its kind."""
    ratio = 24 * HOUR
    gain = []
    for seed in (1, 2, 3):
        chats = a_fleet(mixture(3, 3000, 0.03), endpoints=20, days=60, seed=seed, spread=50)
        jobs = a_fleet(exponential(40), endpoints=20, days=60, seed=seed + 10, spread=50)
        fleet = joined(("chat", chats), ("batch", jobs))
        (apart,), (together,) = (learned_waits(fleet, [ratio], switches=Switches(kinds=on)) for on in (True, False))
        gain.append(captured_hours(fleet, apart, ratio) - captured_hours(fleet, together, ratio))
    assert sum(gain) > 0
    assert min(gain) > -0.2 * max(gain)

    one_kind = joined(("chat", chats))
    (apart,), (together,) = (learned_waits(one_kind, [ratio], switches=Switches(kinds=on)) for on in (True, False))
    np.testing.assert_array_equal(apart, together)


@pytest.mark.parametrize("ratio_hours", [200, 400, 600, 700, 1000])
def test_a_monthly_job_is_recognised_after_three_periods(ratio_hours: int) -> None:
    """Two years of jobs on the first of the month among endpoints that were given up; months have 28 to 31 days."""
    jobs = a_fleet(monthly(4), endpoints=6, days=730, seed=1, spread=0.5)
    others = a_fleet(mixture(4, 4000, 0.02), endpoints=30, days=730, seed=2, spread=400)
    fleet = joined(("", jobs), ("", others))
    ratio = ratio_hours * HOUR
    (waits,), (blind,) = (learned_waits(fleet, [ratio], switches=Switches(rhythm=on)) for on in (True, False))

    result, without = (score(fleet, chosen, ratio).of(np.arange(len(fleet.names)) < 6) for chosen in (waits, blind))
    always_on = jobs.length.sum() / HOUR
    assert result.saved.sum() >= -0.01 * always_on  # the first two months are lessons
    assert result.saved.sum() >= without.saved.sum() - 0.005 * always_on
    if ratio_hours >= 600:  # a silence of a month is cheaper than a removal at the earliest that the fence allows
        nth = np.array(
            [(fleet.start[(fleet.endpoint == e)] < s).sum() for e, s in zip(fleet.endpoint, fleet.start, strict=True)]
        )
        late = (fleet.endpoint < 6) & (nth >= 3) & fleet.returned
        assert not (fleet.length > waits)[late].any()
        assert result.cold_starts.sum() < without.cold_starts.sum() or ratio_hours == 1000
    else:
        assert result.saved.sum() > 0
