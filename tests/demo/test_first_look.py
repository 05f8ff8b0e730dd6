"""The tutorial's commands, run as they are written (on a free port)."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

from tests.demo.conftest import environment

PAGE = Path(__file__).parents[2] / "docs" / "tutorial" / "first-look.md"
BLOCK = re.compile(r"```(\w+)(?: file=(\S+))?\n(.*?)```", re.DOTALL)


def a_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_the_first_look_works_as_written(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8").replace("8787", str(a_free_port()))
    script = ["set -e"]
    for kind, file, body in BLOCK.findall(text):
        if file:
            (tmp_path / file).write_text(body, encoding="utf-8")
        elif kind == "sh":
            script += [f"echo '## {len(script)}'", body]
    path = f"{Path(sys.executable).parent}:{environment()['PATH']}"

    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**environment(), "PATH": path},
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"forgotten-gpu.* idle", done.stdout)
    assert "Would go now" in done.stdout
    assert "kept by person" in done.stdout
    assert list(tmp_path.iterdir()) == []
