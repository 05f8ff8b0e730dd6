"""`tuneguard backtest` on the guard's own ledger, and a person's word on what it showed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from guard.cli.app import run
from guard.core.settings import backtest_digest
from guard.core.usage import HourRow, pack
from guard.ledger import open_ledger

GUARD = """
mode: observe
projects: [my-project]
owners: {from: [label:owner], fallback: ops}
notify: {ops: "json://localhost:9"}
if_wrong: {team: {per_minute_down: 1}}
policies:
  - {name: default, match: all, if_wrong: team, wait: auto, do: [undeploy]}
"""
NAME = "projects/1/locations/r/endpoints/2/deployedModels/3"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "guard.yaml"
    path.write_text(GUARD)
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    monkeypatch.setenv("TUNEGUARD_LEDGER", url)
    ledger = open_ledger(url, world="sandbox:test")
    rows = [
        HourRow(hour=480_000 + h, requests=int(h % 9 == 0), covered=True, replicas=1.0, duty=0.0 if h % 9 else 30.0)
        for h in range(24 * 30)
    ]
    ledger.save_usage({NAME: pack(rows)}, from_hour=0)
    ledger.close()
    yield path
    ledger.close()


def test_the_ledgers_own_history_is_replayed(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["backtest", "--config", str(config), "--ratio-hours", "4", "--wait", "break_even", "-o", "json"])

    (line,) = json.loads(capsys.readouterr().out)["results"]
    assert code == 0
    # Eighty silences of eight hours (the last one has not ended): each saves four and costs four.
    assert line["removals"] == 80
    assert line["cold_starts"] == 79
    assert line["saved_hours"] == pytest.approx(4)


def test_a_persons_word_is_in_the_ledger_with_digest_and_figures(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(["backtest", "--config", str(config), "--ratio-hours", "4", "--accept", "default", "--by", "kim"])

    assert code == 0
    assert "kim saw these figures for policy default" in capsys.readouterr().out
    from guard.config import load

    rules = load(config).settings.default
    ledger = open_ledger(f"sqlite:///{config.parent / 'ledger.db'}", world="sandbox:test", create=False)
    words = ledger.view(datetime.now(UTC) + timedelta(days=1)).acknowledgements
    ledger.close()
    (word,) = words
    digest, figures = word.what.split(" ", 1)
    assert digest == f"backtest:{backtest_digest(rules.policies[0])}"
    assert json.loads(figures)["results"]
    assert word.who == "kim"


def test_accepting_a_policy_that_is_not_there_is_wrong_use(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["backtest", "--config", str(config), "--ratio-hours", "4", "--accept", "prod"])

    assert code == 2
    assert "No policy is called 'prod'. There are: default." in " ".join(capsys.readouterr().err.split())
