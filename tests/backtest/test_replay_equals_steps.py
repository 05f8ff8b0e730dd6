"""The replay of a whole history says the same as the guard's rule, asked silence by silence as the days go by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from guard.backtest.learned import learned_waits
from guard.backtest.silences import Silences
from guard.core.learn import EndpointState, decide, new_fleet, still_silent, used
from guard.core.learn.fleet import Tally
from tests.backtest.fleets import (
    DAY,
    HOUR,
    Draw,
    a_fleet,
    exponential,
    joined,
    lognormal,
    monthly,
    office,
    pareto,
    periodic,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def step_by_step(silences: Silences, ratio: float, worst_case: float) -> np.ndarray:
    """Ask `decide` at the beginning of every silence, with a book that knows nothing that came later."""
    events = []
    for i in range(len(silences.start)):
        who, start = int(silences.endpoint[i]), float(silences.start[i])
        events.append((start, 1, who, i, start))
        if silences.returned[i]:
            follows = i + 1 < len(silences.start) and silences.endpoint[i + 1] == who
            back = start + float(silences.length[i])
            events.append((back, 0, who, i, float(silences.start[i + 1]) if follows else back))
    events.sort()
    kinds = silences.kind or ("",) * len(silences.names)
    states = {i: EndpointState(kind=kinds[i]) for i in range(len(silences.names))}
    fleet, tally = new_fleet(silences.began), Tally()
    waits = np.zeros(len(silences.start))
    for time, kind, who, i, end_of_use in events:
        while int(time // DAY) > fleet.day:
            midnight = (fleet.day + 1) * DAY
            states = {
                k: still_silent(s, fleet.law, tally, midnight, resolution=silences.resolution)
                for k, s in states.items()
            }
            fleet, tally = fleet.closed(tally), Tally()
        if kind == 0 or states[who].silent_since is None:
            states[who] = used(states[who], fleet.law, tally, time, end_of_use, resolution=silences.resolution)
        if kind == 0:
            continue
        began = EPOCH + timedelta(seconds=time)
        answer = decide(
            states[who],
            fleet,
            ratio=timedelta(seconds=ratio),
            silence_began_at=began,
            now=began,
            worst_case=worst_case,
        )
        assert answer.wait is not None
        waits[i] = answer.wait.total_seconds()
    return waits


@pytest.mark.parametrize(
    ("draw", "resolution", "seed"),
    [(exponential(5), 0.0, 1), (lognormal(6, 1.5), 3600.0, 2), (pareto(0.5, 0.9), 0.0, 3), (office(6), 3600.0, 4),
     (pareto(20, 1.1), 86_400.0, 5)],
    ids=["exponential", "lognormal by the hour", "pareto", "office by the hour", "pareto by the day"],
)  # fmt: skip
def test_the_replay_of_a_random_fleet_equals_the_rule_asked_step_by_step(
    draw: Draw, resolution: float, seed: int
) -> None:
    silences = a_fleet(draw, endpoints=8, days=40, seed=seed, resolution=resolution)
    for ratio, worst_case in ((3600.0, 3.0), (8 * 3600.0, 4.0), (72 * 3600.0, 5.0)):
        (at_once,) = learned_waits(silences, [ratio], worst_case=worst_case)

        np.testing.assert_allclose(at_once, step_by_step(silences, ratio, worst_case), rtol=1e-6)


def test_the_replay_of_kinds_and_of_monthly_jobs_equals_the_rule_too() -> None:
    """Sixteen months: long enough for rhythms to be recognised, told apart by kind, and some of the jobs to end."""
    jobs = a_fleet(monthly(3), endpoints=3, days=480, seed=3, resolution=HOUR)
    fortnightly = a_fleet(periodic(14 * 24, 5), endpoints=2, days=480, seed=5, resolution=HOUR)
    others = a_fleet(pareto(12, 0.7), endpoints=4, days=480, seed=4, resolution=HOUR)
    silences = joined(("jobs", jobs), ("fortnightly", fortnightly), ("others", others))

    for ratio in (48 * HOUR, 300 * HOUR, 600 * HOUR):
        (at_once,) = learned_waits(silences, [ratio])

        np.testing.assert_allclose(at_once, step_by_step(silences, ratio, 4.0), rtol=1e-6)


def test_several_break_even_waits_at_once_say_the_same_as_one_by_one() -> None:
    silences = a_fleet(lognormal(4, 1.5), endpoints=10, days=40)
    ratios = [1800.0, 8 * 3600.0, 24 * 3600.0]

    for ratio, together in zip(ratios, learned_waits(silences, ratios), strict=True):
        (alone,) = learned_waits(silences, [ratio])
        np.testing.assert_array_equal(together, alone)


def test_leaving_out_what_no_money_depends_on_changes_no_removal() -> None:
    silences = a_fleet(lognormal(4, 1.5), endpoints=10, days=40)

    for ratio in (1800.0, 24 * 3600.0):
        (full,), (quick,) = (learned_waits(silences, [ratio], reached_only=only) for only in (False, True))
        np.testing.assert_array_equal(silences.length > full, silences.length > quick)
        np.testing.assert_array_equal(full[silences.length > full], quick[silences.length > full])
