"""Cutting a trace at any moment changes no wait that was in force by then."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.backtest.learned import learned_waits
from guard.backtest.silences import Silences
from tests.backtest.fleets import DAY, a_fleet, joined, mixture, periodic

WHOLE = joined(
    ("team", a_fleet(mixture(2, 60, 0.2), endpoints=10, days=60)),
    ("weekly jobs", a_fleet(periodic(165, 2), endpoints=3, days=60)),
)
"""Two kinds, and rhythms that are recognised on the way."""


def cut(silences: Silences, at: float) -> Silences:
    """The same history as somebody saw it at `at`: later silences unknown, open ones still open."""
    known = silences.start < at
    end = np.minimum(silences.start + silences.length, at)
    alive = silences.first < at
    renumber = np.cumsum(alive) - 1
    return Silences(
        tuple(name for name, here in zip(silences.names, alive, strict=True) if here),
        renumber[silences.endpoint[known]],
        silences.start[known],
        (end - silences.start)[known],
        (silences.returned & (silences.start + silences.length <= at))[known],
        silences.first[alive],
        np.minimum(silences.end, at)[alive],
        silences.resolution,
        tuple(kind for kind, here in zip(silences.kind, alive, strict=True) if here),
    )


@settings(max_examples=40, deadline=None)
@given(at=st.floats(1.2 * DAY, 60 * DAY), ratio_hours=st.sampled_from([0.5, 4.0, 24.0, 100.0]))
def test_no_wait_in_force_depends_on_what_came_later(at: float, ratio_hours: float) -> None:
    (full,) = learned_waits(WHOLE, [ratio_hours * 3600])
    (seen,) = learned_waits(cut(WHOLE, at), [ratio_hours * 3600])

    np.testing.assert_allclose(seen, full[WHOLE.start < at], rtol=1e-9)
