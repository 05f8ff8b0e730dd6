"""The README's commands, run as written by somebody who has just come: against a sandbox that has `my-project`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.world import Place, here
from tests.docs.pages import ROOT, blocks, words_of
from tests.e2e.harness import a_harness

README = ROOT / "README.md"
SCENARIO = """
start: 2026-11-02T00:00:00Z
seed: 5
projects:
  - {id: my-project, number: "100000000001", locations: [us-central1]}
  - {id: demo-research, number: "100000000002", locations: [us-central1]}
endpoints:
  - {id: 1001, display_name: NAME, project: my-project, location: us-central1,
     deploy: [{id: 11, machine: n1-standard-4}], traffic: busy}
"""


def block_with(word: str) -> list[tuple[str, ...]]:
    """The `tuneguard` lines of the README's block that holds the word."""
    [text] = [text for _, text in blocks(README) if word in text]
    return [words for line in text.splitlines() if (words := words_of(line)) is not None]


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """An empty folder, a sandbox, and the notice URL exported as the README says."""
    folder = tmp_path_factory.mktemp("newcomer")
    with a_harness(tmp_path_factory.mktemp("harness"), scenario=SCENARIO) as harness:
        yield Place(harness, folder)


def run(place: Place, *words: str) -> tuple[int, str]:
    environment = {"TUNEGUARD_SANDBOX": place.harness.running.http, "OPS_URL": place.harness.sink.url}
    answer = here(*words, folder=place.folder, environment=environment)
    return answer.code, answer.out + answer.err


def test_using_it_for_real_goes_as_written(newcomer: Place) -> None:
    commands = block_with("tuneguard init")
    assert [words[0] for words in commands] == ["init", "doctor", "run", "status", "run"]

    told = [run(newcomer, *words) for words in commands[:-1]]  # the last one is the daemon

    assert [code for code, _ in told] == [0, 0, 0, 0], told
    assert "in observe mode" in told[0][1]
    assert "Everything that the guard needs works." in told[1][1]
    assert "NAME" in told[3][1]
    assert newcomer.harness.changes() == [], "it looks once and changes nothing"


def test_the_table_of_what_you_want_to_do_goes_as_written(newcomer: Place) -> None:
    run(newcomer, "init", "--project", "my-project")
    run(newcomer, "run", "--once")
    (newcomer.folder / "other.yaml").write_text((newcomer.folder / "guard.yaml").read_text("utf-8"), "utf-8")
    rows = re.findall(r"^\| [^|]+ \| `(tuneguard [^`]+)` \|$", README.read_text("utf-8"), re.MULTILINE)
    assert len(rows) >= 6

    rows.remove("tuneguard web")  # stays up until it is told to end: tests/web/door/test_command.py
    told = {row: run(newcomer, *(words_of(row) or ())) for row in rows}

    for row, (code, text) in told.items():
        if "restore" in row:
            assert (code, "nothing was removed yet" in text) == (2, True)
        else:
            assert code == 0, (row, text)


def test_the_excerpt_is_a_real_run() -> None:
    excerpt = README.read_text("utf-8").split("<!-- excerpt:begin")[1].split("<!-- excerpt:end")[0]

    assert "EXCERPT\n" not in excerpt, "fill in the excerpt of a real run"
    assert "undeployed" in excerpt


def test_the_readme_names_the_reasons_to_trust_it_on_its_first_screen() -> None:
    first = "\n".join(README.read_text("utf-8").splitlines()[:70])

    for promise in ("observe", "Unknown means keep", "make demo", "leaves alone"):
        assert promise in first
    assert Path(ROOT / "LICENSE").exists()
