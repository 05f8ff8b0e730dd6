"""Replays run one at a time beside the page, and their answers are kept."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from guard.desk.trials import KEPT, Trials


def a_shelf(patience: float = 10) -> Trials:
    return Trials(lambda *_: {}, lambda: None, timedelta(seconds=patience))


def test_an_answer_is_made_once_for_each_choice() -> None:
    made: list[str] = []
    trials = a_shelf()

    def make(name: str) -> Mapping[str, Any]:
        made.append(name)
        return {"name": name}

    asked = [trials.ask((name,), 1, lambda name=name: make(name)) for name in ("a", "b", "a", "b")]

    assert asked == [{"name": "a"}, {"name": "b"}] * 2
    assert made == ["a", "b"]
    assert trials.ask(("a",), 2, lambda: make("an hour later")) == {"name": "an hour later"}


def test_a_second_replay_waits_for_the_first_and_nobody_waits_for_either() -> None:
    gate, running, most = threading.Event(), [0], [0]
    trials = a_shelf(patience=0)

    def slow() -> Mapping[str, Any]:
        running[0] += 1
        most[0] = max(most[0], running[0])
        gate.wait(20)
        running[0] -= 1
        return {}

    first, second = trials.ask(("a",), 1, slow), trials.ask(("b",), 1, slow)
    gate.set()

    assert (first, second) == (None, None)
    for thread in threading.enumerate():
        if thread.name == "later":
            thread.join(20)
    assert most == [1]


def test_only_the_latest_answers_are_kept() -> None:
    trials = a_shelf()
    made: list[int] = []

    for number in (*range(KEPT + 1), 0):
        trials.ask((str(number),), 1, lambda number=number: made.append(number) or {})

    assert made == [*range(KEPT + 1), 0]
    assert len(trials._kept) == KEPT
