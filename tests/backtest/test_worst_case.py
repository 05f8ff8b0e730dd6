"""The stated worst case holds on every single silence, whoever chose it."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.backtest.learned import learned_waits
from guard.backtest.score import score
from guard.backtest.silences import silences_of
from tests.backtest.fleets import HOUR


@settings(max_examples=60, deadline=None)
@given(
    gaps=st.lists(st.lists(st.floats(0.01, 300), min_size=1, max_size=30), min_size=1, max_size=4),
    ratio_hours=st.floats(0.17, 200),
    worst_case=st.floats(2.0, 8.0),
)
def test_no_silence_costs_more_than_the_stated_multiple_of_hindsight(
    gaps: list[list[float]], ratio_hours: float, worst_case: float
) -> None:
    intervals = {}
    for i, lengths in enumerate(gaps):
        starts = np.concatenate([[0.0], np.cumsum(np.array(lengths) * HOUR + 60)])
        intervals[f"e{i}"] = (starts, starts + 60)
    silences = silences_of(intervals, {name: float(starts[-1] + 60) for name, (starts, _) in intervals.items()})
    (waits,) = learned_waits(silences, [ratio_hours * HOUR], worst_case=worst_case)

    assert score(silences, waits, ratio_hours * HOUR).worst_ratio <= worst_case * (1 + 1e-6)


def test_an_adversary_who_knows_the_rule_gets_no_more_than_the_bound() -> None:
    """Each next silence is a second longer than the wait that is in force: a removal just before every return."""
    starts, waits = [0.0], []
    for _ in range(60):
        begun = np.array(starts)
        so_far = silences_of({"e": (begun, begun + 60)}, {"e": starts[-1] + 90.0})
        (in_force,) = learned_waits(so_far, [8 * HOUR], worst_case=4)
        waits.append(in_force[-1])
        starts.append(starts[-1] + 60 + float(in_force[-1]) + 1)
    begun = np.array(starts)
    silences = silences_of({"e": (begun, begun + 60)}, {"e": starts[-1] + 60})

    result = score(silences, np.array(waits), 8 * HOUR)

    assert result.cold_starts.sum() == 60
    assert result.worst_ratio <= 4.001
    # One silence may cost four times hindsight; all together cost less, since no wait is the dearest again and again.
    paid, hindsight = np.array(waits) + 8 * HOUR, np.minimum(silences.length[:60], 8 * HOUR)
    assert paid.sum() <= 3 * hindsight.sum()
