"""The demo's page as a process of its own: `python -m guard.cli.demonstration.page_process`.

It is `tuneguard web` on a free port, and ends when its standard input closes: also where the demo was killed and could not say
goodbye. Ctrl-C reaches it too, and ends it as well.
"""

from __future__ import annotations

import os
import signal
import sys
import threading


def _end_with_the_demo() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> int:
    """Serve until standard input ends."""
    from guard.cli.app import run

    threading.Thread(target=_end_with_the_demo, name="demo-watch", daemon=True).start()
    return run(["web", "--port", "0"])


if __name__ == "__main__":
    sys.exit(main())
