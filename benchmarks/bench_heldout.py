"""Were the constants of the learned wait fitted to the trace on which it is measured? Checks that do not use their own answer.

1. Held out: on one half of the endpoints every constant may be changed (a third, three times), one after the other, to whatever
   scores best there; the result is scored on the other half, beside the constants as shipped.
2. Sensitivity: each constant by itself at a third and three times its value, on the whole trace.
3. Elsewhere: the synthetic families of tests/backtest have no part in the trace; their table is on the explanation page.

Run: python -m benchmarks heldout [--splits N]. Needs the shared traces; prints tables, has no budget; takes some minutes.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from guard.backtest import learned
from guard.backtest.learned import learned_waits
from guard.backtest.score import score
from guard.backtest.silences import Silences
from guard.backtest.trace import read_trace
from guard.core.learn import calendar, decision, endpoint, fleet

HOUR = 3600.0
RATIOS = (1.0, 8.0, 24.0, 72.0)
CONSTANTS = {
    "the belief's weight": (fleet, "WEIGHT"),
    "the belief": (fleet, "BELIEF"),
    "the fleet's memory": (fleet, "FORGET"),
    "the fleet's weight": (decision, "OWN_WEIGHT"),
    "an endpoint's memory": (endpoint, "FORGET"),
    "an hour's trust": (calendar, "TRUST"),
    "the tie": (decision, "TIE"),
}
FACTORS = (1 / 3, 1.0, 3.0)


@contextmanager
def changed(factors: Mapping[str, float]) -> Iterator[None]:
    """The constants multiplied, for as long as this lasts."""
    before = {name: getattr(*CONSTANTS[name]) for name in CONSTANTS}
    own_weight = learned.OWN_WEIGHT
    try:
        for name, factor in factors.items():
            setattr(*CONSTANTS[name], before[name] * factor)
        learned.OWN_WEIGHT = decision.OWN_WEIGHT
        yield
    finally:
        for name, value in before.items():
            setattr(*CONSTANTS[name], value)
        learned.OWN_WEIGHT = own_weight


def captured(silences: Silences, factors: Mapping[str, float]) -> list[float]:
    """Percent of the hindsight saving at each break-even wait."""
    with changed(factors):
        waits = learned_waits(silences, [hours * HOUR for hours in RATIOS])
    results = (score(silences, w, hours * HOUR).captured for w, hours in zip(waits, RATIOS, strict=True))
    return [result if result is not None else 0.0 for result in results]


def chosen_on(silences: Silences) -> dict[str, float]:
    """The factors that score best on these endpoints, one constant after the other, twice round."""
    factors = dict.fromkeys(CONSTANTS, 1.0)
    for _ in range(2):
        for name in CONSTANTS:
            trials = {factor: float(np.mean(captured(silences, {**factors, name: factor}))) for factor in FACTORS}
            factors[name] = max(trials, key=lambda factor: trials[factor])
    return factors


def held_out(silences: Silences, splits: int) -> None:
    """Print what constants chosen on one half score on the other."""
    shipped, chosen, best = [], [], []
    for seed in range(splits):
        half = np.random.default_rng(seed).permutation(len(silences.names)) % 2 == 0
        for here in (half, ~half):
            one, other = silences.of(here)[0], silences.of(~here)[0]
            factors = chosen_on(one)
            best.append(captured(one, factors))
            chosen.append(captured(other, factors))
            shipped.append(captured(other, {}))
    print(f"{splits} random halves, each way: mean captured percent at {', '.join(f'{h:g} h' for h in RATIOS)}")
    for name, rows in (
        ("chosen, where chosen", best),
        ("chosen, other half", chosen),
        ("shipped, other half", shipped),
    ):
        print(f"| {name} | " + " | ".join(f"{value:.1f}" for value in np.mean(rows, axis=0)) + " |")
    apart = np.mean(np.array(shipped) - np.array(chosen), axis=1)
    print(
        f"shipped less chosen, mean over the four: {apart.mean():+.2f} (from {apart.min():+.2f} to {apart.max():+.2f})"
    )


def sensitivity(silences: Silences) -> None:
    """Print each constant at a third and at three times its value."""
    print("| constant | a third | three times |")
    for name in CONSTANTS:
        cells = (" ".join(f"{v:.1f}" for v in captured(silences, {name: factor})) for factor in (1 / 3, 3.0))
        print(f"| {name} | " + " | ".join(cells) + " |")


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--splits", type=int, default=3)
    given = parser.parse_args(argv)
    shared = Path(os.environ.get("TUNEGUARD_SHARED", Path(__file__).parents[2] / "shared"))
    trace = shared / "traces" / "gentd26_requests.csv.gz"
    if not trace.exists():
        print(f"{trace.name} is not here: nothing to hold out")
        return 0
    silences = read_trace(trace)
    print("shipped, whole trace: " + " ".join(f"{v:.1f}" for v in captured(silences, {})))
    sensitivity(silences)
    held_out(silences, given.splits)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
