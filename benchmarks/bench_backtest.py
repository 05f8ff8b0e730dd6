"""The backtest's speeds: years of a big fleet under twelve rules, a dense table of hours, one decision.

Run: python -m benchmarks backtest [--endpoints N] [--traces] [--families].
Budgets: 5 s, 2 s, 50 microseconds (issue 7). Seconds are of the
processor (a busy machine makes wall time longer); with --traces also the ablations on the shared traces.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np

from guard.backtest.hours import replay_hours
from guard.backtest.learned import Switches, learned_waits
from guard.backtest.rules import Rule, rule_of, waits_of
from guard.backtest.score import score
from guard.backtest.silences import Flags, Silences, silences_of
from guard.backtest.trace import read_trace
from guard.core.learn import Use, decide, new_book, wait_seconds
from guard.core.learn.decision import EPOCH
from tests.backtest.fleets import a_fleet, exponential, joined, mixture, monthly

HOUR, DAY = 3600.0, 86_400.0
RULES = ("auto", "break_even", "never", "1d", "2d", "3d", "5d", "7d", "14d", "21d", "30d", "60d")


def years(endpoints: int, days: int = 727, seed: int = 1) -> Silences:
    """A record by the day: most endpoints are called now and then, some daily, many die."""
    rng = np.random.default_rng(seed)
    intervals, ends = {}, {}
    for i in range(endpoints):
        life = int(rng.integers(30, days))
        rate = rng.beta(0.4, 1.6)
        called = np.flatnonzero(rng.random(life) < max(rate, 0.004))
        if len(called):
            starts = (called + rng.integers(0, days - life + 1)) * DAY
            intervals[f"e{i}"] = (starts, starts + DAY)
            ends[f"e{i}"] = days * DAY
    return silences_of(intervals, ends, resolution=DAY)


def spent(work: object) -> float:
    """Process seconds of one call."""
    began = time.process_time()
    work()  # type: ignore[operator]  # any callable
    return time.process_time() - began


def one_decision() -> tuple[float, float]:
    """Microseconds of the processor for one learned wait and for the whole `decide`, the best of many short batches.

    An endpoint with a rhythm, in a fleet of two kinds: nothing is left out.
    """
    rng = np.random.default_rng(2)
    uses, now = [], 0.0
    while now < 200 * DAY:
        uses.append(Use("e", now, now + 60))
        now += float(rng.lognormal(9, 1.5))
    uses += [Use("weekly", day * DAY, day * DAY + 60) for day in range(0, 200, 7)]
    book = new_book(0.0)
    for day in range(200):
        today = [use for use in uses if day * DAY <= use.began < (day + 1) * DAY]
        book = book.after_day(today, {"e": "team", "weekly": "jobs"})
    state, fleet = book.endpoints["weekly"], book.fleet
    assert state.rhythm.chance > 0.9
    began = EPOCH + timedelta(days=200)
    ratio = timedelta(hours=120)

    def wait() -> None:
        wait_seconds(state, fleet.law, break_even=120 * HOUR, began=200 * DAY)

    def whole() -> None:
        decide(state, fleet, ratio=ratio, silence_began_at=began, now=began)

    return best_of(wait), best_of(whole)


def best_of(work: Callable[[], None]) -> float:
    """Microseconds of the processor for one call."""
    best = float("inf")
    for _ in range(200):
        began = time.process_time()
        for _ in range(20):
            work()
        best = min(best, (time.process_time() - began) / 20)
    return best * 1e6


def idle_hours(silences: Silences, endpoints: Flags) -> float:
    """What always-on pays for silence on these endpoints."""
    return float(silences.length[endpoints[silences.endpoint]].sum()) / HOUR


def kinds_and_rhythms() -> None:
    """Captured saving on fleets made for these two parts of the rule, with and without them."""
    two = [
        joined(
            ("chat", a_fleet(mixture(3, 3000, 0.03), endpoints=20, days=60, seed=seed, spread=50)),
            ("batch", a_fleet(exponential(40), endpoints=20, days=60, seed=seed + 10, spread=50)),
        )
        for seed in range(6)
    ]
    jobs = [
        joined(
            ("", a_fleet(monthly(4), endpoints=6, days=730, seed=seed, spread=0.5)),
            ("", a_fleet(mixture(4, 4000, 0.02), endpoints=30, days=730, seed=seed + 10, spread=400)),
        )
        for seed in range(3)
    ]
    for name, fleets, hours, without in (
        ("two kinds of endpoint", two, (4.0, 12.0, 24.0, 48.0), Switches(kinds=False)),
        ("monthly jobs alone", jobs, (200.0, 400.0, 600.0, 700.0), Switches(rhythm=False)),
    ):
        print(f"| {name} | " + " | ".join(f"{h:g} h" for h in hours) + " |")
        for label, switches in (("whole", Switches()), ("without", without)):
            rows = np.zeros((len(fleets), len(hours), 2))
            for row, fleet in enumerate(fleets):
                only = np.arange(len(fleet.names)) < (6 if fleets is jobs else len(fleet.names))
                ratios = [h * HOUR for h in hours]
                for at, (ratio, waits) in enumerate(
                    zip(ratios, learned_waits(fleet, ratios, switches=switches), strict=True)
                ):
                    result = score(fleet, waits, ratio).of(only)
                    share = (
                        result.captured or 0.0 if fleets is two else 100 * result.saved.sum() / idle_hours(fleet, only)
                    )
                    rows[row, at] = share, result.cold_starts.sum()
            print(f"| {label} | " + " | ".join(f"{share:.1f} / {cold:.0f}" for share, cold in rows.mean(axis=0)) + " |")


def ablations(traces: Path) -> None:
    """Captured saving and cold starts on the shared request trace, part by part switched off."""
    silences = read_trace(traces / "gentd26_requests.csv.gz")
    hours = (1 / 6, 1.0, 8.0, 24.0, 72.0, 168.0)
    cases = {
        "whole": (Switches(), 4.0),
        "without pooling": (Switches(pooling=False), 4.0),
        "without censoring": (Switches(censoring=False), 4.0),
        "without calendar": (Switches(calendar=False), 4.0),
        "without own history": (Switches(own=False), 4.0),
        "without kinds": (Switches(kinds=False), 4.0),
        "without rhythms": (Switches(rhythm=False), 4.0),
        "worst case 2x (break-even)": (Switches(), 2.0),
        "worst case 3x": (Switches(), 3.0),
        "worst case 5x": (Switches(), 5.0),
        "without clamp (1000x)": (Switches(), 1000.0),
        "the whole trace's law known beforehand": (Switches(foreseen=True), 4.0),
    }
    print("| rule | " + " | ".join(f"{h:g} h" for h in hours) + " |")
    for name, (switches, worst) in cases.items():
        cells = []
        ratios = [h * HOUR for h in hours]
        for ratio, waits in zip(
            ratios, learned_waits(silences, ratios, worst_case=worst, switches=switches), strict=True
        ):
            result = score(silences, waits, ratio)
            cells.append(f"{result.captured:.1f} / {result.cold_starts_per_week:.2f}")
        print(f"| {name} | " + " | ".join(cells) + " |")


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoints", type=int, default=6400)
    parser.add_argument("--traces", action="store_true", help="ablations on the shared traces")
    parser.add_argument(
        "--families", action="store_true", help="what kinds and rhythms are worth on fleets made for them"
    )
    given = parser.parse_args(argv)
    silences = years(given.endpoints)
    rules: list[Rule] = [rule_of(word) for word in RULES]
    ratio = 7 * DAY
    took = spent(lambda: [score(silences, w, ratio) for w in waits_of(silences, rules, ratio, reached_only=True)])
    print(
        f"{given.endpoints} endpoints x 727 days, {len(silences.start):,} silences, 12 rules: {took:.2f} s (budget 5)"
    )
    ratios = [DAY * d for d in (1, 1.5, 2, 3, 4, 5, 7, 9, 11, 14, 21, 30)]
    learned = spent(lambda: learned_waits(silences, ratios, reached_only=True))
    print(f"the same, 12 learned rules: {learned:.2f} s (budget 5)")
    requests = (np.random.default_rng(3).random((720, 100_000), np.float32) < 0.3).astype(np.uint16)
    dense = spent(lambda: replay_hours(requests, [1, 2, 4, 6, 12, 24, 48, 72, 168]))
    print(f"100,000 endpoints x 720 hours x 9 fixed waits: {dense:.2f} s (budget 2)")
    wait, decision = one_decision()
    print(f"one decision, `decide` as a whole: {decision:.0f} microseconds, its wait alone {wait:.0f} (budget 50)")
    if given.families:
        kinds_and_rhythms()
    if given.traces:
        shared = Path(os.environ.get("TUNEGUARD_SHARED", Path(__file__).parents[2] / "shared"))
        ablations(shared / "traces")
    return int(took > 5 or learned > 5 or dense > 2 or decision > 50)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
