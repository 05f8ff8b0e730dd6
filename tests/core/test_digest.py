"""One message about several notices says in its title what it is about, and what presses comes first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from guard.core.digest import WORDS, digest
from guard.core.plan import Notice, NoticeKind
from tests.builders import NOW


def a_notice(title: str, kind: NoticeKind = NoticeKind.REMOVAL_AHEAD, due: float | None = None, **data: Any) -> Notice:
    due_at = None if due is None else NOW + timedelta(hours=due)
    return Notice(
        id=title, kind=kind, to="ml", subject=title, title=title, body="Words.", made_at=NOW, due_at=due_at, data=data
    )


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


def test_one_notice_is_its_own_message() -> None:
    assert digest([a_notice("chat goes")]) == ("chat goes", "Words.")


def test_the_title_counts_kinds_and_adds_up_what_goes() -> None:
    title, _ = digest(
        [
            a_notice("new", NoticeKind.FIRST_SEEN, rate=usd("9")),
            a_notice("a", due=3, rate=usd("1.15")),
            a_notice("b", due=2, rate=usd("0.22")),
            a_notice("c", due=2, rate=None),
        ]
    )

    assert title == "Tuneguard: 3 to go ($1.37 an hour), 1 new"


def test_what_presses_stands_first_and_what_goes_by_its_hour() -> None:
    _, body = digest(
        [
            a_notice("new", NoticeKind.FIRST_SEEN),
            a_notice("later", due=30),
            a_notice("soon", due=2),
            a_notice("wrong", NoticeKind.WRONG_REMOVAL),
        ]
    )

    assert [line for line in body.splitlines() if line[:1].isdigit()] == ["1. wrong", "2. soon", "3. later", "4. new"]


def test_amounts_in_different_currencies_are_not_added() -> None:
    title, _ = digest([a_notice("a", rate=usd("1")), a_notice("b", rate={"amount": "2", "currency": "EUR"})])

    assert title == "Tuneguard: 2 to go (2.00 EUR + $1.00 an hour)"


def test_every_kind_of_notice_has_its_word() -> None:
    assert set(WORDS) == set(NoticeKind)
