#!/usr/bin/env python3
"""The whole fine-tuning path in a few minutes, against a sandbox of its own: no account, no key, nothing left behind."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from finetune import console
from finetune.clients import Place, storage_client
from finetune.errors import FINE, FOUND_SOMETHING, ProviderError
from finetune.tickets import FORMAT, tickets

HERE = Path(__file__).resolve().parent
# Forty minutes of the sandbox pass in a second, so that a job of twenty minutes takes half of one.
SCENARIO = """\
start: 2026-11-24T10:00:00Z
speed: 2400
tuning: {takes: 20m}
projects:
  - {id: demo-research, number: "100000000001", locations: [us-central1]}
"""
BUCKET = "demo-tuning-data"
POLICY = """# Refunds

A refund reaches the card after five working days. Deposits come back on the day the contract ends.

# Parcels

A parcel that the courier lost is sent again after ten days.
"""
PATTERN = r"queue=\w+; urgency=\d"
JOB = (
    "--train",
    "{target}/train.jsonl",
    "--validation",
    "{target}/validation.jsonl",
    "--epochs",
    "3",
    "--yes",
    "--poll",
    "0.1",
)

app = console.app(
    "tune_demo.py",
    "Decide, prepare, estimate, tune, evaluate, use, tear down: at every provider, against a sandbox of its own.",
)


@app.default
def main(
    *,
    keep: Annotated[Path | None, Parameter(help="Work in this folder and leave the reports there.")] = None,
    examples: Annotated[int, Parameter(help="How many tickets to invent.")] = 500,
) -> int:
    """Run the demo. Every line that begins with $ is a command that you can run yourself."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        folder = keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        with _sandbox(folder):
            left = _walk(folder, examples)
    console.out.print(
        f"\n{time.monotonic() - began:.0f} s. The models are stand-ins that learn a little, not language models.",
        markup=False,
    )
    if keep is not None:
        console.out.print(f"Reports: {keep}/report.html, {keep}/runs/*/evaluation.html", markup=False)
    return FOUND_SOMETHING if left else FINE


def _walk(folder: Path, examples: int) -> int:
    """The path itself; how many runs left something behind."""
    _write_data(folder, examples)
    _title("Is tuning the answer? For knowledge that changes it is not, so this ends in retrieval")
    _run(folder, "advise.py", "tickets.jsonl", "--goal", "knowledge")
    _run(folder, "prompt_claude.py", "ask", "How long does a refund take?", "--documents", "policy", "--cache", "off")
    _title("For a house format and one narrow task it is measured first, then decided")
    measured = (
        "--base",
        "gpt-4.1-mini-2025-04-14",
        "--prompt",
        "prompt.txt",
        "--calls-a-month",
        "100000",
        "--limit",
        "60",
    )
    _run(folder, "advise.py", "tickets.jsonl", "--goal", "format", "--goal", "narrow", *measured)
    _title("Prepare the data for each provider, check it, say what it will cost")
    for target in ("openai", "gemini", "open"):
        _run(
            folder,
            "prepare_data.py",
            "tickets.jsonl",
            "--to",
            target,
            "--target",
            target,
            "--system",
            "Sort the ticket.",
            quiet=True,
        )
    _run(
        folder,
        "validate_data.py",
        "openai/train.jsonl",
        "--validation",
        "openai/validation.jsonl",
        "--test",
        "openai/test.jsonl",
        "--html",
        "report.html",
        last=3,
    )
    _run(folder, "estimate.py", "openai/train.jsonl", "--model", "gpt-4.1-mini-2025-04-14")
    _title("Tune at OpenAI, on Gemini, and an open model; evaluate each on tickets it has not seen")
    google = ("--bucket", f"gs://{BUCKET}", "--owner", "ada")
    for run, script, target, more in (
        ("sort-openai", "tune_openai.py", "openai", ()),
        ("sort-gemini", "tune_gemini.py", "gemini", google),
        ("sort-open", "tune_open_model.py", "open", google),
    ):
        _run(folder, script, "start", "--run", run, *(part.format(target=target) for part in JOB), *more)
        if target == "open":
            _run(folder, script, "deploy", "--run", run, "--keep-until", "Friday 18:00", "--yes", "--poll", "0.1")
        _run(
            folder,
            "evaluate.py",
            "--run",
            run,
            "--test",
            f"{target}/test.jsonl",
            "--prompt",
            "prompt.txt",
            "--pattern",
            PATTERN,
        )
    _run(folder, "predict.py", "Hello, my parcel went missing. Everything stands still.", "--run", "sort-gemini")
    _title("Claude is not tuned: the same examples go into the prompt")
    claude = (
        "--base",
        "claude-haiku-4-5",
        "--shots-from",
        "openai/train.jsonl",
        "--shots",
        "40",
        "--prompt",
        "prompt.txt",
        "--pattern",
        PATTERN,
    )
    _run(folder, "evaluate.py", "--run", "sort-claude", "--test", "openai/test.jsonl", *claude)
    _title("Tear everything down")
    runs = ("sort-openai", "sort-gemini", "sort-open", "sort-claude")
    left = sum(_run(folder, "teardown.py", "--run", run, "--yes", "--poll", "0.1", may_fail=True) for run in runs)
    _title("The comparison, on the same unseen tickets")
    _run(folder, "evaluate.py", "compare", *runs)
    return left


def _write_data(folder: Path, number: int) -> None:
    rows = [{"input_text": item.text, "output_text": item.answer} for item in tickets(number, seed=1)]
    (folder / "tickets.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "prompt.txt").write_text(
        f"Sort the ticket into one of our queues and say how urgent it is, 3 being the most urgent.\n{FORMAT}\n",
        encoding="utf-8",
    )
    (folder / "policy").mkdir(exist_ok=True)
    (folder / "policy" / "policy.md").write_text(POLICY, encoding="utf-8")


def _title(text: str) -> None:
    console.out.print(f"\n== {text}", markup=False)


def _run(
    folder: Path, script: str, *arguments: str, quiet: bool = False, last: int | None = None, may_fail: bool = False
) -> int:
    """Show a command, run it, show what it says; its exit code."""
    console.out.print(f"\n$ {script} {shlex.join(arguments)}", markup=False)
    done = subprocess.run(  # noqa: S603  # our own scripts with our own arguments
        [sys.executable, str(HERE / script), *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode and not may_fail:
        raise ProviderError(f"{script} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    lines = [] if quiet else done.stdout.rstrip().splitlines()
    for line in lines[-last:] if last is not None else lines:
        console.out.print(line, markup=False)
    return done.returncode


@contextmanager
def _sandbox(folder: Path) -> Iterator[None]:
    """A sandbox of our own, with a bucket, for as long as the demo runs; every script is pointed at it."""
    scenario = folder / "scenario.yaml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    command = [sys.executable, "-m", "guard.sandbox", "--scenario", str(scenario)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  # our own module
    try:
        line = process.stdout.readline() if process.stdout is not None else ""
        if not line:
            raise ProviderError("The sandbox did not start; its message stands above.")
        os.environ["TUNEGUARD_SANDBOX"] = json.loads(line)["http"]
        os.environ["GOOGLE_CLOUD_PROJECT"] = "demo-research"
        storage_client(Place("demo-research", "us-central1")).create_bucket(BUCKET)
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)
        if process.stdout is not None:
            process.stdout.close()


if __name__ == "__main__":
    console.run(app)
