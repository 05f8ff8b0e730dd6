"""What a rule would have paid and saved on a history, against always-on and against hindsight; by endpoint.

A silence of length g under a wait w costs its hours up to w, and a redeploy where g > w and somebody came back; hindsight pays
the cheaper of the two for a gap and nothing for a tail. Active time is paid by everybody. Amounts are in hours of the machine's
price, so that captured saving depends on the break-even wait alone; with prices (money an hour, by endpoint) they are money.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from guard.backtest.silences import Flags, Floats, Silences

HOUR = 3600.0
DRAWS = 1000
SEED = 20_261_124
"""The bootstrap is drawn with a fixed seed: the same history gives the same interval."""


@dataclass(frozen=True, slots=True)
class Score:
    """A rule's record; arrays are by endpoint, in hours of the machine's price (or in money) and in counts."""

    saved: Floats
    possible: Floats
    removals: Floats
    cold_starts: Floats
    weeks: Floats
    worst_ratio: float

    @property
    def captured(self) -> float | None:
        """Percent of the saving of hindsight; None where hindsight saves nothing."""
        possible = float(self.possible.sum())
        return 100 * float(self.saved.sum()) / possible if possible > 1e-9 else None

    @property
    def cold_starts_per_week(self) -> float:
        """Wrong removals per endpoint and week."""
        weeks = float(self.weeks.sum())
        return float(self.cold_starts.sum()) / weeks if weeks else 0.0

    def interval(self) -> tuple[float, float] | None:
        """Return the middle 95 % of captured saving when endpoints are drawn anew (bootstrap); None if nothing can be saved."""
        if self.captured is None or len(self.saved) < 2:
            return None
        draws = np.random.default_rng(SEED).multinomial(
            len(self.saved), np.full(len(self.saved), 1 / len(self.saved)), size=DRAWS
        )
        possible = draws @ self.possible
        ratio = 100 * (draws @ self.saved)[possible > 1e-9] / possible[possible > 1e-9]
        low, high = np.percentile(ratio, [2.5, 97.5])
        return float(low), float(high)

    def most_cold_starts_per_week(self) -> float:
        """Return the 97.5th percentile of cold starts per endpoint and week when endpoints are drawn anew."""
        count = len(self.weeks)
        if count < 2 or not self.weeks.sum():
            return self.cold_starts_per_week
        drawn = np.random.default_rng(SEED).multinomial(count, np.full(count, 1 / count), size=DRAWS)
        weeks = drawn @ self.weeks
        return float(np.percentile((drawn @ self.cold_starts)[weeks > 0] / weeks[weeks > 0], 97.5))

    def of(self, endpoints: Flags) -> Score:
        """Return the record of some endpoints alone; the worst single silence stays the whole fleet's."""
        return Score(
            self.saved[endpoints],
            self.possible[endpoints],
            self.removals[endpoints],
            self.cold_starts[endpoints],
            self.weeks[endpoints],
            self.worst_ratio,
        )

    def worst_endpoints(self, names: tuple[str, ...], count: int = 5) -> list[tuple[str, float]]:
        """Return the endpoints on which the rule saved least, or lost most (hours)."""
        order = np.argsort(self.saved, kind="stable")[:count]
        return [(names[i], float(self.saved[i])) for i in order]


def score(silences: Silences, waits: Floats, ratio: float | Floats, price: Floats | None = None) -> Score:
    """Return the record of `waits` (seconds, one a silence) at a break-even of `ratio` seconds, one for all or by endpoint.

    `price` turns hours into money: an hour of each endpoint's machines.
    """
    count = len(silences.names)
    ratio = np.broadcast_to(np.asarray(ratio, np.float64), count)[silences.endpoint]
    worth = np.full(count, 1 / HOUR) if price is None else price / HOUR
    removed = silences.length > waits
    wrong = removed & silences.returned
    off = np.where(removed, silences.length - np.where(removed, waits, 0.0), 0.0)
    best = np.where(silences.returned, np.maximum(silences.length - ratio, 0.0), silences.length)
    paid = silences.length - off + ratio * wrong
    least = np.where(silences.returned, np.minimum(silences.length, ratio), 0.0)
    on_gaps = paid[silences.returned] / np.maximum(least[silences.returned], 1e-9)
    return Score(
        saved=_by_endpoint(silences, off - ratio * wrong, count) * worth,
        possible=_by_endpoint(silences, best, count) * worth,
        removals=_by_endpoint(silences, removed.astype(np.float64), count),
        cold_starts=_by_endpoint(silences, wrong.astype(np.float64), count),
        weeks=silences.weeks,
        worst_ratio=float(on_gaps.max()) if len(on_gaps) else 1.0,
    )


def _by_endpoint(silences: Silences, values: Floats, count: int) -> Floats:
    return np.bincount(silences.endpoint, values, minlength=count).astype(np.float64)
