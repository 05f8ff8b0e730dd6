"""The page of one thing: the story of `explain`, a picture and a table of the same figures, only words that mean something."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from markupsafe import Markup

from guard.core.access import Person, Role
from guard.core.units import Money
from guard.ports.errors import Forbidden
from guard.web import words as asking
from guard.web.auditing import Auditing
from guard.web.limits import Limits
from tests.web.fleet.test_fleet_page import cli, page
from tests.web.place import Place


def test_the_story_is_that_of_explain(place: Place) -> None:
    told = cli(place, "explain", "forgotten-gpu")
    document = place.desk.thing("forgotten-gpu")
    text = page(place, "/things/forgotten-gpu")

    assert document["headline"] == told["headline"]
    assert [*document["sections"]] == told["sections"]
    words = Markup(text).striptags()
    assert told["headline"] in words
    for section in told["sections"]:
        if section["title"] not in {"Decision", "Told", "Kept by", "Act"}:
            for line in section["lines"]:
                assert " ".join(line.partition("tuneguard ")[0].split()) in words
    due = document["verdict"]["due_at"]
    assert f'<time datetime="{due[:16]}:00+00:00" title="{due[:10]} {due[11:16]} UTC">' in text, "in the reader's zone"
    assert "due" in text
    assert "the notice was delivered" in text
    assert "Approve the removal" in text


def test_the_pictures_hours_add_up_to_its_table_and_to_the_costs(place: Place) -> None:
    picture = place.desk.thing("busy")["picture"]
    series = {one["name"]: one["values"] for one in picture["series"]}

    assert len({len(picture["x"]), *(len(values) for values in series.values())}) == 1
    requests = sum(value for value in series["requests"] if value)
    assert requests == sum(int(row[1].rstrip(" +").replace(",", "")) for row in picture["rows"] if row[1])
    rate = place.desk.thing("busy")["verdict"]["rate"]
    known = {value for value in series["cost"] if value is not None}
    assert known == {float(Decimal(rate["amount"]))}
    days = [row for row in picture["rows"] if row[3]]
    assert any(row[3] == str(Money(Decimal(rate["amount"]) * 24, "USD")) for row in days)


def test_the_wait_is_drawn_where_silence_begins_and_ends_where_it_may_go(place: Place) -> None:
    document = place.desk.thing("forgotten-gpu")
    picture = document["picture"]
    evidence = document["verdict"]["evidence"]

    assert [mark["iso"] for mark in picture["marks"]] == [evidence["counted_from"], document["verdict"]["due_at"]]
    (band,) = picture["bands"]
    assert band["to"] - band["from"] == pytest.approx(picture["marks"][1]["at"] - picture["marks"][0]["at"])


def test_a_decision_not_to_act_keeps_its_evidence(place: Place) -> None:
    changes = place.desk.thing("busy")["changes"]
    assert changes
    assert changes[0]["reason"] == "in_use"
    assert changes[0]["meaning"] == "It was called within its wait."
    assert changes[0]["evidence"]


def test_only_words_that_mean_something_are_offered(place: Place) -> None:
    may = {name: place.desk.thing(name)["may"] for name in ("forgotten-gpu", "busy", "empty-shell")}
    assert may["forgotten-gpu"] == {
        "keep": True, "unkeep": False, "approve": True, "remove": True, "restore": False, "restoring": False,
        "cannot_be_undone": False,
    }  # fmt: skip
    assert (may["busy"]["keep"], may["busy"]["approve"], may["busy"]["remove"]) == (True, False, True)
    assert (may["empty-shell"]["remove"], may["empty-shell"]["restore"]) == (False, False)


def test_a_name_that_means_several_things_offers_each(place: Place) -> None:
    text = page(place, "/things/twins", status=404)
    assert "Which one?" in text
    for number in (1005, 1006):
        assert f'href="/things/projects/100000000001/locations/us-central1/endpoints/{number}/' in text


def test_a_name_that_means_nothing_offers_what_is_near(place: Place) -> None:
    assert "Did you mean forgotten-gpu" in page(place, "/things/forgoten-gpu", status=404)


def test_who_may_not_speak_reads_whom_to_ask(place: Place) -> None:
    for who, offered in (("vera", False), ("olga", True), ("ada", True)):
        text = page(place, "/things/forgotten-gpu", who=who)
        assert ("/words/keep?" in text) is offered, who
    assert "/words/keep?" not in page(place, "/things/waiting", who="olga")
    assert "Words on it are said by ml or an operator" in page(place, "/things/forgotten-gpu", who="vera")


def test_a_page_that_tells_what_a_word_does_says_nothing(place: Place) -> None:
    before = place.desk.thing("forgotten-gpu")["seen"]
    for word in ("keep", "approve", "remove", "unkeep", "restore"):
        text = page(place, f"/words/{word}?name=forgotten-gpu")
        assert "forgotten-gpu" in text
    assert "No keep holds." in page(place, "/words/unkeep?name=forgotten-gpu")
    assert page(place, "/words/shout?name=forgotten-gpu", status=404)
    assert place.desk.thing("forgotten-gpu")["seen"] == before


def test_who_said_what_stands_with_the_thing_in_history_and_in_the_operators_audit(place: Place) -> None:
    desk = asking.desk_for(
        Person(name="olga", role=Role.OWNER, owns=frozenset({"ml"}), via="token ci"),
        place.desk,
        Auditing(book=place.ledger, now=place.clock.now),
        Limits(),
    )
    subject = place.desk.find("strange")["subject"]
    with pytest.raises(Forbidden):
        desk.keep("strange", until=None, why="", who="nobody")
    desk.keep("busy", until=None, why="<the> launch", who="nobody")
    thing = place.browser("vera").get("/things/busy").text.partition("Who said what")[2].partition("</section>")[0]
    said = cli(place, "history", "busy")["events"]
    desk.unkeep("busy", who="nobody")
    audit = Markup(page(place, "/audit")).striptags()

    assert "olga token ci keep &lt;the&gt; launch done" in " ".join(re.sub("<[^>]*>", " ", thing).split())
    assert [(one["what"], one["detail"]) for one in said if one["what"] == "kept"] == [
        ("kept", "by olga, for good: <the> launch")
    ]
    assert [one["what"] for one in cli(place, "history", "busy")["events"]].count("keep ended") == 1
    assert "unkeep" in audit
    assert "asked" not in audit, "a word that was settled has one line"
    assert subject not in audit
    assert "may not read the audit" in page(place, "/audit", who="olga", status=403)
