"""A warm cycle over 1,000 endpoints in 45 locations with 80 ms put on every call: seconds, and how many calls by kind."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.fleet import running
from guard import wiring
from guard.telemetry import logging


def main(argv: list[str]) -> int:
    del argv
    logging.set_up(level="error")
    with tempfile.TemporaryDirectory() as name, running(Path(name), endpoints=1000) as fleet:
        guard = wiring.build(fleet.config, fleet.environment, may_act=False)
        try:
            began = time.perf_counter()
            guard.cycle.run(guard.clock.now())
            print(f"first look, back-fill of 41 days included: {time.perf_counter() - began:.2f} s")
            while guard.cycle._p.redeploys.measure(guard.cycle.look(guard.clock.now()).verdicts):
                pass  # redeploys are measured once a thing, some a cycle; that is not what a warm cycle does
            fleet.post("/sandbox/faults", {"kind": "latency", "seconds": 0.08})
            taken = []
            for _ in range(5):
                fleet.post("/sandbox/clock", {"advance": "1h"})
                before = len(fleet.calls())
                began = time.perf_counter()
                guard.cycle.run(guard.clock.now())
                taken.append(time.perf_counter() - began)
                kinds = Counter(f"{call['service']}.{call['method']}" for call in fleet.calls()[before:])
            print(
                f"warm cycle, 80 ms on every call: median {sorted(taken)[2]:.2f} s of {[round(one, 2) for one in taken]}"
            )
            print(
                f"calls a warm cycle: {sum(kinds.values())}: "
                + ", ".join(f"{n} {kind}" for kind, n in kinds.most_common())
            )
        finally:
            guard.close()
    return 0
