"""Without a session nothing can be read or changed: every route is tried, from the route table itself."""

from __future__ import annotations

import re

import pytest
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount, Route
from structlog.testing import capture_logs

from guard.core.access import Identity, Login, Role
from guard.ports.errors import LedgerUnusable
from guard.web import sessions
from guard.web.app import create_app
from guard.web.door import OPEN, STATIC
from tests.web.door.rig import Rig, a_rig, a_team, form_token

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
WAYS_IN = {"/livez", "/readyz", "/favicon.ico", "/login", "/login/link", "/login/oidc", "/login/callback"}


def addresses(rig: Rig) -> list[str]:
    """An address for each route of the application."""
    found = []

    def walk(routes: list[BaseRoute], prefix: str = "") -> None:
        for route in routes:
            if isinstance(route, Route | APIRoute):
                found.append(prefix + re.sub(r"\{[^}]*\}", "x", route.path))
            elif isinstance(route, Mount):
                walk(list(route.routes or ()), prefix + route.path)
                found.append(f"{prefix}{route.path}/x")
            else:
                inner = getattr(route, "routes", None) or getattr(
                    getattr(route, "original_router", None), "routes", None
                )
                assert inner, f"a kind of route that this test does not know: {route!r}"
                walk(list(inner), prefix)

    walk(rig.app.routes)
    return sorted(set(found))


def test_the_route_table_is_seen_whole() -> None:
    found = set(addresses(a_rig()))
    assert {"/", "/probe", "/api/probe", "/logout", "/livez", "/static/x"} <= found


def test_what_is_open_is_what_we_mean_to_be_open() -> None:
    assert OPEN == WAYS_IN
    assert STATIC == "/static/"
    assert {address for address in addresses(a_rig()) if address in OPEN} == WAYS_IN


def test_without_a_session_no_route_answers_by_any_method() -> None:
    for rig in (a_rig(), a_team()):
        browser = rig.browser()
        browser.headers["authorization"] = "Bearer tgt_guessed"
        for address in addresses(rig):
            if address in WAYS_IN or address.startswith(STATIC):
                continue
            for method in METHODS:
                answer = browser.request(method, address)
                led_to_login = answer.status_code == 303 and answer.headers["location"].startswith("/login?next=")
                assert led_to_login or answer.status_code == 401, (method, address, answer.status_code)
        assert rig.desk.said == []


def test_open_routes_change_nothing_by_get() -> None:
    rig = a_rig()
    before = rig.ledger.info().last_write
    for address in sorted(WAYS_IN):
        assert rig.browser().get(address).status_code in {200, 301, 403}
    assert rig.ledger.info().last_write in {before, before + 1}, "at most a look for a login that is under way"


def test_a_viewer_can_change_nothing_by_any_route() -> None:
    rig = a_team()
    browser = rig.browser()
    identity = Identity(login=Login.OIDC, name="vic@example.com", email="vic@example.com")
    browser.cookies.set(rig.app.state.addresses.session_cookie, sessions.begin(rig.app.state.house, identity).secret)
    token = form_token(browser)
    tried = 0
    for address in addresses(rig):
        if address in WAYS_IN or address.startswith((STATIC, "/api/")) or address == "/logout":
            continue
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            answer = browser.request(method, address, data={"csrf": token, "name": "bot", "key": "x"})
            assert answer.status_code == 403, (method, address, answer.status_code)
            tried += 1
    assert tried >= 8
    assert rig.desk.said == []
    assert browser.get("/probe").json()["role"] == "viewer"


def test_no_route_changes_anything_by_get() -> None:
    """A signed-in operator's browser that is led to any address by GET says no word: every word is audited."""
    rig = a_rig()
    browser = rig.signed_in()
    browser.headers["authorization"] = f"Bearer {rig.token(Role.OPERATOR)}"
    said = len(rig.ledger.audit(1000))
    with capture_logs():
        for address in addresses(rig):
            browser.get(address)
    assert len(rig.ledger.audit(1000)) == said
    assert rig.desk.said == []


def test_an_unknown_address_is_told_apart_only_after_a_login() -> None:
    rig = a_rig()
    assert rig.browser().get("/nowhere").status_code == 303
    answer = rig.signed_in().get("/nowhere")
    assert answer.status_code == 404
    assert "There is no page /nowhere" in answer.text


def test_the_schema_of_the_api_is_not_served_to_strangers() -> None:
    app = create_app(a_rig().app.state.house)
    assert (app.docs_url, app.redoc_url) == (None, None)


@pytest.mark.parametrize("address", ["/livez", "/readyz"])
def test_probes_answer_any_host_without_a_session(address: str) -> None:
    rig = a_rig()
    answer = rig.browser(host="10.0.0.7:8080").get(address)
    assert (answer.status_code, answer.json()) == (200, {"ok": True})


def test_readiness_fails_with_the_ledger_and_says_no_more() -> None:
    rig = a_rig()

    def broken(_limit: int) -> None:
        raise LedgerUnusable("The ledger postgresql://guard@10.0.0.3 refused the password.")

    rig.ledger.audit = broken  # type: ignore[assignment, method-assign]
    answer = rig.browser().get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ok": False, "problem": "the ledger does not answer"}


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:9465/livez?", "x/livez?", "x/static/?", "127.0.0.1:9465/login#", "x/api/?", "127.0.0.1:9465/readyz#"],
)
def test_a_host_header_cannot_pass_for_an_open_address(host: str) -> None:
    """Frameworks put the URL together from that header; what is open is judged by the path that routes are found by."""
    rig = a_rig()
    for address in ("/probe", "/", "/api/probe"):
        answer = rig.browser(host=host).get(address)
        assert answer.status_code == 421, (address, answer.status_code)
        assert "csrf" not in answer.text


@pytest.mark.parametrize(
    "address", ["/livez%3F/../probe", "/static/%2e%2e/probe", "//probe", "/login%23/probe", "/LOGIN/../probe"]
)
def test_an_address_that_only_begins_like_an_open_one_is_shut(address: str) -> None:
    answer = a_rig().browser().get(address)
    assert answer.status_code in {303, 401, 404}
    assert "csrf" not in answer.text
