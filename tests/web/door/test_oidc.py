"""A team signs in through an OpenID provider: the sandbox's, over the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.testclient import TestClient

from guard.core.access import Role
from guard.web import secret
from tests.web.door.rig import Rig, a_team, form_token


@pytest.fixture
def rig(sandbox: str) -> Rig:
    """A page whose clock is the machine's, as the provider's is."""
    return at_the_machines_time(a_team(issuer=f"{sandbox}/sandbox/login"))


def at_the_machines_time(rig: Rig) -> Rig:
    rig.at = datetime.now(UTC)
    return rig


def go(browser: TestClient, wanted: str = "/probe", **who: str) -> httpx.Response:
    """Sign in at the provider as somebody, and come back to where it sends the browser."""
    begun = browser.get("/login/oidc", params={"next": wanted})
    assert begun.status_code == 303
    answered = httpx.get(begun.headers["location"], params=parse_qs(urlsplit(begun.headers["location"]).query) | who)
    return come_back(browser, answered.headers["location"])


def come_back(browser: TestClient, location: str) -> Any:
    parts = urlsplit(location)
    return browser.get(f"{parts.path}?{parts.query}", headers={"sec-fetch-site": "cross-site"})


def test_the_provider_says_who_it_is_and_guard_yaml_what_they_may(rig: Rig) -> None:
    for groups, role in (("", Role.VIEWER), ("makers", Role.OWNER), ("makers, platform", Role.OPERATOR)):
        browser = rig.browser()
        back = go(browser, email="ada@example.com", groups=groups)
        assert (back.status_code, back.headers["location"]) == (303, "/probe")
        found = browser.get("/probe").json()
        assert (found["name"], found["role"]) == ("ada@example.com", role)
    assert rig.ledger.audit(1)[0].detail == "oidc from testclient"


def test_the_cookies_of_a_login_are_bound_to_this_host_over_https(rig: Rig) -> None:
    browser = rig.browser()
    begun = browser.get("/login/oidc").headers["set-cookie"]
    back = go(browser, email="ada@example.com")
    for cookie in (begun, *back.headers.get_list("set-cookie")):
        assert cookie.startswith("__Host-tuneguard-")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}
    assert [cookie.partition("=")[0] for cookie in back.headers.get_list("set-cookie")] == [
        "__Host-tuneguard-session",
        "__Host-tuneguard-login",
    ]


def test_what_is_asked_of_the_provider_can_be_used_by_this_browser_only(rig: Rig) -> None:
    asked = parse_qs(urlsplit(rig.browser().get("/login/oidc").headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["response_type"] == ["code"]
    assert asked["redirect_uri"] == ["https://guard.example.com/login/callback"]
    assert len(asked["state"][0]) == len(asked["nonce"][0]) == 43


def test_somebody_whom_no_role_names_reads_nothing_and_can_leave(rig: Rig) -> None:
    browser = rig.browser()
    go(browser, email="eve@elsewhere.org", groups="strangers")
    answer = browser.get("/")
    assert answer.status_code == 403
    assert "eve@elsewhere.org, and no role names you" in answer.text
    token = sessions_token(rig, browser)
    assert browser.post("/logout", data={"csrf": token}).status_code == 200
    assert browser.get("/").status_code == 303


def sessions_token(rig: Rig, browser: TestClient) -> str:
    return secret.csrf_token(browser.cookies[rig.app.state.addresses.session_cookie])


def test_an_address_that_the_provider_has_not_verified_counts_for_nothing(rig: Rig) -> None:
    browser = rig.browser()
    go(browser, email="boss@example.com", verified="false")
    assert browser.get("/").status_code == 403

    go(browser, email="boss@example.com", groups="makers", verified="false")
    found = browser.get("/probe").json()
    assert found["owns"] == ["ada"]
    assert "boss" not in found["name"], "the audit names nobody by what they typed themselves"


@pytest.mark.parametrize("lie", ["aud", "iss", "nonce", "exp", "signature"])
def test_an_answer_that_does_not_hold_lets_nobody_in(rig: Rig, lie: str) -> None:
    browser = rig.browser()
    back = go(browser, email="ada@example.com", groups="platform", lie=lie)
    assert back.status_code == 403
    assert "does not hold" in back.text
    assert browser.get("/probe").status_code == 303


def test_a_wrong_state_is_refused_and_ends_the_attempt(rig: Rig) -> None:
    browser = rig.browser()
    begun = browser.get("/login/oidc").headers["location"]
    good = httpx.get(begun, params=parse_qs(urlsplit(begun).query) | {"email": "ada@example.com"}).headers["location"]
    state = parse_qs(urlsplit(good).query)["state"][0]
    assert come_back(browser, good.replace(state, "guessed")).status_code == 403
    assert come_back(browser, good).status_code == 403, "one attempt, one answer"


def test_an_answer_for_another_browser_lets_nobody_in(rig: Rig) -> None:
    """Somebody who gets a person to open their own answer would have them work in the wrong account."""
    mine, theirs = rig.browser(), rig.browser()
    theirs.get("/login/oidc")
    begun = mine.get("/login/oidc").headers["location"]
    good = httpx.get(begun, params=parse_qs(urlsplit(begun).query) | {"email": "ada@example.com"}).headers["location"]
    assert come_back(theirs, good).status_code == 403
    assert come_back(rig.browser(), good).status_code == 403
    assert come_back(mine, good).status_code == 303


def test_an_answer_works_once(rig: Rig) -> None:
    browser = rig.browser()
    begun = browser.get("/login/oidc").headers["location"]
    good = httpx.get(begun, params=parse_qs(urlsplit(begun).query) | {"email": "ada@example.com"}).headers["location"]
    cookies = dict(browser.cookies)
    assert come_back(browser, good).status_code == 303
    again = rig.browser()
    again.cookies.update(cookies)
    assert come_back(again, good).status_code == 403


def test_an_attempt_that_took_too_long_is_over(rig: Rig) -> None:
    browser = rig.browser()
    begun = browser.get("/login/oidc").headers["location"]
    good = httpx.get(begun, params=parse_qs(urlsplit(begun).query) | {"email": "ada@example.com"}).headers["location"]
    rig.wait(minutes=10)
    assert come_back(browser, good).status_code == 403


def test_whom_the_provider_refuses_is_told_so(rig: Rig) -> None:
    back = go(rig.browser(), email="nobody")
    assert back.status_code == 403
    assert "access_denied" in back.text


def test_a_code_of_somebody_elses_login_is_refused_by_its_verifier(rig: Rig) -> None:
    """A code that was caught on its way is worth nothing in another attempt."""
    thief, victim = rig.browser(), rig.browser()
    caught = httpx.get(
        (begun := victim.get("/login/oidc").headers["location"]),
        params=parse_qs(urlsplit(begun).query) | {"email": "boss@example.com", "groups": "platform"},
    ).headers["location"]
    code = parse_qs(urlsplit(caught).query)["code"][0]
    state = parse_qs(urlsplit(thief.get("/login/oidc").headers["location"]).query)["state"][0]
    answer = thief.get("/login/callback", params={"code": code, "state": state})
    assert answer.status_code == 403
    assert "invalid_grant" in answer.text


def test_after_the_login_one_is_where_one_wanted_to_be_and_nowhere_else(rig: Rig) -> None:
    assert go(rig.browser(), "/things/a%2Fb?x=1", email="a@example.com").headers["location"] == "/things/a%2Fb?x=1"
    assert go(rig.browser(), "//evil.example.com", email="a@example.com").headers["location"] == "/"


def test_a_form_of_a_session_by_oidc_needs_its_token_too(rig: Rig) -> None:
    browser = rig.browser()
    go(browser, email="ada@example.com", groups="platform")
    assert browser.post("/probe", data={"name": "bot"}).status_code == 403
    assert browser.post("/probe", data={"name": "bot", "csrf": form_token(browser)}).status_code == 200
    assert rig.desk.said[0][1]["who"] == "ada@example.com"


def test_a_public_client_signs_in_by_its_challenge_alone(sandbox: str) -> None:
    rig = at_the_machines_time(a_team(issuer=f"{sandbox}/sandbox/login", client_secret=""))
    assert go(rig.browser(), email="ada@example.com").status_code == 303


def test_a_provider_that_is_not_there_or_another_is_told() -> None:
    away = a_team(issuer="http://127.0.0.1:9")
    answer = away.browser().get("/login/oidc")
    assert answer.status_code == 503
    assert "http://127.0.0.1:9 does not answer" in answer.text


def test_an_issuer_that_is_written_otherwise_is_told(sandbox: str) -> None:
    rig = a_team(issuer=f"{sandbox}/sandbox/login/")
    answer = rig.browser().get("/login/oidc")
    assert answer.status_code == 503
    assert "exactly as the provider does" in answer.text


def test_links_let_nobody_in_where_a_team_signs_in(rig: Rig) -> None:
    browser = rig.browser()
    assert browser.post("/login/link", data={"key": rig.link().partition("key=")[2]}).status_code == 403
