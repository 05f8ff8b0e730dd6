"""The demo as its user runs it: a process of its own, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Demo = Callable[..., "subprocess.CompletedProcess[str]"]


def environment() -> dict[str, str]:
    """Without what a developer's shell may have set for the guard."""
    return {key: value for key, value in os.environ.items() if not key.startswith("TUNEGUARD_")}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from guard.cli import main; main()", *arguments]


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command("demo", "--folder", str(tmp_path / "demo"), *arguments),
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
            env=environment(),
        )

    return run
