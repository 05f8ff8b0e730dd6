"""CPU of `tuneguard --help` (median of nine runs), and what an idle import of the package costs."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
from pathlib import Path

BUDGET_SECONDS = 0.25


def main(argv: list[str]) -> int:
    del argv
    command = [str(Path(sys.executable).parent / "tuneguard"), "--help"]
    taken = []
    for _ in range(9):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    median = statistics.median(taken)
    print(
        f"tuneguard --help: {median:.3f} s of CPU (budget {BUDGET_SECONDS} s), from {min(taken):.3f} to {max(taken):.3f}"
    )
    return 0 if median < BUDGET_SECONDS else 1
