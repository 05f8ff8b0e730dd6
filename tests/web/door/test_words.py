"""Who may say what: viewers nothing, owners of what is theirs, operators all; and each word leaves its trace."""

from __future__ import annotations

import inspect

import pytest

from guard.core.access import AccessRules, Identity, Login, Person, Role, person_of
from guard.desk import LedgerDesk
from guard.ports.desk import Desk
from guard.ports.errors import Forbidden, NotFoundByName, RateLimited, Refused
from guard.web.auditing import Auditing
from guard.web.limits import WORDS_PER_MINUTE, Limits
from guard.web.words import ON_ONE_THING, QUESTIONS, WORDS, desk_for
from tests.web.door.rig import Rig, a_rig

RULES = AccessRules(
    roles={Role.VIEWER: ("*@example.com",), Role.OWNER: ("makers",), Role.OPERATOR: ("Platform", "boss@example.com")},
    owners={"makers": ("ada",), "ada@example.com": ("nlp",)},
)


def a_person(role: Role, *owns: str) -> Person:
    return Person(name="ada", role=role, owns=frozenset(owns), via="session 1a2b3c4d")


def a_desk(rig: Rig, person: Person) -> Desk:
    house = rig.app.state.house
    return desk_for(person, rig.desk, Auditing(book=house.book, now=house.now), Limits())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("email", "groups", "role"),
    [
        ("vic@example.com", set(), Role.VIEWER),
        ("vic@EXAMPLE.com", set(), Role.VIEWER),
        ("vic@example.com", {"makers"}, Role.OWNER),
        ("vic@example.com", {"makers", "Platform"}, Role.OPERATOR),
        ("Boss@example.com", set(), Role.OPERATOR),
        ("", {"Platform"}, Role.OPERATOR),
        ("vic@sub.example.com", set(), None),
        ("vic@example.com.evil.org", set(), None),
        ("example.com", set(), None),
        ("", {"platform"}, None),
        ("", {"*@example.com"}, Role.VIEWER),
        ("", set(), None),
    ],
)
def test_the_highest_role_that_names_somebody_counts(email: str, groups: set[str], role: Role | None) -> None:
    identity = Identity(login=Login.OIDC, name="x", email=email, groups=frozenset(groups))
    found = person_of(identity, RULES, via="")
    assert (found.role if found else None) is role


def test_things_are_somebodys_by_their_address_and_by_what_the_file_gives_them() -> None:
    identity = Identity(login=Login.OIDC, name="x", email="ada@example.com", groups=frozenset({"makers"}))
    found = person_of(identity, RULES, via="")
    assert found is not None
    assert found.owns == {"ada", "nlp", "ada@example.com"}


def test_a_viewer_reads_and_says_nothing() -> None:
    rig = a_rig()
    desk = a_desk(rig, a_person(Role.VIEWER, "ada"))
    assert desk.explain("bot") == {"explained": "bot"}
    with pytest.raises(Forbidden, match="a viewer reads"):
        desk.keep("bot", until=None, why="", who="ada")
    assert rig.desk.said == []


def test_an_owner_speaks_on_what_is_theirs_and_on_nothing_else() -> None:
    rig = a_rig()
    desk = a_desk(rig, a_person(Role.OWNER, "ada"))
    desk.keep("bot", until=None, why="", who="ada")
    with pytest.raises(Forbidden, match="which is bob's"):
        desk.keep("shop", until=None, why="", who="ada")
    with pytest.raises(Forbidden, match="whose owner is not known"):
        desk.keep("stray", until=None, why="", who="ada")
    assert [given["name"] for _, given in rig.desk.said] == ["bot"]


def test_an_owner_says_nothing_that_reaches_further_than_one_thing() -> None:
    rig = a_rig()
    desk = a_desk(rig, a_person(Role.OWNER, "ada"))
    for wide in (
        lambda: desk.pause(who="ada", why="incident"),
        lambda: desk.approve(None, who="ada", breaker=True),
        lambda: desk.approve("bot", who="ada", widening=True),
        lambda: desk.approve("bot", who="ada", scope="projects/1"),
        lambda: desk.restore("bot", who="ada", cycle="c1"),
        lambda: desk.restore(None, who="ada"),
    ):
        with pytest.raises(Forbidden, match="more than one thing"):
            wide()
    assert rig.desk.said == []


def test_an_operator_speaks_on_everything() -> None:
    rig = a_rig()
    desk = a_desk(rig, a_person(Role.OPERATOR))
    desk.keep("stray", until=None, why="", who="x")
    desk.pause(who="x", why="incident")
    desk.approve(None, who="x", breaker=True)
    assert [word for word, _ in rig.desk.said] == ["keep", "pause", "approve"]


def test_nobody_speaks_in_another_name() -> None:
    rig = a_rig()
    desk = a_desk(rig, a_person(Role.OPERATOR))
    desk.keep("bot", until=None, why="", who="bob")
    assert rig.desk.said[0][1]["who"] == "ada"
    assert desk.speaker("bob") == "ada"


def test_a_word_is_in_the_audit_before_and_after_it_is_given() -> None:
    rig = a_rig()
    desk = a_desk(rig, a_person(Role.OPERATOR))
    desk.keep("bot", until=None, why="the board's demo", who="ada")
    done, asked = rig.ledger.audit(2)
    assert (asked.outcome, done.outcome) == ("asked", "done")
    assert asked.request == done.request
    assert (done.who, done.via, done.what) == ("ada", "session 1a2b3c4d", "keep")
    assert (done.subject, done.why, done.at) == ("projects/1/bot", "the board's demo", rig.at)


def test_what_came_of_a_word_that_did_not_pass_is_told_too() -> None:
    rig = a_rig()
    desk = a_desk(rig, a_person(Role.OPERATOR))
    with pytest.raises(Refused):
        desk.keep("bot", until=None, why="impossible", who="ada")
    with pytest.raises(ZeroDivisionError):
        desk.keep("bot", until=None, why="crash", who="ada")
    told = [(entry.outcome, entry.detail) for entry in rig.ledger.audit(4)]
    assert told == [("failed", "ZeroDivisionError"), ("asked", ""), ("refused", "it is gone."), ("asked", "")]


def test_no_word_is_given_that_cannot_be_written_down() -> None:
    rig = a_rig()
    desk = a_desk(rig, a_person(Role.OPERATOR))

    def full(_entry: object) -> None:
        raise Refused("no space left.")

    rig.ledger.write_audit = full  # type: ignore[method-assign, assignment]
    with pytest.raises(Refused):
        desk.keep("bot", until=None, why="", who="ada")
    assert rig.desk.said == []


def test_a_name_that_means_nothing_is_told_and_is_no_word() -> None:
    rig = a_rig()
    with pytest.raises(NotFoundByName):
        a_desk(rig, a_person(Role.OWNER, "ada")).keep("nothing", until=None, why="", who="ada")
    assert rig.ledger.audit(1) == []


def test_a_script_that_runs_wild_is_slowed_down() -> None:
    rig = a_rig()
    desk = a_desk(rig, a_person(Role.OPERATOR))
    for _ in range(WORDS_PER_MINUTE):
        desk.keep("bot", until=None, why="", who="ada")
    with pytest.raises(RateLimited, match="in a minute"):
        desk.keep("bot", until=None, why="", who="ada")
    assert len(rig.desk.said) == WORDS_PER_MINUTE


def test_what_a_restore_would_do_is_a_question() -> None:
    rig = a_rig()
    a_desk(rig, a_person(Role.VIEWER)).restore("bot", who="ada", dry_run=True)
    assert rig.ledger.audit(1) == []


def test_every_method_of_the_desk_is_a_question_or_a_word() -> None:
    """What takes `who` is a word; a method that changes something without it would pass unchecked."""
    assert {name for name in vars(Desk) if not name.startswith("_")} == WORDS | QUESTIONS
    assert ON_ONE_THING <= WORDS
    assert {"keep", "unkeep", "approve", "remove", "restore", "give_up_restore", "pause", "resume"} <= WORDS
    for name in QUESTIONS:
        assert "who" not in inspect.signature(getattr(LedgerDesk, name)).parameters, name
