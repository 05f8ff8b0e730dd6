"""What the daemon learns from packed usage day by day and what the backtest learns from the same record are one thing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from guard.backtest.history import silences_of_usage
from guard.backtest.learned import learned_waits
from guard.core.learn import book_of, watched_until
from guard.core.usage import HourRow, Usage, pack
from tests.backtest.fleets import HOUR

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_DAY, DAYS = 20_000, 40
REMOVED = 24 * 25 + 7
"""The hour in which one endpoint loses its machines; its hours are covered from then on too, as those of removed things are."""


def a_record() -> dict[str, Usage]:
    """Six endpoints, called at random hours between 8 and 18; one is not watched for a day, one is given up, one is removed."""
    rng = np.random.default_rng(9)
    record = {}
    for i in range(6):
        rows = []
        for h in range(24 * DAYS):
            gone = i == 5 and h >= REMOVED
            used = 8 <= h % 24 < 18 and rng.random() < 0.15 and not (i == 1 and h > 500) and not gone
            seen = not (i == 2 and 300 <= h < 324)
            rows.append(
                HourRow(
                    hour=24 * FIRST_DAY + h,
                    requests=int(used),
                    covered=seen,
                    replicas=1.0 if seen and not gone else None,
                    duty=(50.0 if used else 0.0) if seen and not gone else None,
                )
            )
        record[f"e{i}"] = pack(rows)
    return record


@pytest.mark.parametrize("ratio_hours", [3, 10, 60])
def test_the_wait_that_the_daemon_uses_is_the_one_that_the_backtest_shows(ratio_hours: int) -> None:
    record = a_record()
    kinds = {"e0": "team", "e1": "team", "e2": "scratch", "e3": "scratch"}
    silences = silences_of_usage(record, kinds)
    (waits,) = learned_waits(silences, [ratio_hours * HOUR], worst_case=3)
    book = book_of(record, FIRST_DAY + DAYS, kinds)
    assert book is not None

    for i in np.flatnonzero(~silences.returned):  # the silences that last: what the daemon asks about
        began = EPOCH + timedelta(seconds=float(silences.start[i]))
        ask = book.ask(silences.names[silences.endpoint[i]], began, Decimal(3))
        answer = ask(ratio=timedelta(hours=ratio_hours), floor=timedelta(0))

        assert answer is not None
        assert answer.wait is not None
        assert answer.wait.total_seconds() == pytest.approx(waits[i], rel=1e-6)


def test_a_removal_is_no_return_and_what_is_gone_teaches_nothing() -> None:
    record = a_record()
    silences = silences_of_usage(record)
    gone = silences.names.index("e5")

    (last,) = np.flatnonzero((silences.endpoint == gone) & ~silences.returned)
    assert silences.start[last] + silences.length[last] == (24 * FIRST_DAY + REMOVED) * HOUR

    without = {**record, "e5": replace(record["e5"], covered=record["e5"].covered & ((1 << REMOVED) - 1))}
    one, other = (book_of(each, FIRST_DAY + DAYS) for each in (record, without))
    assert one is not None
    assert other is not None
    assert one.fleet == other.fleet, "a month of a removed thing's hours is as if nobody had looked at them"
    assert one.endpoints["e5"].age_done == silences.length[last]
    later = one
    for _ in range(16):
        later = later.after_day((), watched_until=watched_until(record))
    assert set(later.endpoints) == {"e0", "e1", "e2", "e3", "e4"}, "forgotten a month after its machines were seen last"


def test_a_record_without_any_use_teaches_nothing() -> None:
    assert book_of({"e": pack([HourRow(hour=5, covered=True, replicas=1.0, duty=0.0)])}, 10) is None
