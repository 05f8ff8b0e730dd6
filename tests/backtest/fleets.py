"""Builders of synthetic fleets: silences drawn from a family, endpoint by endpoint; everything from a seed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np

from guard.backtest.score import score
from guard.backtest.silences import Silences, silences_of

HOUR, DAY = 3600.0, 86_400.0
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Draw = Callable[[np.random.Generator, float], float]
"""Draws the next silence in hours, given the time (seconds) at which it begins."""


def a_fleet(
    draw: Draw, *, endpoints: int = 20, days: float = 60, seed: int = 1, resolution: float = 0.0, spread: float = 1.0
) -> Silences:
    """Return the silences of `endpoints` endpoints that begin within `spread` days, each use a minute (or a bucket) long."""
    rng = np.random.default_rng(seed)
    use = resolution or 60.0
    intervals, ends = {}, {}
    for i in range(endpoints):
        now = float(rng.uniform(0, spread * DAY))
        starts = []
        while now < days * DAY:
            starts.append(now // use * use if resolution else now)
            now += use + max(draw(rng, now), 1e-3) * HOUR
        begun = np.array(starts)
        intervals[f"e{i}"] = (begun, begun + use)
        ends[f"e{i}"] = days * DAY
    return silences_of(intervals, ends, resolution=resolution)


def exponential(mean: float) -> Draw:
    return lambda rng, _: float(rng.exponential(mean))


def lognormal(median: float, sigma: float) -> Draw:
    return lambda rng, _: float(rng.lognormal(np.log(median), sigma))


def pareto(least: float, exponent: float) -> Draw:
    return lambda rng, _: float(least * (1 + rng.pareto(exponent)))


def periodic(period: float, jitter: float) -> Draw:
    return lambda rng, _: float(period + rng.normal(0, jitter))


def mixture(short: float, long: float, share: float) -> Draw:
    return lambda rng, _: float(rng.exponential(long if rng.random() < share else short))


def regime(before: float, after: float, change_day: float) -> Draw:
    return lambda rng, now: float(rng.exponential(before if now < change_day * DAY else after))


def office(mean: float) -> Draw:
    """Uses from 8 to 18 only: a silence that would end outside goes on until the next morning, somewhen in the first hour."""

    def draw(rng: np.random.Generator, now: float) -> float:
        back = now + rng.exponential(mean) * HOUR
        hour = back % DAY / HOUR
        if not 8 <= hour < 18:
            back = (back // DAY + (hour >= 18)) * DAY + (8 + rng.random()) * HOUR
        return float(back - now) / HOUR

    return draw


def monthly(late: float) -> Draw:
    """A job on the first of each month (28 to 31 days), up to about `late` hours late."""

    def draw(rng: np.random.Generator, now: float) -> float:
        today = (EPOCH + timedelta(seconds=now + 2 * DAY)).date()  # a late run of the last of a month is the next one's
        first = datetime(today.year + today.month // 12, today.month % 12 + 1, 1, 9, tzinfo=UTC)
        return float((first - EPOCH).total_seconds() - now) / HOUR + abs(float(rng.normal(0, late)))

    return draw


def joined(*fleets: tuple[str, Silences]) -> Silences:
    """Several fleets as one; each is a kind of its own, by its name."""
    offsets = np.cumsum([0, *(len(one.names) for _, one in fleets)])
    return Silences(
        tuple(f"{kind}-{name}" for kind, one in fleets for name in one.names),
        np.concatenate([one.endpoint + offset for (_, one), offset in zip(fleets, offsets, strict=False)]),
        np.concatenate([one.start for _, one in fleets]),
        np.concatenate([one.length for _, one in fleets]),
        np.concatenate([one.returned for _, one in fleets]),
        np.concatenate([one.first for _, one in fleets]),
        np.concatenate([one.end for _, one in fleets]),
        max(one.resolution for _, one in fleets),
        tuple(kind for kind, one in fleets for _ in one.names),
    )


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
"""Silences whose law is known; a fleet under each at a break-even of twelve hours is what the tests and tables look at."""


def best_fixed(silences: Silences, ratio: float, *, shortest: float = 0.0, longest: float = np.inf) -> np.ndarray:
    """Return each silence's wait under the one fixed wait that saves most in hindsight, from `shortest` to `longest` (seconds)."""
    candidates = np.unique(np.clip([0.0, *np.geomspace(ratio / 64, ratio * 64, 60), ratio, np.inf], shortest, longest))
    rules = [np.full(len(silences.start), wait) for wait in candidates]
    return max(rules, key=lambda waits: float(score(silences, waits, ratio).saved.sum()))
