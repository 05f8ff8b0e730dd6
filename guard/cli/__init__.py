"""The `tuneguard` command: one file a command, loaded when called."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit: 0 fine, 1 found something, 2 wrong use, 3 could not find out."""
    from guard.cli.app import run

    sys.exit(run(sys.argv[1:]))
