"""Help and completion: every command has it, quickly, and without loading what only work needs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from guard.cli.app import COMMANDS, make_app
from tests.cli.world import environment_of, here, tuneguard

NAMES = [name for name, _, _ in COMMANDS]
HEAVY = (
    "google",
    "openai",
    "grpc",
    "sqlalchemy",
    "apprise",
    "numpy",
    "pulumi",
    "uvicorn",
    "starlette",
    "alembic",
    "httpx",
)
PROBE = f"""
import json, sys, time
before = set(sys.modules)
from guard.cli.app import run
code = run(sys.argv[1:])
loaded = sorted({{name.partition(".")[0] for name in set(sys.modules) - before}} & set({HEAVY!r}))
print(json.dumps([code, loaded, time.process_time()]), file=sys.stderr)
"""


def probe(*arguments: str, folder: Path) -> tuple[int, list[str], float]:
    """Exit code, heavy packages that were loaded, and seconds of processor time of one command line in a process."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        cwd=folder,
        env=environment_of(folder, {}),
        capture_output=True,
        text=True,
        check=True,
    )
    code, loaded, seconds = json.loads(done.stderr.splitlines()[-1])
    return code, loaded, seconds


@pytest.mark.parametrize("name", NAMES)
def test_help_loads_nothing_heavy(tmp_path: Path, name: str) -> None:
    code, loaded, _ = probe(name, "--help", folder=tmp_path)

    assert (code, loaded) == (0, [])


def test_the_first_help_takes_less_than_a_quarter_of_a_second_of_processor(tmp_path: Path) -> None:
    """The best of some: a machine that is busy with other things takes longer for the same work."""
    assert min(probe("--help", folder=tmp_path)[2] for _ in range(4)) < 0.25


@pytest.mark.parametrize("name", ["", *NAMES])
def test_help_fits_the_terminal_and_tells_the_options(tmp_path: Path, name: str) -> None:
    answer = here(*name.split(), "--help", folder=tmp_path, environment={})

    assert (answer.code, answer.err) == (0, "")
    assert answer.out.lstrip().startswith(f"Usage: tuneguard {name}".rstrip())
    assert max(map(len, answer.out.splitlines())) <= 100
    if name not in {"demo", "web"}:  # their last lines say what is virtual, and what it prints
        assert "Exit codes: 0 fine, 1 found something, 2 wrong use, 3 could not find out." in answer.out


@pytest.mark.parametrize("name", NAMES)
def test_a_commands_own_help_line_is_the_one_in_the_list(tmp_path: Path, name: str) -> None:
    """The list has help lines of its own, so that it loads no command; the two must not part."""
    from importlib import import_module

    own = str(import_module(f"guard.cli.{name}").app.help)
    listed = next(line for listed, _, line in COMMANDS if listed == name)
    assert own.partition(";")[0].rstrip(".").casefold()[:25] == listed.partition(";")[0].rstrip(".").casefold()[:25]


def test_without_a_command_it_shows_the_help(tmp_path: Path) -> None:
    assert tuneguard(folder=tmp_path, environment={}).out.lstrip().startswith("Usage: tuneguard COMMAND")


def test_the_version_is_the_packages(tmp_path: Path) -> None:
    from importlib.metadata import version

    assert here("--version", folder=tmp_path, environment={}).out == f"tuneguard {version('tuneguard')}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_commands_and_options(shell: str) -> None:
    script = make_app().generate_completion(prog_name="tuneguard", shell=shell)  # type: ignore[arg-type]  # one of its three

    for word in (*NAMES, "dry-run", "against", "project"):
        assert word in script


@pytest.mark.parametrize(("shell", "startup"), [("bash", ".bashrc"), ("zsh", ".zshrc"), ("fish", None)])
def test_completion_installs_for_a_shell(tmp_path: Path, shell: str, startup: str | None) -> None:
    target = tmp_path / f"completion.{shell}"

    answer = here("--install-completion", "--shell", shell, "--output", str(target), folder=tmp_path, environment={})

    assert answer.code == 0
    assert "tuneguard" in target.read_text("utf-8")
    if startup:
        assert (tmp_path / startup).exists()


def test_bash_can_read_its_completion() -> None:
    script = make_app().generate_completion(prog_name="tuneguard", shell="bash")

    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
