"""How a session begins, what it is worth, and how it ends."""

from __future__ import annotations

from dataclasses import replace

from guard.core.access import Login
from guard.web import sessions
from tests.web.door.rig import a_rig, a_team, form_token, use


def test_a_link_lets_one_browser_in_once() -> None:
    rig = a_rig()
    link = rig.link()
    first, second = rig.browser(), rig.browser()
    assert first.get(link).status_code == 200
    assert first.get(link).status_code == 200, "looking at the link does not use it up"
    assert use(first, link).headers["location"] == "/"
    assert first.get("/probe").json()["role"] == "operator"

    refused = use(second, link)
    assert refused.status_code == 403
    assert "used already" in refused.text
    assert second.get("/probe").status_code == 303


def test_a_link_is_over_after_a_quarter_of_an_hour() -> None:
    rig = a_rig()
    link = rig.link()
    rig.wait(minutes=15)
    assert use(rig.browser(), link).status_code == 403


def test_a_session_ends_when_nothing_is_heard_of_it() -> None:
    rig = a_rig()
    browser = rig.signed_in()
    rig.wait(minutes=119)
    assert browser.get("/probe").status_code == 200
    rig.wait(minutes=119)
    assert browser.get("/probe").status_code == 200
    rig.wait(hours=2)
    gone = browser.get("/probe?x=1")
    assert (gone.status_code, gone.headers["location"]) == (303, "/login?next=%2Fprobe%3Fx%3D1")


def test_a_page_that_is_left_open_keeps_no_session_alive() -> None:
    """It asks every few seconds whether there is news; nobody sits in front of it."""
    rig = a_rig()
    browser = rig.signed_in()
    for _ in range(3):
        rig.wait(minutes=30)
        assert browser.get("/probe", headers={"hx-trigger": "content"}).status_code == 200
    rig.wait(minutes=30)
    assert browser.get("/probe", headers={"hx-trigger": "content", "sec-fetch-mode": "cors"}).status_code == 401


def test_a_session_ends_by_its_length_however_busy_it_is() -> None:
    rig = a_rig()
    browser = rig.signed_in()
    for _ in range(11):
        rig.wait(hours=1)
        assert browser.get("/probe").status_code == 200
    rig.wait(hours=1)
    assert browser.get("/probe").status_code == 303


def test_a_form_sent_after_the_session_ended_does_nothing() -> None:
    rig = a_rig()
    browser = rig.signed_in()
    token = form_token(browser)
    rig.wait(hours=3)
    answer = browser.post("/probe", data={"csrf": token, "name": "bot"})
    assert answer.status_code == 401
    assert "Nothing was done" in answer.text
    assert rig.desk.said == []


def test_a_stolen_cookie_opens_nothing_after_its_owner_signed_out() -> None:
    rig = a_rig()
    browser, thief = rig.signed_in(), rig.browser()
    thief.cookies.update(browser.cookies)
    assert thief.get("/probe").status_code == 200
    assert browser.post("/logout", data={"csrf": form_token(browser)}).status_code == 200
    assert thief.get("/probe").status_code == 303
    assert not browser.cookies


def test_signing_in_again_ends_the_session_that_was_there() -> None:
    """A cookie that somebody planted before the login is not the session after it."""
    rig = a_rig()
    browser, planted = rig.signed_in(), rig.browser()
    planted.cookies.update(browser.cookies)
    assert use(browser, rig.link()).status_code == 303
    assert browser.get("/probe").status_code == 200
    assert planted.get("/probe").status_code == 303


def test_a_cookie_that_nobody_gave_out_opens_nothing() -> None:
    rig = a_rig()
    browser = rig.browser()
    browser.cookies.set(rig.app.state.addresses.session_cookie, "x" * 43)
    assert browser.get("/probe").status_code == 303


def test_a_session_by_link_is_worth_nothing_where_a_team_signs_in() -> None:
    rig = a_rig()
    browser = rig.signed_in()
    house = rig.app.state.house
    moved = replace(house, settings=replace(house.settings, login=Login.OIDC, client_id="x"))
    cookie = browser.cookies[rig.app.state.addresses.session_cookie]
    assert sessions.find(house, cookie) is not None
    assert sessions.find(moved, cookie) is None


def test_the_ledger_holds_no_secret_that_opens_anything() -> None:
    rig = a_rig()
    waiting = rig.link()
    browser = rig.signed_in()
    with rig.ledger._database.read() as connection:
        stored = "\n".join(connection.connection.driver_connection.iterdump())
    assert "web_sessions" in stored
    for secret in (*browser.cookies.values(), waiting.partition("key=")[2]):
        assert secret not in stored


def test_cookies_are_out_of_reach_of_scripts_and_other_sites() -> None:
    rig = a_rig()
    cookie = use(rig.browser(), rig.link()).headers["set-cookie"]
    assert cookie.startswith("tuneguard-session-9465=")
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie


def test_over_https_cookies_are_bound_to_the_host() -> None:
    names = a_team().app.state.addresses
    assert names.session_cookie == "__Host-tuneguard-session"
    assert names.login_cookie == "__Host-tuneguard-login"


def test_logins_and_logouts_stand_in_the_audit() -> None:
    rig = a_rig()
    browser = rig.signed_in("ada")
    browser.post("/logout", data={"csrf": form_token(browser)})
    logout, login = rig.ledger.audit(2)
    assert (login.what, login.who, login.detail) == ("login", "ada", "link from testclient")
    assert (logout.what, logout.who, logout.via) == ("logout", "ada", login.via)


def test_too_many_tries_are_refused_for_a_while() -> None:
    rig = a_rig()
    browser = rig.browser()
    answers = [use(browser, f"key={number}").status_code for number in range(31)]
    assert answers[:30] == [403] * 30
    assert answers[30] == 429
