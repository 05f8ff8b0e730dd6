"""`run`: one cycle, the daemon, a second daemon, a ledger restored from a backup, a location that cannot be listed."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.cli.world import COMMAND, Place, environment_of

pytestmark = pytest.mark.xdist_group("cli")


@pytest.fixture
def observing(copied: Place) -> Place:
    """A guard that only looks, on a ledger that nobody leads at the moment."""
    copied.change("mode: enforce", "mode: observe")
    copied.change("limits:", "health: {port: 0}\nlimits:")
    copied.execute("UPDATE lease SET expires_ms = 0")
    return copied


@contextmanager
def a_daemon(place: Place) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """`tuneguard run` with its ready line."""
    process = subprocess.Popen(
        [*COMMAND, "run"],
        cwd=place.folder,
        env=environment_of(place.folder, place.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline() or "{}")
    finally:
        process.kill()
        process.communicate()


def test_one_cycle_shows_its_plan_and_what_it_did_not_do(observing: Place) -> None:
    table = observing("run", "--once")
    document = observing.here("run", "--once", "-o", "json")

    assert (table.code, table.err) == (document.code, document.err)
    assert "mode observe" in table.out
    assert {"actions", "notices", "blocked", "kept", "unknown", "did", "cycle_id", "taken_at"} <= set(document.document)
    assert observing.here("status", "-o", "json").document["mode"] == "observe"


def test_in_observe_mode_a_wish_for_a_removal_or_a_restore_is_said_to_wait(observing: Place) -> None:
    observing.here("run", "--once")

    assert "The mode is observe, which changes nothing" in observing.here("restore", "forgotten-gpu").out
    observing.here("pause")
    assert "The guard is paused: `tuneguard resume` first." in observing.here("restore", "forgotten-gpu").out


def test_a_daemon_says_that_it_is_ready_and_ends_cleanly_and_a_second_one_does_nothing(observing: Place) -> None:
    with a_daemon(observing) as (process, ready):
        assert ready["pid"] == process.pid
        assert httpx.get(f"{ready['health']}/livez", timeout=10).status_code == 200
        assert "tuneguard_" in httpx.get(f"{ready['health']}/metrics", timeout=10).text
        port = ready["health"].rsplit(":", 1)[1]
        second = observing.here("run", "--once")
        assert (second.code, second.out) == (3, "")
        assert "another daemon leads on this ledger; nothing was done" in second.err

        observing.change("health: {port: 0}", f"health: {{port: {port}}}")
        taken = observing.here("run", "--standby")
        assert (taken.code, taken.out) == (3, "")
        assert f"port {port} on 127.0.0.1 cannot be used" in taken.err
        assert "Is another daemon running?" in taken.err

        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_a_location_that_cannot_be_listed_is_told_and_the_others_go_on(observing: Place) -> None:
    observing.harness.fault("permission_lost", location="europe-west4", service="aiplatform")
    try:
        answer = observing.here("run", "--once", "-o", "json")
        found = observing.here("doctor", "-o", "json").document
    finally:
        observing.harness.clear_faults()

    assert answer.code == 3
    assert "2 project locations could not be listed; everything there is kept." in answer.err
    blocked = {item["subject"] for item in answer.document["blocked"] + answer.document["actions"]}
    assert any("/endpoints/1003/" in subject for subject in blocked), "the others were judged"
    wrong = {finding["check"] for finding in found["findings"] if not finding["good"]}
    assert "listing demo-research/europe-west4" in wrong


def test_a_ledger_restored_from_a_backup_acts_on_nothing(place: Place, copied: Place) -> None:
    """The claim in the bucket knows acts that this ledger lacks; the throttle no longer holds it back, the claim does."""
    copied.change("removals_per_day: 1", "removals_per_day: 9")
    shutil.copy(place.folder / "backup.db", copied.ledger)
    copied.execute("UPDATE lease SET expires_ms = 0")
    before = len(place.harness.changes())

    answer = copied.here("run", "--once", "-o", "json")

    assert answer.document["did"], "something was due"
    assert {one["block"] for one in answer.document["did"]} == {"no_claim"}
    assert len(place.harness.changes()) == before
