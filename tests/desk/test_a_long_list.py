"""A fleet of more than a page: pages follow each other without a gap, totals are over all of them, no view waits for the month."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from benchmarks.bench_web import CONFIG, StandingClock
from benchmarks.big_ledger import NOW, fill, name_of
from guard.desk import LedgerDesk
from guard.desk.fleet import Boards
from guard.desk.later import Later
from guard.wiring.money import accounting

THINGS = 250


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LedgerDesk]:
    folder = tmp_path_factory.mktemp("long")
    (folder / "guard.yaml").write_text(CONFIG, encoding="utf-8")
    ledger = fill(folder / "ledger.db", THINGS)
    yield LedgerDesk(ledger, StandingClock(), accounting(Path(folder / "guard.yaml"), {}), None, user=lambda: "tests")
    ledger.close()


def names(document: dict[str, Any]) -> list[str]:
    return [one["subject"] for one in document["things"]]


@pytest.mark.parametrize("order", [{}, {"sort": "silent"}, {"sort": "name", "descending": "1"}])
def test_pages_hold_every_line_once(desk: LedgerDesk, order: dict[str, str]) -> None:
    pages = [desk.fleet({**order, "page": str(number)}) for number in (1, 2, 3)]

    assert [len(names(page)) for page in pages] == [100, 100, 50]
    assert [page["page"] for page in pages] == [{"number": n, "last": 3, "size": 100} for n in (1, 2, 3)]
    assert {name for page in pages for name in names(page)} == {name_of(i) for i in range(THINGS)}


def test_totals_are_over_every_page(desk: LedgerDesk) -> None:
    document = desk.fleet({"page": "2"})
    (total,) = document["totals"]["rates"]
    every = [one for number in (1, 2, 3) for one in desk.fleet({"page": str(number)})["things"]]

    assert document["totals"]["things"] == THINGS
    assert Decimal(total["hour"]["amount"]) == sum(Decimal(one["rate"]["amount"]) for one in every)
    idle = [one for one in every if one["decision"] == "idle"]
    assert Decimal(total["idle_hour"]["amount"]) == sum(Decimal(one["rate"]["amount"]) for one in idle) > 0


def test_a_keep_said_in_between_is_on_the_next_view(desk: LedgerDesk) -> None:
    before = desk.fleet({"text": "endpoint-7"})
    idle = next(one for one in desk.fleet({"decision": "idle"})["things"])
    desk.keep(idle["subject"], until=NOW + timedelta(days=3), why="needed", who="ada")
    after = desk.fleet({"text": idle["name"]})

    assert after["stamp"] != before["stamp"]
    assert desk.thing(idle["subject"])["may"]["unkeep"] is True


def test_no_view_waits_for_the_months_sums(desk: LedgerDesk) -> None:
    desk._boards = Boards(patience=timedelta(0))
    assert desk.fleet({})["figures"]["month"] is None
    desk._boards = Boards(patience=timedelta(seconds=60))
    month = desk.fleet({})["figures"]["month"]
    assert Decimal(month["so_far"][0]["amount"]) > 0
    assert month["budgets"][0]["name"] == "all"


def test_what_takes_long_is_made_once_for_each_key() -> None:
    made: list[str] = []
    go = threading.Event()

    def make() -> str:
        go.wait(30)
        made.append("made")
        return "sums"

    later: Later[str] = Later(timedelta(0))
    assert later.get("look 1", make) is None
    assert later.get("look 1", make) is None
    go.set()
    deadline = time.monotonic() + 30
    while (found := later.get("look 1", make)) is None:
        assert time.monotonic() < deadline
    assert (found, made) == ("sums", ["made"])


def test_what_failed_is_told_and_made_afresh() -> None:
    later: Later[int] = Later(timedelta(seconds=30))
    with pytest.raises(ZeroDivisionError):
        later.get("look", lambda: 1 // 0)
    assert later.get("look", lambda: 7) == 7
