"""An open model is tuned, deployed with a keep, and forgotten: the guard leaves it alone until the keep ends, then removes it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from guard.core.reasons import KeepReason
from guard.core.removal import ActState
from guard.core.verdict import Keep
from guard.sandbox.storage import shelves_of
from tests.e2e.harness import CONFIG, Harness, a_harness
from tests.scripts.forking import Forker
from tests.scripts.test_walk_openai import raw_tickets
from tests.scripts.walking import BUCKET, Walk

SCENARIO = """
start: 2026-11-23T09:00:00Z
seed: 3
tuning: {takes: 20m}
projects:
  - {id: demo-research, number: "100000000001", locations: [us-central1, europe-west4]}
"""
FRIDAY = datetime(2026, 11, 27, 18, tzinfo=UTC)
POLL = ("--poll", "0.05")
FILES = ("--train", "data/train.jsonl", "--validation", "data/validation.jsonl")


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    with a_harness(tmp_path, scenario=SCENARIO, config=CONFIG.replace("ml:", "ada:")) as made:
        yield made


def tuned_and_deployed(harness: Harness, forker: Forker, *, ledger: bool) -> dict[str, object]:
    """Walk the scripts up to the deployment, with the clock running; then it stands still again."""
    world = harness.running.world
    shelves_of(world).create(world.all_projects()[0], {"name": BUCKET})
    more = {"TUNEGUARD_LEDGER": harness.environment["TUNEGUARD_LEDGER"]} if ledger else {}
    (harness.folder / "work").mkdir()
    walk = Walk(harness.folder / "work", world, harness.running.http, forker, more)
    raw_tickets(walk, 60)
    walk.run("prepare_data.py", "raw.jsonl", "--to", "data", "--target", "open")
    world.clock.set_speed(2400)
    walk.run(
        "tune_open_model.py",
        "start",
        "--run",
        "sorter",
        *FILES,
        "--bucket",
        f"gs://{BUCKET}",
        "--owner",
        "ada",
        "--yes",
        *POLL,
    )
    keep = ("--keep-until", "Friday 18:00", "--why", "demo for the board")
    result: dict[str, object] = walk.answer("tune_open_model.py", "deploy", "--run", "sorter", *keep, "--yes", *POLL)
    world.clock.set_speed(0)
    return result


def until(harness: Harness, when: datetime, step_hours: float = 4) -> None:
    while harness.running.world.now() < when:
        harness.cycle()
        harness.running.world.advance(min(timedelta(hours=step_hours), when - harness.running.world.now()))


def test_the_guard_keeps_it_until_friday_and_then_removes_it_and_says_whose_and_which_run(
    harness: Harness, forker: Forker
) -> None:
    harness.open()
    endpoint = str(tuned_and_deployed(harness, forker, ledger=True)["results"]["endpoint"])  # type: ignore[index]  # a dict of the record

    until(harness, FRIDAY - timedelta(hours=1))
    kept = {verdict.subject.name: verdict for verdict in harness.cycle().verdicts if isinstance(verdict, Keep)}
    [verdict] = [item for name, item in kept.items() if name.startswith(f"{endpoint}/")]
    assert verdict.reason is KeepReason.KEPT_BY_PERSON
    [order] = harness.guard.ledger.keeps(endpoint)
    assert (order.who, order.why, order.until) == ("ada", "demo for the board (sorter)", FRIDAY)
    assert harness.acts() == []
    assert len(harness.deployed(endpoint.rsplit("/", 1)[1])) == 1

    harness.running.world.advance(timedelta(hours=1))
    harness.until_settled(
        48
    )  # a busy machine may miss its lease a few times; nothing goes then, and the next cycle tries

    [act] = harness.acts()
    assert act.state is ActState.VERIFIED
    assert act.key.subject.startswith(f"{endpoint}/")
    assert act.display_name == "sorter"
    assert act.evidence["tuning_run"] == "sorter"
    assert harness.deployed(endpoint.rsplit("/", 1)[1]) == []
    assert act.intended_at is not None
    assert act.intended_at >= FRIDAY + timedelta(hours=2), "the notice runs after the keep"
    assert "sorter" in harness.told()


def test_without_a_ledger_a_label_keeps_it_and_is_understood(harness: Harness, forker: Forker) -> None:
    endpoint = str(tuned_and_deployed(harness, forker, ledger=False)["results"]["endpoint"])  # type: ignore[index]  # a dict of the record
    harness.open()
    harness.advance(4)

    verdicts = {verdict.subject.name: verdict for verdict in harness.cycle().verdicts}

    [verdict] = [item for name, item in verdicts.items() if name.startswith(f"{endpoint}/")]
    assert verdict.reason is KeepReason.KEPT_BY_LABEL
