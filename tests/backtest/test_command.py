"""The command line: a trace in, figures and a waits file out; wrong use is one clear message and exit code 2."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from guard.cli.app import run


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "trace.csv"
    rows = [f"{(7 * i + i % 5) * 3600},{name}" for name in ("a", "b") for i in range(60)]
    path.write_text("t_seconds,endpoint\n" + "\n".join(rows) + "\n")
    return path


def test_a_trace_is_replayed_and_its_waits_are_written(
    trace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "waits.csv"

    code = run(["backtest", "--trace", str(trace), "--ratio-hours", "8", "--wait", "auto", "--dump-waits", str(out)])

    assert code == 0
    assert "2 endpoints" in capsys.readouterr().out
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert {row["endpoint"] for row in rows} == {"a", "b"}
    assert all(8 / 3 * 3600 - 1 <= float(row["wait_seconds"]) <= 24 * 3600 + 1 for row in rows)


def test_rules_stand_side_by_side_in_json(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["backtest", "--trace", str(trace), "--ratio-hours", "8", "--wait", "break_even", "never", "-o", "json"])

    answer = json.loads(capsys.readouterr().out)
    assert code == 0
    assert [line["rule"] for line in answer["results"]] == ["break_even", "never"]
    assert answer["results"][1]["saved_hours"] == 0


def test_a_notice_shows_what_it_costs(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--ratio-hours", "3", "--wait", "break_even", "--notice", "24h", "--output", "json"]
    run(["backtest", "--trace", str(trace), *arguments])

    plain, noticed = json.loads(capsys.readouterr().out)["results"]
    assert noticed["rule"] == "break_even + 24 h notice"
    assert noticed["removals"] < plain["removals"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--ratio-hours", "0"], "--ratio-hours: found 0; expected hours above 0"),
        (["--wait", "soon"], "expected auto, break_even, never, or a duration such as 24h"),
        (["--notice", "5"], "--notice: found '5'; expected a duration such as 24h"),
        (["--worst-case", "1.5"], "--worst-case: found 1.5; expected 2 or more"),
        (["--ratio-hours", "1", "8", "--dump-waits", "w.csv"], "goes with one --ratio-hours and one --wait"),
        (["--accept", "default"], "--accept goes with the ledger's own history"),
        (["--bucket-seconds", "-1"], "--bucket-seconds: found -1"),
    ],
)
def test_wrong_use_is_one_message(
    trace: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    code = run(["backtest", "--trace", str(trace), *arguments])

    assert code == 2
    said = capsys.readouterr().err
    assert message in " ".join(said.split())
    assert "Traceback" not in said
