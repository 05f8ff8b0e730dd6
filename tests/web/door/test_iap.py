"""Behind Google's Identity-Aware Proxy each request proves itself by the proxy's signature; the sandbox signs."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from guard.core.access import Login, Role
from guard.web.login.iap import HEADER, Assertions
from tests.web.door.rig import Rig, a_team

AUDIENCE = "/projects/1/locations/us-central1/services/guard-page"


@pytest.fixture
def rig(sandbox: str) -> Rig:
    rig = a_team(login=Login.IAP, audience=AUDIENCE, keys_url=f"{sandbox}/sandbox/iap/keys")
    rig.at = datetime.now(UTC)
    return rig


def signed(sandbox: str, email: str = "ada@example.com", audience: str = AUDIENCE, lie: str = "") -> dict[str, str]:
    asked = {"email": email, "audience": audience, "lie": lie}
    return {HEADER: httpx.post(f"{sandbox}/sandbox/iap/sign", json=asked).json()["assertion"]}


def test_whom_the_proxy_signed_for_is_in(rig: Rig, sandbox: str) -> None:
    browser = rig.browser(**signed(sandbox))
    found = browser.get("/probe").json()
    assert (found["name"], found["role"]) == ("ada@example.com", Role.VIEWER)
    assert browser.get("/login?next=/probe").headers["location"] == "/probe"


def test_the_forms_token_holds_from_one_request_to_the_next(sandbox: str, rig: Rig) -> None:
    browser = rig.browser(**signed(sandbox))
    first = browser.get("/probe").json()["csrf"]
    assert browser.get("/probe").json()["csrf"] == first
    assert browser.post("/probe", data={"name": "bot", "csrf": first}).status_code == 403, "a viewer"
    assert browser.post("/logout", data={"csrf": "0"}).status_code == 403
    assert browser.post("/logout", data={"csrf": first}).status_code == 200


@pytest.mark.parametrize(
    ("audience", "lie"),
    [("/projects/1/global/backendServices/2", ""), ("", ""), (AUDIENCE, "exp"), (AUDIENCE, "iss"), (AUDIENCE, "alg")],
)
def test_a_word_that_does_not_hold_lets_nobody_in(rig: Rig, sandbox: str, audience: str, lie: str) -> None:
    answer = rig.browser(**signed(sandbox, audience=audience, lie=lie)).get("/probe")
    assert answer.status_code == 401
    assert "csrf" not in answer.text


@pytest.mark.parametrize("word", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
def test_what_is_no_word_of_the_proxy_lets_nobody_in(rig: Rig, word: str) -> None:
    answer = rig.browser(**{HEADER: word}).get("/probe")
    assert answer.status_code in {303, 401}


def test_the_plain_headers_are_not_believed(rig: Rig) -> None:
    plain = {
        "x-goog-authenticated-user-email": "accounts.google.com:boss@example.com",
        "x-goog-authenticated-user-id": "accounts.google.com:1",
    }
    assert rig.browser(**plain).get("/probe").status_code == 303


def test_a_cookie_without_the_proxys_word_is_worth_nothing(rig: Rig, sandbox: str) -> None:
    browser = rig.browser(**signed(sandbox))
    assert browser.get("/probe").status_code == 200
    past_the_proxy = rig.browser()
    past_the_proxy.cookies.update(browser.cookies)
    assert past_the_proxy.get("/probe").status_code == 303


def test_a_cookie_of_somebody_else_is_not_taken_over(rig: Rig, sandbox: str) -> None:
    ada = rig.browser(**signed(sandbox))
    token = ada.get("/probe").json()["csrf"]
    bob = rig.browser(**signed(sandbox, "bob@example.com"))
    bob.cookies.update(ada.cookies)
    found = bob.get("/probe").json()
    assert found["name"] == "bob@example.com"
    assert found["csrf"] != token


def test_whom_no_role_names_is_told_who_they_are(rig: Rig, sandbox: str) -> None:
    answer = rig.browser(**signed(sandbox, "eve@elsewhere.org")).get("/probe")
    assert answer.status_code == 403
    assert "eve@elsewhere.org" in answer.text


def test_the_proxys_keys_are_read_once_and_not_at_a_strangers_bidding(sandbox: str) -> None:
    """A word that names an unknown key makes us read the keys anew, once a minute at most."""
    at = [1000.0]
    assertions = Assertions(AUDIENCE, f"{sandbox}/sandbox/iap/keys", lambda: at[0])
    for _ in range(3):
        assert assertions.identity(signed(sandbox)) is not None
    read_at = assertions._read_at
    unknown = "eyJhbGciOiAiRVMyNTYiLCAia2lkIjogIm90aGVyIn0.e30.AAAA"
    for _ in range(5):
        with pytest.raises(Exception, match="does not hold"):
            assertions.identity({HEADER: unknown})
    assert assertions._read_at == read_at
    at[0] += 61
    with pytest.raises(Exception, match="does not hold"):
        assertions.identity({HEADER: unknown})
    assert assertions._read_at == 1061


def test_keys_that_cannot_be_read_are_told(sandbox: str) -> None:
    rig = a_team(login=Login.IAP, audience=AUDIENCE, keys_url="http://127.0.0.1:9/keys")
    answer = rig.browser(**signed(sandbox)).get("/probe")
    assert answer.status_code == 503
    assert "keys cannot be read" in answer.text
