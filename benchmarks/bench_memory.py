"""Peak memory of the daemon observing 1,000 endpoints in 45 locations over TLS (Linux: VmHWM)."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from benchmarks.fleet import Fleet, running
from benchmarks.sink import a_sink

BUDGET_MIB = 150
CYCLES = 3


def world_of(fleet: Fleet) -> str:
    return "sandbox:" + str(httpx.get(f"{fleet.http}/sandbox/state?documents=false", verify=False).json()["world"])


def main(argv: list[str]) -> int:
    del argv
    with (
        tempfile.TemporaryDirectory() as name,
        a_sink() as sink,
        running(Path(name), endpoints=1000, sink=sink, every="5s", tls=True) as fleet,
    ):
        environment = {**os.environ, **fleet.environment, "TUNEGUARD_SANDBOX_CA": str(fleet.folder / "cert.pem")}
        command = [
            str(Path(sys.executable).parent / "tuneguard"),
            "run",
            "--config",
            str(fleet.config),
            "--log-level",
            "error",
        ]
        daemon = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        try:
            assert daemon.stdout is not None
            health = json.loads(daemon.stdout.readline())["health"]
            deadline = time.monotonic() + 600
            while time.monotonic() < deadline:
                fleet.post("/sandbox/clock", {"advance": "1h"})
                text = httpx.get(f"{health}/metrics", timeout=30).text
                found = re.search(r'tuneguard_cycles_total\{outcome="completed"\} (\d+)', text)
                if found and int(found[1]) >= CYCLES:
                    break
                time.sleep(3)
            status = Path(f"/proc/{daemon.pid}/status").read_text(encoding="utf-8")
            peak, now = (int(re.search(rf"{key}:\s+(\d+)", status)[1]) / 1024 for key in ("VmHWM", "VmRSS"))  # type: ignore[index]
            print(f"daemon after {CYCLES} cycles: {now:.0f} MiB now, {peak:.0f} MiB at most (budget {BUDGET_MIB} MiB)")
            return 0 if peak < BUDGET_MIB else 1
        finally:
            daemon.terminate()
            daemon.wait(timeout=60)
