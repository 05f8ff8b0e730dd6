"""Google's budget notices in the ledger, on both engines: repeats counted, older messages never replace a newer figure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from guard.core.google_budget import GoogleNotice, Unreadable, google_documents, latest
from guard.core.units import Money
from guard.ledger import SqlLedger
from tests.ledger.build import NOW

FIRST = GoogleNotice(
    message_id="1",
    published_at=NOW - timedelta(hours=2),
    budget_id="b",
    account="a",
    name="all",
    cost=Money(Decimal("10.05"), "EUR"),
    amount=Money(Decimal(20), "EUR"),
    interval_start=NOW - timedelta(days=3),
    threshold=Decimal("0.5"),
)
NEWER = replace(FIRST, message_id="2", published_at=NOW - timedelta(hours=1), cost=Money(Decimal("11.10"), "EUR"))


def test_a_fact_is_one_row_with_its_newest_figure_and_all_its_messages(ledger: SqlLedger) -> None:
    ledger.save_google_notices([NEWER], [], NOW)
    ledger.save_google_notices([FIRST, FIRST, NEWER], [], NOW + timedelta(minutes=5))

    [figure] = ledger.google_figures()
    assert figure.notice == NEWER
    assert (figure.first_published_at, figure.received_at, figure.messages) == (FIRST.published_at, NOW, 4)


def test_another_threshold_or_interval_is_another_fact_and_the_latest_is_shown(ledger: SqlLedger) -> None:
    crossed = replace(NEWER, message_id="3", threshold=Decimal("0.9"), published_at=NOW)
    ledger.save_google_notices([FIRST, crossed, replace(FIRST, interval_start=NOW)], [], NOW)

    figures = ledger.google_figures()
    assert len(figures) == 3
    assert [one.notice for one in latest(figures)] == [crossed]
    [document] = google_documents(figures, [], None, NOW + timedelta(hours=3))
    assert (document["age_hours"], document["crossed"], document["ours"]) == (3, "90%", None)
    assert document["cost"] == {"amount": "11.10", "currency": "EUR"}


def test_currencies_are_shown_beside_each_other_and_never_compared(ledger: SqlLedger) -> None:
    ledger.save_google_notices([FIRST], [], NOW)
    mine = {"name": "all", "spent": {"amount": "99", "currency": "USD"}}
    [document] = google_documents(ledger.google_figures(), [mine], None, NOW)
    assert document["ours"] == "all"
    assert "credits" not in document["says"]


def test_what_cannot_be_read_is_kept_once(ledger: SqlLedger) -> None:
    odd = Unreadable(message_id="9", published_at=NOW, why="ValueError: no", text="{")
    ledger.save_google_notices([], [odd, odd], NOW)
    ledger.save_google_notices([], [odd], NOW + timedelta(hours=1))
    assert ledger.unreadable_messages() == [odd]
