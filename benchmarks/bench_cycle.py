"""A warm cycle over 1,000 endpoints in 45 locations with 80 ms put on every call: seconds, and how many calls by kind."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.fleet import running
from benchmarks.sink import a_sink
from guard import wiring
from guard.daemon import allocator
from guard.telemetry import logging

BUDGET_SECONDS = 1.0


def main(argv: list[str]) -> int:
    del argv
    logging.set_up(level="error")
    with (
        tempfile.TemporaryDirectory() as name,
        a_sink() as port,
        running(Path(name), endpoints=1000, sink=port) as fleet,
    ):
        guard = wiring.build(fleet.config, fleet.environment, may_act=False)
        allocator.collect_rarely()  # as `tuneguard run` does
        try:
            began = time.perf_counter()
            guard.cycle.run(guard.clock.now())
            print(f"first look, back-fill of 41 days included: {time.perf_counter() - began:.2f} s")
            while guard.cycle._p.redeploys.measure(guard.cycle.look(guard.clock.now()).verdicts):
                pass  # redeploys are measured once a thing, some a cycle; that is not what a warm cycle does
            fleet.post("/sandbox/faults", {"kind": "latency", "seconds": 0.08})
            taken, used = [], []
            for _ in range(5):
                fleet.post("/sandbox/clock", {"advance": "1h"})
                before = len(fleet.calls())
                began, began_cpu = time.perf_counter(), time.process_time()
                guard.cycle.run(guard.clock.now())
                taken.append(time.perf_counter() - began)
                used.append(time.process_time() - began_cpu)
                kinds = Counter(f"{call['service']}.{call['method']}" for call in fleet.calls()[before:])
            median = sorted(taken)[2]
            print(
                f"warm cycle, 80 ms on every call: median {median:.2f} s of {[round(one, 2) for one in taken]} "
                f"(budget {BUDGET_SECONDS} s); median {sorted(used)[2]:.2f} s of CPU"
            )
            print(
                f"calls a warm cycle: {sum(kinds.values())}: "
                + ", ".join(f"{n} {kind}" for kind, n in kinds.most_common())
            )
        finally:
            guard.close()
    return 0 if median < BUDGET_SECONDS else 1
