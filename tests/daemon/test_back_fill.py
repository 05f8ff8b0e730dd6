"""The first look at a project reads six weeks: in days where there is much, in one go where there is little."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from guard.core.units import Window
from guard.daemon.usage_book import BACK_FILL, THINGS_AT_ONCE, UsageBook
from guard.ledger import open_ledger
from guard.ports.inventory import Project
from guard.ports.traffic import Reading
from tests.builders import PARENT, a_snapshot, an_endpoint

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
ML = Project(number=PARENT.split("/")[1], id="ml")


class Asked:
    """A traffic port that has complete and empty data, and remembers what it was asked."""

    def __init__(self) -> None:
        self.windows: list[Window] = []

    def read(self, project: Project, window: Window) -> Reading:
        self.windows.append(window)
        return Reading(project=project, window=window, rows={}, covered=window, complete=True, problems=())


@pytest.mark.parametrize(
    ("things", "days"), [(1, [1, 40]), (THINGS_AT_ONCE // 20, [1, 20, 20, 0]), (THINGS_AT_ONCE, [1] * 41 + [0])]
)
def test_a_part_of_the_past_holds_about_the_same_however_many_things_there_are(
    tmp_path: Path, things: int, days: list[int]
) -> None:
    [one] = an_endpoint().deployed
    endpoint = an_endpoint(deployed=[replace(one, name=f"{one.name}{number}") for number in range(things)])
    asked, ledger = Asked(), open_ledger(f"sqlite:///{tmp_path}/ledger.db", world="sandbox:test")
    book = UsageBook(ledger, asked)

    look = book.take(book.fetch([ML], NOW), a_snapshot(endpoint), write=True)

    assert look.complete == {ML.number: True}
    assert [round((window.end - window.start) / timedelta(days=1)) for window in asked.windows] == days
    assert [window.start for window in asked.windows[1:]] == [window.end for window in asked.windows[:-1]]
    assert asked.windows[-1].end - asked.windows[0].start >= BACK_FILL
    assert ledger.usage_covered_until() == {ML.number: asked.windows[-1].end}
    ledger.close()
