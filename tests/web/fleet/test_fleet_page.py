"""The fleet's page says what the command line says, adds up, filters in its address, and escapes what comes from outside."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape
from typing import Any

import pytest

from guard.core.units import Money
from guard.ledger import open_ledger
from tests.cli.world import here
from tests.web.place import Place


def cli(place: Place, *arguments: str) -> dict[str, Any]:
    """The command line's document, on the same ledger."""
    answer = here(
        *arguments, "--output", "json", folder=place.harness.folder, environment=dict(place.harness.environment)
    )
    assert answer.code in {0, 1}, answer.err
    return answer.document


def page(place: Place, path: str = "/", *, status: int = 200, who: str = "ada") -> str:
    answer = place.browser(who).get(path)
    assert answer.status_code == status, answer.text
    return re.sub(r"\s+", " ", unescape(answer.text))


def test_lines_and_totals_are_those_of_status(place: Place) -> None:
    told = cli(place, "status")
    document = place.desk.fleet({})

    shown = {one["subject"]: one for one in document["things"]}
    listed = [one for one in told["things"] if one["decision"] != "keep" or one["billed"]]
    assert list(shown) == [one["subject"] for one in listed]
    for one in listed:
        line = shown[one["subject"]]
        for key in ("name", "rate", "silent_hours", "decision", "reason", "owner", "policy", "project", "location"):
            assert line[key] == one[key], key
    assert document["figures"]["now"] == told["totals"]
    assert document["totals"]["rates"] == told["totals"]["rates"]


def test_the_months_figures_are_those_of_costs_and_budgets(place: Place) -> None:
    month = place.desk.fleet({})["figures"]["month"]
    total, budgets = cli(place, "costs")["total"], cli(place, "budgets")["budgets"]

    assert month["so_far"] == total["known"]
    assert (month["forecast"], month["low"], month["high"], month["planned"]) == (
        total["forecast"],
        total["low"],
        total["high"],
        total["planned"],
    )
    assert month["lower_bound"] is total["lower_bound"] is True
    assert [(one["name"], one["spent"], one["share"], one["forecast"]) for one in month["budgets"]] == [
        (one["name"], one["spent"], one["share"], one["forecast"]) for one in budgets
    ]


def test_the_page_shows_the_documents_figures(place: Place) -> None:
    document = place.desk.fleet({})
    text = page(place)

    month = document["figures"]["month"]
    so_far = Money(Decimal(month["so_far"][0]["amount"]), "USD")
    assert f"at least {so_far}" in text
    assert "449% of budget" in text
    assert "it will not last" in text
    for one in document["things"]:
        assert one["name"] in text
        assert one["decision_text"] in text
    assert "waiting for approval" in text
    assert "price unknown" in text


def test_the_totals_are_the_sum_of_the_lines(place: Place) -> None:
    for words in ({}, {"owner": "ml"}, {"decision": "idle"}, {"text": "twins"}):
        document = place.desk.fleet(words)
        amounts = [Decimal(one["rate"]["amount"]) for one in document["things"] if one["rate"]]
        assert sum(amounts) == sum(Decimal(one["hour"]["amount"]) for one in document["totals"]["rates"])
        assert document["totals"]["things"] == len(document["things"])
        assert document["totals"]["unpriced"] == sum(one["billed"] and not one["rate"] for one in document["things"])


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ({"decision": "idle"}, {"forgotten-gpu", "waiting"}),
        ({"owner": "ml"}, {"forgotten-gpu", "busy"}),
        ({"project": "demo-product"}, {"<b>bold</b> & 'quoted'"}),
        ({"text": "TEAM=search"}, {"busy"}),
        ({"text": "nvidia"}, {"forgotten-gpu"}),
        ({"text": "no such thing"}, set()),
        ({"kind": "endpoint", "everything": "1", "text": "empty"}, {"empty-shell"}),
        ({"kind": "endpoint"}, set()),
    ],
)
def test_filters_let_through_what_fits(place: Place, words: dict[str, str], names: set[str]) -> None:
    document = place.desk.fleet(words)
    assert {one["name"] for one in document["things"]} == names
    assert document["asked"] == words


def test_every_order_can_be_turned_round(place: Place) -> None:
    for sort in ("cost", "name", "where", "owner", "silent", "decision", "next"):
        there = [one["subject"] for one in place.desk.fleet({"sort": sort})["things"]]
        back = [one["subject"] for one in place.desk.fleet({"sort": sort, "descending": "1"})["things"]]
        assert sorted(there) == sorted(back)
        assert there != back, sort
    names = [one["name"] for one in place.desk.fleet({"sort": "name"})["things"]]
    assert names == sorted(names, key=str.casefold)


@pytest.mark.parametrize("query", ["decision=perhaps", "sort=luck", "page=-1", "page=x", "page=٣"])
def test_a_word_that_means_nothing_is_refused_with_what_was_expected(place: Place, query: str) -> None:
    answer = place.browser().get(f"/?{query}")
    assert answer.status_code == 422
    assert "Expected" in answer.text


def test_a_page_number_past_the_end_shows_the_last_page(place: Place) -> None:
    assert place.desk.fleet({"page": "99"})["page"] == {"number": 1, "last": 1, "size": 100}


def test_names_from_outside_are_escaped(place: Place) -> None:
    raw = place.browser().get("/").text
    assert "<b>bold</b>" not in raw
    assert "&lt;b&gt;bold&lt;/b&gt;" in raw
    raw = place.browser().get("/", params={"text": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in raw


def test_filters_stand_in_the_address_of_every_link(place: Place) -> None:
    text = page(place, "/?owner=ml&sort=name")
    assert 'href="/?owner=ml&sort=name&descending=1"' in text
    assert 'hx-get="/?owner=ml&sort=name"' in text
    assert 'aria-sort="ascending"' in text


def test_where_nobody_has_looked_the_page_says_how_to_look(place: Place) -> None:
    empty = open_ledger("sqlite://", world="sandbox:web")
    try:
        real, place.desk._ledger = place.desk._ledger, empty
        text = page(place)
    finally:
        place.desk._ledger = real
        empty.close()
    assert "Nobody has looked yet" in text
    assert "tuneguard run --once" in text


def test_requests_are_drawn_from_the_ledgers_hours(place: Place) -> None:
    used = {one["name"]: one["use"] for one in place.desk.fleet({})["things"]}
    assert used["busy"]["total"] > 0
    assert used["busy"]["text"].startswith(f"{used['busy']['total']:,} requests")
    assert max(bar for bar in used["busy"]["bars"] if bar is not None) == 26
    assert used["forgotten-gpu"]["total"] == 0
    assert len(used["busy"]["bars"]) in {56, 57}
