"""300 undeploys sent with limits off and 80 ms put on every call: seconds to send, and all verified by the next cycle."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.fleet import running
from benchmarks.sink import a_sink
from guard import wiring
from guard.core.removal import ActState
from guard.telemetry import logging

COUNT = 300
BUDGET_SECONDS = 4.0


def main(argv: list[str]) -> int:
    del argv
    logging.set_up(level="error")
    # The generated client takes seconds to import, once a process; that is not what is measured here.
    import google.cloud.aiplatform_v1beta1  # noqa: F401

    with (
        tempfile.TemporaryDirectory() as name,
        a_sink() as port,
        running(Path(name), endpoints=COUNT, silent=COUNT, mode="enforce", sink=port) as fleet,
    ):
        guard = wiring.build(fleet.config, fleet.environment, may_act=True)
        try:
            guard.ledger.adopt("benchmark", "a benchmark's ledger", guard.clock.now())
            guard.cycle.run(guard.clock.now())
            fleet.post("/sandbox/clock", {"advance": "2h"})
            fleet.post("/sandbox/faults", {"kind": "latency", "seconds": 0.08})
            before = len(fleet.calls())
            began = time.perf_counter()
            result = guard.cycle.run(guard.clock.now())
            took = time.perf_counter() - began
            sent = sum(1 for one in result.did if one.state is ActState.STARTED)
            kinds = Counter(call["method"] for call in fleet.calls()[before:])
            print(f"{sent} undeploys sent in a cycle of {took:.2f} s, 80 ms on every call (budget {BUDGET_SECONDS} s)")
            print("calls: " + ", ".join(f"{n} {kind}" for kind, n in kinds.most_common(8)))
            fleet.post("/sandbox/clock", {"advance": "1h"})
            result = guard.cycle.run(guard.clock.now())
            verified = sum(1 for one in result.settled if one.state is ActState.VERIFIED)
            print(f"{verified} of {sent} verified by the next cycle")
            return 0 if verified == sent == COUNT and took < BUDGET_SECONDS else 1
        finally:
            guard.close()
