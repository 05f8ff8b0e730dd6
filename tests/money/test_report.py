"""The report: one page of a month's money, on demand and by itself, once a local date."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from guard.core.schedule import read_schedule
from tests.cli.world import Place
from tests.e2e.harness import a_harness
from tests.money.test_savings import CONFIG as SAVING
from tests.money.test_savings import SCENARIO, export

CONFIG = (
    SAVING.replace("{ops:", '{finance: "SINK", ops:')
    + """
budgets: [{name: vision, monthly: 50 USD, match: {labels: {team: vision}}, alert_at: [50%]}]
reports:
  - {every: "monday 08:00 Europe/Madrid", to: [finance]}
"""
)


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """From Monday 2 November on: something is removed, the bill is there, a Monday's report goes out."""
    folder: Path = tmp_path_factory.mktemp("report")
    with a_harness(folder, scenario=SCENARIO, config=CONFIG) as harness:
        for _ in range(30):
            harness.cycle()
            harness.advance(1)
        for _ in range(11):  # to Sunday evening: the next Monday's report is not due yet
            harness.advance(12)
            harness.cycle()
        export(harness, since="2026-10-31T00:00:00Z")
        harness.advance(2)
        harness.cycle()
        yield Place(harness, folder)


def reports(place: Place) -> list[dict[str, Any]]:
    messages = [message for message in place.harness.sink.messages if "Fine-tuned models in" in message["title"]]
    return sorted(messages, key=lambda message: str(message["message"]))


def test_the_page_says_what_was_spent_saved_and_is_unknown(month: Place) -> None:
    page = month.here("report").out
    assert page.startswith("<!doctype html>")
    assert "<script" not in page
    assert not re.search(r"(src|href)=", page), "nothing from outside: the page can be mailed"
    for words in ("November 2026", "vision", "forgotten", "Workbench", "Vector Search", "net of the guard", "<svg"):
        assert words in page, words
    text = month.here("report", "--format", "markdown").out
    assert "| vision |" in text
    assert "Claimed" not in text.split("\n", maxsplit=1)[0]


def test_the_report_adds_up_as_costs_do_and_is_written_to_a_file(month: Place) -> None:
    document = month.here("report", "-o", "json").document
    costs = month.here("costs", "-o", "json", "--by", "team").document
    assert document["total"]["known"] == costs["total"]["known"]
    assert [line["known"] for line in document["teams"]] == [line["known"] for line in costs["lines"]]
    assert month.here("report", "--to", "november.html").code == 0
    assert "November 2026" in (month.folder / "november.html").read_text(encoding="utf-8")
    refused = month.here("report", "--month", "2026-13")
    assert refused.code == 2
    assert "Expected YYYY-MM" in refused.err


def test_a_past_month_has_no_forecast(month: Place) -> None:
    document = month.here("report", "--month", "2026-10", "-o", "json").document
    assert document["month"]["past"]
    assert document["total"]["known"]
    assert [document["total"][figure] for figure in ("rate", "forecast", "low", "high", "planned")] == [[]] * 5
    assert "month ends at" not in month.here("report", "--month", "2026-10").out


def test_mondays_report_went_out_once_with_the_page_attached(month: Place) -> None:
    sent = reports(month)
    assert len(sent) == 1, "2 November is a Monday, and its report is not sent again"
    [attached] = sent[0]["attachments"]
    assert attached["filename"] == "report.html"
    assert base64.b64decode(attached["base64"]).startswith(b"<!doctype html>")
    assert "Last look" in sent[0]["message"]
    assert "## Spend by team" not in sent[0]["message"], "the rest is attached"


def test_with_another_policy_the_month_ends_lower_and_never_below_what_is_spent(month: Place) -> None:
    other = month.folder / "other.yaml"
    text = (
        month.config.read_text(encoding="utf-8")
        .replace("wait: break_even", "wait: 0h")
        .replace("2h, grace", "0h, grace")
    )
    other.write_text(text, encoding="utf-8")
    never = month.folder / "never.yaml"
    never.write_text(text.replace("wait: 0h", "wait: never"), encoding="utf-8")
    found, kept = (
        month.here("report", "-o", "json", "--what-if", str(path)).document["what_if"] for path in (other, never)
    )
    known, now = usd(found["now"]["known"]), usd(found["now"]["forecast"])
    assert known <= usd(found["then"]["low"]) <= usd(found["then"]["forecast"]) <= now <= usd(found["then"]["high"])
    assert kept["then"]["forecast"] == found["now"]["forecast"]
    assert kept["removals"] == []
    told = month.here("costs", "--what-if", str(other)).out
    assert f"with {other}" in told
    assert "Limits, approvals, and what falls silent later are not in it." in told
    assert f"With {never}" in month.here("report", "--format", "markdown", "--what-if", str(never)).out


def usd(sums: list[dict[str, str]]) -> Decimal:
    [one] = sums
    return Decimal(one["amount"])


def test_a_schedule_is_due_once_a_local_date_whatever_the_clocks_do() -> None:
    daily = read_schedule("daily 02:30 Europe/Madrid")
    seen: set[tuple[date, datetime]] = set()
    at = datetime(2026, 3, 27, tzinfo=UTC)
    while at < datetime(2026, 3, 31, tzinfo=UTC):
        seen.add(daily.latest(at))
        at += timedelta(minutes=10)
    assert [day.isoformat() for day, _ in sorted(seen)] == [f"2026-03-{n}" for n in (26, 27, 28, 29, 30)]
    autumn = {daily.latest(datetime(2026, 10, 25, hour, minute, tzinfo=UTC)) for hour in range(4) for minute in (0, 35)}
    assert {day for day, _ in autumn} == {date(2026, 10, 24), date(2026, 10, 25)}, "02:30 comes twice, the report once"
    assert len(autumn) == 2


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("monthly", date(2026, 11, 1)),
        ("monthly 09:00 America/Los_Angeles", date(2026, 11, 1)),
        ("sunday 23:59", date(2026, 11, 22)),
    ],
)
def test_the_latest_date_of_a_schedule(text: str, day: date) -> None:
    found, instant = read_schedule(text).latest(datetime(2026, 11, 25, 3, tzinfo=UTC))
    assert found == day
    assert instant <= datetime(2026, 11, 25, 3, tzinfo=UTC)


@pytest.mark.parametrize("text", ["mondays", "monday 25:00", "monday 08:00 Europe/Madrud", "every monday", ""])
def test_a_schedule_that_cannot_be_read_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r'Expected e\.g\. "monday 08:00 Europe/Madrid"'):
        read_schedule(text)
