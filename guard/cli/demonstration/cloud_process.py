"""The demo's cloud as a process of its own: `python -m guard.cli.demonstration.cloud_process SCENARIO PORT`.

It prints one JSON line when ready, as `tuneguard sandbox` does, and ends when its standard input closes: also where the
demo was killed and could not say goodbye. Ctrl-C reaches it too, and is left to the demo.
"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

from guard.sandbox.scenario.build import build
from guard.sandbox.scenario.load import load
from guard.sandbox.server import start_in_thread


def main(scenario: Path, port: int) -> int:
    """Serve until standard input ends; exit code 2 with one sentence on stderr where it cannot start."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        running = start_in_thread(build(load(scenario), base_dir=scenario.parent), port=port)
    except (ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    with running:
        sys.stdout.write(json.dumps({"http": running.http, "world": running.world.id}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
