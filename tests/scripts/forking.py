"""Scripts as processes that start in milliseconds: one process loads the libraries once and forks; each script is a fork of it.

A fork is a process of its own: it has its own arguments, folder, environment, output and signals, and can be killed. What differs
from a fresh interpreter is that third-party libraries are loaded already; tests/scripts/test_edges.py starts every script afresh.

Run as a module it reads one JSON object a line (script, arguments, cwd, env, folder) and forks a keeper for each, which forks the
script and writes `pid`, `out`, `err` and at the end `code` into the folder.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SLOW_TO_LOAD = (
    "anthropic",
    "apprise",
    "google.cloud.storage",
    "google.genai",
    "httpx",
    "jinja2",
    "numpy",
    "openai",
    "pydantic",
    "rich.progress",
    "ruamel.yaml",
    "sacrebleu",
    "sqlalchemy",
)


@dataclass
class Forked:
    """A running script, as far as subprocess.Popen's ways are needed."""

    folder: Path
    returncode: int | None = None

    def poll(self) -> int | None:
        code = self.folder / "code"
        if self.returncode is None and code.exists():
            self.returncode = int(code.read_text())
        return self.returncode

    def communicate(self, timeout: float) -> tuple[str, str]:
        deadline = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > deadline:
                self.send_signal(signal.SIGKILL)
                raise subprocess.TimeoutExpired(str(self.folder), timeout)
            time.sleep(0.01)
        return (self.folder / "out").read_text(encoding="utf-8"), (self.folder / "err").read_text(encoding="utf-8")

    def send_signal(self, number: int) -> None:
        os.kill(int((self.folder / "pid").read_text()), number)


@dataclass
class Forker:
    """The process that forks."""

    process: subprocess.Popen[str]
    folder: Path
    count: int = 0

    def start(self, script: Path, arguments: tuple[str, ...], *, cwd: Path, env: dict[str, str]) -> Forked:
        self.count += 1
        folder = self.folder / str(self.count)
        folder.mkdir()
        job = {"script": str(script), "arguments": arguments, "cwd": str(cwd), "env": env, "folder": str(folder)}
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        while not (folder / "pid").exists():
            assert self.process.poll() is None, "the forking process died"
            time.sleep(0.002)
        return Forked(folder)


@contextlib.contextmanager
def a_forker(folder: Path) -> Iterator[Forker]:
    root = Path(__file__).resolve().parents[2]
    env = {**os.environ, "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", "tests.scripts.forking"]
    with subprocess.Popen(command, cwd=root, env=env, stdin=subprocess.PIPE, text=True) as process:
        yield Forker(process, folder)
        assert process.stdin is not None
        process.stdin.close()


def _write(path: Path, text: str) -> None:
    """Whole or not at all: somebody waits for the file to appear."""
    draft = path.with_suffix(".draft")
    draft.write_text(text)
    draft.replace(path)


def _keep(job: dict[str, Any]) -> None:
    """Fork the script, wait for it, and say how it ended."""
    folder = Path(job["folder"])
    out, err = (os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) for name in ("out", "err"))
    pid = os.fork()
    if pid == 0:
        nothing = os.open(os.devnull, os.O_RDONLY)
        for here, there in ((nothing, 0), (out, 1), (err, 2)):
            os.dup2(here, there)
        os._exit(_run(job))
    _write(folder / "pid", str(pid))
    _, status = os.waitpid(pid, 0)
    _write(folder / "code", str(os.waitstatus_to_exitcode(status)))


def _run(job: dict[str, Any]) -> int:
    """What the interpreter does with a script: run it, turn how it ends into an exit code, write down what was printed."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(job["env"])
    os.chdir(job["cwd"])
    sys.argv = [job["script"], *job["arguments"]]
    sys.path[0] = str(Path(job["script"]).parent)
    sys.stdout, sys.stderr = (open(fd, "w", encoding="utf-8", closefd=False) for fd in (1, 2))  # noqa: SIM115
    code = 0
    try:
        runpy.run_path(job["script"], run_name="__main__")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:  # noqa: BLE001  # as the interpreter does
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def main() -> None:
    for name in SLOW_TO_LOAD:
        importlib.import_module(name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the keepers
    for line in sys.stdin:
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _keep(json.loads(line))
            os._exit(0)


if __name__ == "__main__":
    main()
