"""The configuration in force: a changed file is taken up, a wrong one is not; where the ledger is looked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from guard import wiring
from guard.ports.errors import ConfigInvalid, LedgerUnusable, WorldMismatch
from guard.telemetry.metrics import Metrics
from guard.wiring.in_force import InForce
from tests.config.files import ENVIRONMENT, VALID, changed


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "guard.yaml"
    path.write_text(VALID, "utf-8")
    return path


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def in_force(file: Path, metrics: Metrics) -> Iterator[InForce]:
    one = InForce(file, ENVIRONMENT, loopback_only=True, metrics=metrics)
    yield one
    one.close()


def write(file: Path, text: str) -> None:
    """Write, and let a second pass: a file's times may be coarse."""
    before = file.stat().st_mtime_ns
    file.write_text(text, "utf-8")
    os.utime(file, ns=(before + 10**9, before + 10**9))


def valid(metrics: Metrics) -> float | None:
    return metrics.registry.get_sample_value("tuneguard_config_valid")


def test_a_changed_file_is_in_force_at_the_next_reload(file: Path, in_force: InForce) -> None:
    before = in_force.settings().digest
    write(file, changed("removals_per_day: 3", "removals_per_day: 9"))

    assert in_force.settings().digest == before
    assert in_force.reload() is None
    assert in_force.settings().default.limits.removals_per_day == 9


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (changed("removals_per_day: 3", "removals_per_day: lots"), "limits.removals_per_day"),
        (changed("${OPS_URL}", "nosuchkind://x"), "notify.ops"),
        ("[", "is no YAML"),
        ("", "an empty file"),
    ],
)
def test_a_wrong_file_is_told_and_the_last_valid_one_stays(
    file: Path, in_force: InForce, metrics: Metrics, text: str, words: str
) -> None:
    before = in_force.settings()
    write(file, text)

    assert words in str(in_force.reload())
    assert in_force.settings() is before
    assert valid(metrics) == 0
    write(file, VALID)
    assert in_force.reload() is None
    assert valid(metrics) == 1


def test_a_file_that_vanished_is_told_and_the_last_valid_one_stays(file: Path, in_force: InForce) -> None:
    before = in_force.settings()
    file.unlink()

    assert "there is no such file" in str(in_force.reload())
    assert in_force.settings() is before


def test_a_wrong_file_at_the_start_is_refused(file: Path, metrics: Metrics) -> None:
    file.write_text("mode: x", "utf-8")

    with pytest.raises(ConfigInvalid, match=r"guard\.yaml:1:1: mode"):
        InForce(file, ENVIRONMENT, loopback_only=True, metrics=metrics)


def test_in_a_sandbox_a_channel_that_leaves_this_machine_is_refused(file: Path, metrics: Metrics) -> None:
    with pytest.raises((WorldMismatch, ConfigInvalid), match=r"example\.com|ops"):
        InForce(file, {"OPS_URL": "json://example.com/hook"}, loopback_only=True, metrics=metrics)


def test_a_ledger_is_looked_for_beside_guard_yaml_whatever_the_folder(file: Path) -> None:
    file.write_text(VALID + "ledger: sqlite:///state/x.db\n", "utf-8")

    assert wiring.ledger_url(file, ENVIRONMENT) == f"sqlite:///{file.parent.resolve()}/state/x.db"
    assert wiring.ledger_url(file, ENVIRONMENT | {"TUNEGUARD_LEDGER": "sqlite:///y.db"}) == "sqlite:///y.db"


def test_a_ledger_elsewhere_is_taken_as_it_is(file: Path) -> None:
    for url in ("sqlite:////var/lib/x.db", "postgresql+psycopg://u@h/db"):
        file.write_text(VALID + f"ledger: {url}\n", "utf-8")
        assert wiring.ledger_url(file, ENVIRONMENT) == url


def test_a_command_that_reads_makes_no_ledger(file: Path) -> None:
    with pytest.raises(LedgerUnusable, match="There is no ledger"):
        wiring.open_existing_ledger(file, ENVIRONMENT)

    assert [path.name for path in file.parent.iterdir()] == ["guard.yaml"]


def test_a_sandbox_elsewhere_is_refused_before_any_call() -> None:
    with pytest.raises(WorldMismatch, match=r"example\.com"):
        wiring.connect({"TUNEGUARD_SANDBOX": "http://example.com"})
