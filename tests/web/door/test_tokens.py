"""Tokens of machines open the API and nothing else; a session's cookie opens pages and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from guard.core.access import Role
from tests.web.door.rig import a_rig, form_token


def test_a_token_speaks_for_itself_and_says_which_it_was() -> None:
    rig = a_rig()
    answer = rig.machine(rig.token(Role.OPERATOR)).post("/api/probe", params={"name": "bot"})
    assert answer.json() == {"word": "keep"}
    assert rig.desk.said[0][1]["who"] == "token ci"
    entry = rig.ledger.audit(1)[0]
    assert (entry.who, entry.via, entry.outcome) == ("token ci", "token ci", "done")


def test_a_token_of_a_viewer_reads_and_one_of_an_owner_speaks_on_its_things() -> None:
    rig = a_rig()
    viewer, owner = rig.machine(rig.token()), rig.machine(rig.token(Role.OWNER, "ada", name="bots"))
    assert viewer.get("/api/probe").json() == {"name": "token ci"}
    refused = viewer.post("/api/probe", params={"name": "bot"})
    assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")
    assert owner.post("/api/probe", params={"name": "bot"}).status_code == 200
    assert owner.post("/api/probe", params={"name": "shop"}).status_code == 403
    assert len(rig.desk.said) == 1


@pytest.mark.parametrize("header", ["Bearer guessed", "Bearer ", "Basic dXNlcjpwdw==", "", "guessed", "bearer"])
def test_what_is_no_token_of_ours_opens_nothing(header: str) -> None:
    rig = a_rig()
    rig.token()
    answer = rig.browser(authorization=header).get("/api/probe")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["status"] == 401


def test_a_revoked_token_opens_nothing_from_then_on() -> None:
    rig = a_rig()
    machine = rig.machine(rig.token())
    assert machine.get("/api/probe").status_code == 200
    assert rig.ledger.revoke_token("ci", "ada", rig.at)
    assert machine.get("/api/probe").status_code == 401
    assert not rig.ledger.revoke_token("ci", "ada", rig.at)


def test_an_expired_token_opens_nothing() -> None:
    rig = a_rig()
    machine = rig.machine(rig.token(lasts=timedelta(days=1)))
    rig.wait(hours=23)
    assert machine.get("/api/probe").status_code == 200
    rig.wait(hours=1)
    assert machine.get("/api/probe").status_code == 401


def test_it_is_known_when_a_token_was_last_used() -> None:
    rig = a_rig()
    machine = rig.machine(rig.token())
    machine.get("/api/probe")
    assert rig.ledger.tokens()[0].used_at == rig.at
    rig.wait(minutes=5)
    machine.get("/api/probe")
    assert rig.ledger.tokens()[0].used_at == rig.at


def test_a_sessions_cookie_opens_nothing_of_the_api() -> None:
    """Else any page that a browser opens could speak through it: the API asks for no form's token."""
    rig = a_rig()
    browser = rig.signed_in()
    assert browser.get("/api/probe").status_code == 401
    headers = {"x-csrf-token": form_token(browser)}
    assert browser.post("/api/probe", params={"name": "bot"}, headers=headers).status_code == 401
    cookie = browser.cookies[rig.app.state.addresses.session_cookie]
    assert rig.machine(cookie).get("/api/probe").status_code == 401
    assert rig.desk.said == []


def test_a_token_opens_no_page() -> None:
    rig = a_rig()
    token = rig.token(Role.OPERATOR)
    machine = rig.machine(token)
    machine.headers.update({"origin": rig.url, "sec-fetch-site": "same-origin"})
    assert machine.get("/probe").status_code == 401
    assert machine.post("/probe", data={"name": "bot"}).status_code == 401
    browser = rig.browser()
    browser.cookies.set(rig.app.state.addresses.session_cookie, token)
    assert browser.get("/probe").status_code == 303
    assert rig.desk.said == []
