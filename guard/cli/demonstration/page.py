"""The page beside the demo: started once the story is over, ended with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

_END_TIMEOUT_S = 5.0


@contextmanager
def page(folder: Path, sandbox: str) -> Iterator[str | None]:
    """Serve the page on the demo's ledger; gives its one-time link, or None where the extra `web` is not installed.

    A page that does not start is told on standard error and takes nothing from the demo.
    """
    if find_spec("fastapi") is None:
        yield None
        return
    environment = {
        **os.environ,
        "TUNEGUARD_SANDBOX": sandbox,
        "TUNEGUARD_CONFIG": str(folder / "guard.yaml"),
        "TUNEGUARD_LEDGER": f"sqlite:///{folder / 'ledger.db'}",
    }
    log = folder / "page.log"
    with log.open("w", encoding="utf-8") as said:
        process = subprocess.Popen(  # our own module, by the Python that runs us
            [sys.executable, "-m", "guard.cli.demonstration.page_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            env=environment,
        )
    try:
        line = process.stdout.readline() if process.stdout is not None else ""
        if not line:
            sys.stderr.write(f"tuneguard: the page did not start; see {log}.\n")
        yield str(json.loads(line)["open"]) if line else None
    finally:
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            process.wait(timeout=_END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def another(link: str) -> str:
    """The command that prints a fresh link to the page that this link is for."""
    return f"tuneguard web --link --port {urlsplit(link).port}"
