"""`tuneguard backtest --from-monitoring`: six weeks read over the wire from the sandbox, without a ledger; holes are told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from guard.cli.app import run
from guard.sandbox.scenario.build import build
from guard.sandbox.scenario.load import parse
from guard.sandbox.server import Running, start_in_thread

SCENARIO = """
start: 2026-11-20T12:00:00Z
seed: 3
projects: [{id: acme-ml, number: "123456", locations: [us-central1]}]
models: [{id: "2001"}]
pools: [{id: shared, location: us-central1, machine: n1-standard-4}]
endpoints:
  - {id: "3", display_name: pooled and called, deploy: [{id: "31", model: "2001", pool: shared}],
     traffic: {pattern: weekdays, per_hour: 12}}
  - {id: "4", display_name: pooled and silent, deploy: [{id: "41", model: "2001", pool: shared}]}
  - {id: "1", display_name: chat, deploy: [{id: "11", model: "2001", machine: n1-standard-4}],
     traffic: {pattern: weekdays, per_hour: 12}}
  - {id: "2", display_name: trial, deploy: [{id: "21", model: "2001", machine: n1-standard-4}],
     traffic: {pattern: burst_then_forgotten, until: -20d, per_hour: 6}}
"""
GUARD = """
mode: observe
projects: [acme-ml]
owners: {from: [label:owner], fallback: ops}
notify: {ops: "json://localhost:9"}
if_wrong: {team: {per_minute_down: 0.05}}
policies:
  - {name: default, match: all, if_wrong: team, wait: auto, notify_before: 2h, do: [undeploy]}
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with start_in_thread(build(parse(SCENARIO))) as running:
        yield running


@pytest.fixture
def config(sandbox: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("TUNEGUARD_SANDBOX", sandbox.http)
    monkeypatch.delenv("TUNEGUARD_LEDGER", raising=False)
    path = tmp_path / "guard.yaml"
    path.write_text(GUARD)
    sandbox.world.faults.clear()
    yield path
    sandbox.world.faults.clear()


def answer(config: Path, capsys: pytest.CaptureFixture[str], *options: str) -> Any:
    code = run(["backtest", "--from-monitoring", "--config", str(config), "-o", "json", *options])
    out, err = capsys.readouterr()
    assert code == 0, err
    return json.loads(out)


def test_a_guard_that_has_never_run_can_be_tried_on_six_weeks(
    config: Path, sandbox: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    document = answer(config, capsys)

    (fleet,) = document["fleets"]
    assert document["problems"] == []
    assert fleet["endpoints"] == 3, "the pool is one of them"
    assert document["left_out"] == []
    assert fleet["endpoint_weeks"] == pytest.approx(90 / 7, abs=0.2)  # the sandbox has a past of thirty days
    assert {line["rule"]: line["removals"] for line in fleet["results"]}["never"] == 0
    saved = {line["rule"]: line["saved"] for line in fleet["results"]}
    # Twenty days of silence of the one and nights and weekends of the other and of the pool, at $0.22 an hour.
    assert 200 < saved["auto"] < fleet["results"][0]["possible"] < 320
    assert saved["policy"] == saved["auto"]
    assert not list(config.parent.glob("*.db"))
    assert not [call for call in sandbox.world.calls if call.changes], "reads only"


def test_a_week_that_could_not_be_read_is_told_and_saves_nothing(
    config: Path, sandbox: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = answer(config, capsys, "--wait", "24h")["fleets"][0]["results"][0]["saved"]
    hole = {"metric": "*prediction_count"}
    sandbox.world.faults.add("monitoring_execution_error", at=sandbox.world.now(), scope={}, params=hole, count=5)

    document = answer(config, capsys, "--wait", "24h")

    assert len(document["problems"]) == 5
    assert "execution error" in document["problems"][0]
    (fleet,) = document["fleets"]
    assert 0 < fleet["results"][0]["saved"] < whole / 2


def test_wrong_use_is_one_message(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for options, message in (
        (["--days", "60"], "--days: found 60; expected 1 to 42"),
        (["--ratio-hours", "8"], "--from-monitoring: found with --trace or --ratio-hours"),
    ):
        assert run(["backtest", "--from-monitoring", "--config", str(config), *options]) == 2
        assert message in " ".join(capsys.readouterr().err.split())


def test_a_project_that_nobody_called_is_told_as_that(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(GUARD.replace("if_wrong: team, wait: auto", "wait: 24h"))

    assert run(["backtest", "--from-monitoring", "--config", str(config), "--days", "2"]) == 2
    assert "does not say what a wrong removal costs" in " ".join(capsys.readouterr().err.split())
