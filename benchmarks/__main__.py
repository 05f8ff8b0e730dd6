"""Find and run the benchmarks: every module `bench_*` with a `main(argv) -> int`."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import benchmarks


def names() -> list[str]:
    """The benchmarks that are there, without their prefix."""
    found = (module.name for module in pkgutil.iter_modules(benchmarks.__path__))
    return sorted(name.removeprefix("bench_") for name in found if name.startswith("bench_"))


def main(argv: list[str]) -> int:
    """Run one by name with its arguments, or all, each in a process of its own so that none sees another's memory."""
    if argv and not argv[0].startswith("-"):
        if argv[0] not in names():
            print(f"no benchmark {argv[0]!r}; there are: {', '.join(names())}", file=sys.stderr)
            return 2
        return int(importlib.import_module(f"benchmarks.bench_{argv[0]}").main(argv[1:]))
    worst = 0
    for name in names():
        print(f"== {name}", flush=True)
        worst = max(worst, subprocess.run([sys.executable, "-m", "benchmarks", name], check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
