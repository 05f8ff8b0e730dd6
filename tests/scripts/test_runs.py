"""A run's record: a step is never done twice, whatever is cut where; other values and a second process are refused."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from finetune import trained
from finetune.errors import UserError
from finetune.runs import Run

from tests.scripts.writing import lines, pairs

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)


class LostError(Exception):
    """The connection was cut."""


class Cloud:
    """A platform where things are made; it can lose the answer after the work is done, or before."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.lose: str | None = None

    def find(self) -> dict[str, Any] | None:
        return {"id": self.made[0]} if self.made else None

    def do(self) -> dict[str, Any]:
        lost, self.lose = self.lose, None
        if lost == "before":
            raise LostError
        self.made.append(f"thing-{len(self.made)}")
        if lost == "after":
            raise LostError
        return {"id": self.made[-1]}


def a_run(parent: Path, name: str = "tick") -> Run:
    return Run.start(name, provider="openai", now=NOW, parent=parent)


def once(run: Run, cloud: Cloud) -> str:
    return str(run.once("make", find=cloud.find, do=cloud.do, now=NOW, lost=(LostError,))["id"])


def test_a_done_step_is_not_done_again(tmp_path: Path) -> None:
    cloud, run = Cloud(), a_run(tmp_path)
    once(run, cloud)
    run.close()
    again = a_run(tmp_path)

    assert once(again, cloud) == "thing-0"
    assert len(cloud.made) == 1


def test_an_answer_lost_after_the_work_is_found_again_at_once(tmp_path: Path) -> None:
    cloud, run = Cloud(), a_run(tmp_path)
    cloud.lose = "after"

    assert once(run, cloud) == "thing-0"
    assert len(cloud.made) == 1


def test_a_call_lost_before_the_work_is_told_and_can_be_repeated(tmp_path: Path) -> None:
    cloud, run = Cloud(), a_run(tmp_path)
    cloud.lose = "before"

    with pytest.raises(LostError):
        once(run, cloud)
    assert once(run, cloud) == "thing-0"
    assert len(cloud.made) == 1


def test_a_process_that_died_between_work_and_record_is_followed_by_one_that_finds_it(tmp_path: Path) -> None:
    cloud, run = Cloud(), a_run(tmp_path)

    def die() -> dict[str, Any]:
        cloud.do()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.once("make", find=cloud.find, do=die, now=NOW)
    run.close()

    assert once(a_run(tmp_path), cloud) == "thing-0"
    assert len(cloud.made) == 1


def test_before_anything_has_begun_other_values_take_the_place_of_those_that_were_declined(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    run.fix("parameters", {"epochs": 9, "beta": 1})
    run.fix("parameters", {"epochs": 3, "seed": None})

    assert json.loads((tmp_path / "tick" / "run.json").read_text())["parameters"] == {"epochs": 3, "seed": None}


def test_other_values_are_refused_once_something_has_begun_and_nothing_is_changed(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    run.fix("parameters", {"epochs": 3, "seed": None})
    once(run, Cloud())
    run.fix("parameters", {"epochs": 3, "seed": None})

    with pytest.raises(UserError, match="started with epochs 3; found 5"):
        run.fix("parameters", {"epochs": 5})
    assert json.loads((tmp_path / "tick" / "run.json").read_text())["parameters"]["epochs"] == 3


def test_a_second_process_on_the_same_run_is_refused(tmp_path: Path) -> None:
    run = a_run(tmp_path)

    with pytest.raises(UserError, match="another process"):
        a_run(tmp_path)
    run.close()
    a_run(tmp_path).close()


def test_a_run_of_another_provider_is_refused(tmp_path: Path) -> None:
    a_run(tmp_path).close()

    with pytest.raises(UserError, match="one for openai"):
        Run.start("tick", provider="gemini", now=NOW, parent=tmp_path)


@pytest.mark.parametrize("name", ["Tick", "1tick", "a b", "", "x" * 41, "../up", "tick-"])
def test_a_name_that_cannot_be_a_label_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="--run"):
        a_run(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_run_lists_the_known_ones(tmp_path: Path) -> None:
    a_run(tmp_path).close()

    with pytest.raises(UserError, match="Known: tick"):
        Run.open("tock", parent=tmp_path)


def test_a_damaged_record_is_one_clear_error(tmp_path: Path) -> None:
    a_run(tmp_path).close()
    (tmp_path / "tick" / "run.json").write_text('{"name": ')

    with pytest.raises(UserError, match=r"run\.json:1: not JSON"):
        Run.open("tick", parent=tmp_path)


def test_what_was_trained_on_is_known_after_the_file_is_gone(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    train = lines(tmp_path / "train.jsonl", pairs(20))
    trained.remember(run, [train])
    seen = trained.examples_of(train)[:3]
    unseen = trained.examples_of(lines(tmp_path / "new.jsonl", pairs(24)[20:]))
    train.unlink()

    assert trained.seen(run, [*seen, *unseen]) == seen
