"""Synthetic families whose optimum is known: the learned wait comes near it, and never turns a saving into a loss."""

from __future__ import annotations

import numpy as np
import pytest

from guard.backtest.learned import Switches, learned_waits
from guard.backtest.score import score
from guard.backtest.silences import Silences
from tests.backtest.fleets import HOUR, Draw, a_fleet, exponential, lognormal, mixture, office, pareto, periodic, regime

FAMILIES: dict[str, Draw] = {
    "exponential, returns fast": exponential(2),
    "exponential, returns slowly": exponential(60),
    "lognormal": lognormal(6, 1.5),
    "pareto, heavy tail": pareto(0.5, 0.8),
    "periodic with jitter, within the wait": periodic(6, 0.3),
    "periodic with jitter, beyond it": periodic(40, 1),
    "mixture of sessions and nights": mixture(0.5, 30, 0.15),
    "regime change on day 40": regime(2, 60, 40),
    "office hours": office(4),
}


def captured_hours(silences: Silences, waits: np.ndarray, ratio: float) -> float:
    return float(score(silences, waits, ratio).saved.sum())


def best_fixed(silences: Silences, ratio: float) -> float:
    """The saving of the fixed wait that was best in hindsight, from 'at once' to 'never', hours."""
    candidates = [0.0, *np.geomspace(ratio / 64, ratio * 64, 60), np.inf]
    return max(captured_hours(silences, np.full(len(silences.start), wait), ratio) for wait in candidates)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_learned_wait_never_loses_and_comes_near_what_its_bound_allows(name: str) -> None:
    silences = a_fleet(FAMILIES[name], endpoints=20, days=80, seed=7)
    ratio = 12 * HOUR
    (waits,) = learned_waits(silences, [ratio])

    saved = captured_hours(silences, waits, ratio)
    ideal = best_fixed(silences, ratio)
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
