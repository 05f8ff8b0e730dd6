"""The scripts at their edges: help, exit codes, one clear error, no traceback, results on stdout only."""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cyclopts
import pytest

from tests.scripts.walking import SCRIPTS
from tests.scripts.writing import chat, lines, pairs


def run(folder: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("OPENAI", "ANTHROPIC", "GOOGLE", "TUNEGUARD"))
    }
    done = subprocess.run(
        [sys.executable, str(SCRIPTS / script), *arguments],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


EVERY = (
    *(
        "advise",
        "prepare_data",
        "validate_data",
        "estimate",
        "tune_openai",
        "tune_gemini",
        "tune_open_model",
        "prompt_claude",
    ),
    *("evaluate", "predict", "teardown", "personalise", "tune_demo"),
)


def test_every_script_explains_itself(tmp_path: Path) -> None:
    for script in EVERY:
        done = run(tmp_path, f"{script}.py", "--help")

        assert done.returncode == 0, script
        assert "Usage" in done.stdout, script


def options_of(app: cyclopts.App) -> Iterator[tuple[str, cyclopts.Argument]]:
    """Every option of a script and of its commands."""
    commands = [app[name] for name in app if not name.startswith("-")]
    for one in (app, *commands):
        if one.default_command is not None:
            yield from ((one.name[0], argument) for argument in one.assemble_argument_collection())


@pytest.mark.parametrize("script", EVERY)
def test_every_option_says_what_it_is(script: str) -> None:
    options = list(options_of(importlib.import_module(script).app))

    assert options
    assert [f"{command} {argument.name}" for command, argument in options if not argument.parameter.help] == []


@pytest.mark.parametrize(
    ("script", "arguments"),
    [
        ("validate_data.py", ("none.jsonl",)),
        ("prepare_data.py", ("none.jsonl", "--to", "out")),
        ("prepare_data.py", ("--to", "out")),
        ("estimate.py", ("good.jsonl", "--model", "gpt-9")),
        ("estimate.py", ("good.jsonl", "--target", "anthropic")),
        ("estimate.py", ("good.jsonl", "--epochs", "0")),
        ("advise.py", ("good.jsonl", "--goal", "magic")),
        ("advise.py", ("good.jsonl", "--goal", "narrow", "--prompt", "none.txt")),
        ("advise.py", ("good.jsonl", "--goal", "narrow", "--documents", "none")),
        ("advise.py", ("good.jsonl", "--goal", "narrow", "--good-enough", "5")),
        ("advise.py", ("good.jsonl", "--goal", "narrow", "--tune-model", "claude-haiku-5-5")),
        ("advise.py", ("good.jsonl", "--goal", "narrow", "--tune-model", "gpt-4.1-nano-2025-04-14")),
        ("tune_openai.py", ("follow", "--run", "never", "--poll", "-1")),
        ("tune_openai.py", ("start", "--run", "x", "--train", "good.jsonl", "--yes")),
        (
            "tune_gemini.py",
            ("start", "--run", "x", "--train", "good.jsonl", "--bucket", "gs://b", "--owner", "ada", "--yes"),
        ),
        ("tune_openai.py", ("follow", "--run", "never")),
        ("evaluate.py", ("compare", "never")),
        ("predict.py", ("hello", "--run", "never")),
        ("teardown.py", ("--run", "never")),
        ("prompt_claude.py", ("ask", "hello")),
    ],
)
def test_a_wrong_use_is_one_message_and_exit_code_2(tmp_path: Path, script: str, arguments: tuple[str, ...]) -> None:
    lines(tmp_path / "good.jsonl", pairs(30))

    done = run(tmp_path, script, *arguments)

    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.strip() or done.stdout.strip()


def test_a_sandbox_that_is_not_there_and_an_address_that_is_not_local_are_said(tmp_path: Path) -> None:
    lines(tmp_path / "good.jsonl", pairs(30))
    outcomes = []
    for address in ("http://127.0.0.1:1", "https://api.openai.example"):
        env = {**os.environ, "TUNEGUARD_SANDBOX": address}
        command = [
            sys.executable,
            str(SCRIPTS / "tune_openai.py"),
            "start",
            "--run",
            "x",
            "--train",
            "good.jsonl",
            "--yes",
        ]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr
        outcomes.append((done.returncode, "TUNEGUARD_SANDBOX" in done.stderr))

    assert outcomes == [(3, True), (2, True)]


def test_the_validators_exit_code_is_for_ci(tmp_path: Path) -> None:
    good = lines(tmp_path / "good.jsonl", pairs(1000))
    bad = lines(tmp_path / "bad.jsonl", [*pairs(20), chat("q", "")])
    warned = lines(tmp_path / "warned.jsonl", pairs(40))

    assert run(tmp_path, "validate_data.py", good.name).returncode == 0
    found = run(tmp_path, "validate_data.py", bad.name, "--output", "json")
    assert found.returncode == 1
    assert [
        (item["code"], item["line"]) for item in json.loads(found.stdout)["findings"] if item["severity"] == "error"
    ] == [("empty-content", 21)]
    assert run(tmp_path, "validate_data.py", warned.name).returncode == 0
    assert run(tmp_path, "validate_data.py", warned.name, "--strict").returncode == 1


MEASURED = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from finetune.checks import survey
survey.EXACT_TOKENS = 200
survey.survey([("train", Path(sys.argv[2]))], target="openai", model="gpt-4.1")
# getrusage would report the memory of the process that forked this one
status = Path("/proc/self/status").read_text()
print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """10 MB and 20 MB of the same kind take about the same memory; benchmarks/bench_data.py does it with 1 GB."""
    text = "many words of a rather long and boring training example " * 60
    peaks = []
    for number in (3_000, 6_000):
        path = tmp_path / f"{number}.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for at in range(number):
                file.write(json.dumps(chat(f"{at} {text}", f"answer {at}")) + "\n")
        command = [sys.executable, "-c", MEASURED, str(SCRIPTS), str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        peaks.append(int(done.stdout) / 1024)

    assert peaks[1] - peaks[0] < 8, f"{peaks} MiB: 10 MB more text may not take 8 MiB more memory"
    assert peaks[1] < 300
