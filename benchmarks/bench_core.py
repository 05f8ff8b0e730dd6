"""Decide 100,000 deployed models: judge and plan, on one core. Budget: under 2 s and 500 MB for the process.

Run: python -m benchmarks core [--count N]
"""

from __future__ import annotations

import argparse
import gc
import resource
import sys
import time
from collections.abc import Sequence

from guard.core.model import Endpoint
from guard.core.planning import make_plan
from guard.core.rules import Match, Mode
from guard.core.usage import Usage
from tests import builders as b

BUDGET_SECONDS = 2.0
BUDGET_MEGABYTES = 500


def fleet(count: int) -> tuple[list[Endpoint], dict[str, Usage]]:
    """Endpoints over 20 locations, one model each: a third silent, a third used now and then, a third busy, some oddities."""
    shapes = [
        b.a_usage(),
        b.a_usage(calls=dict.fromkeys(range(20, 900, 37), 3)),
        b.a_usage(calls=dict.fromkeys(range(-1, 900, 3), 9)),
        b.a_usage(holes=range(2, 300)),
        b.a_usage(blind=range(900)),
    ]
    endpoints, usages = [], {}
    for number in range(count):
        parent = f"projects/{1000 + number % 50}/locations/region-{number % 20}"
        name = f"{parent}/endpoints/{number}"
        labels = {"team": f"t{number % 40}", "env": "prod" if number % 10 == 0 else "dev"}
        if number % 97 == 0:
            labels["tuneguard-keep-until"] = "2026-12-01"
        deployed = b.a_deployed_model(endpoint=name, machine=b.L4 if number % 2 else b.N1)
        endpoints.append(b.an_endpoint(number, parent=parent, deployed=[deployed], labels=labels))
        shape = shapes[number % 3] if number % 50 else shapes[3 + number // 50 % 2]
        usages[deployed.name] = shape
    return endpoints, usages


def _yardstick() -> float:
    """Seconds of a loop that everybody can repeat: a busy machine shows here too, so figures can be compared as ratios."""
    began = time.process_time()
    total = 0
    for number in range(10_000_000):
        total += number
    return time.process_time() - began


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures; exit code 1 where the budget is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    count = parser.parse_args(argv).count
    endpoints, usages = fleet(count)
    snapshot = b.a_snapshot(*endpoints)
    rules = b.some_rules(
        b.a_policy("prod", match=Match(labels={"env": "prod"})),
        b.a_policy("scratch", match=Match(names=("scratch-*",))),
        b.a_policy(),
    )
    prices = b.PriceBook(
        b.a_price(machine, amount, f"region-{region}")
        for machine, amount in (("n1-standard-4", "0.22"), ("g2-standard-8", "0.98"))
        for region in range(20)
    )
    # As the daemon does after start-up: a hundred thousand living values make the collector's default rhythm (every 700
    # allocations) a third of the time, and none of these values is in a cycle.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    began = time.process_time()
    verdicts = b.judge(snapshot, usages, lambda _: rules, prices, b.a_view(), b.NOW)
    judged = time.process_time() - began
    plan = make_plan(verdicts, lambda _: rules, b.a_view(), (), b.NOW, "bench", Mode.OBSERVE, "config-1")
    took = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    idle = len(verdicts) - len(plan.kept) - len(plan.unknown)
    print(f"{count:,} deployed models: judged in {judged:.2f} s, planned in {took - judged:.2f} s, {took:.2f} s in all")
    print(f"{idle:,} idle, {len(plan.kept):,} kept, {len(plan.unknown):,} unknown; peak {peak:.0f} MB, inputs included")
    yardstick = _yardstick()
    print(
        f"yardstick (a plain loop of 10 million additions): {yardstick:.2f} s; deciding is {took / yardstick:.1f} times it"
    )
    scale = count / 100_000
    return 0 if took <= BUDGET_SECONDS * scale and peak <= BUDGET_MEGABYTES * max(scale, 1) else 1


if __name__ == "__main__":
    sys.exit(main())
