"""Forms are believed only from this page, in this session; answers say to the browser what it must not do."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from guard.web.addresses import local_path
from tests.web.door.rig import HERE, a_rig, a_team, form_token


def test_a_form_of_this_session_is_believed_and_speaks_for_whoever_is_signed_in() -> None:
    rig = a_rig()
    browser = rig.signed_in("ada")
    answer = browser.post("/probe", data={"csrf": form_token(browser), "name": "bot", "why": "demo"})
    assert answer.json() == {"word": "keep"}
    assert rig.desk.said == [("keep", {"name": "bot", "until": None, "why": "demo", "who": "ada"})]


def test_a_header_may_bring_the_token_too() -> None:
    rig = a_rig()
    browser = rig.signed_in()
    headers = {"x-csrf-token": form_token(browser)}
    assert browser.post("/probe", data={"name": "bot"}, headers=headers).status_code == 200


@pytest.mark.parametrize("token", [None, "", "0" * 64])
def test_a_form_without_its_token_does_nothing(token: str | None) -> None:
    rig = a_rig()
    data = {"name": "bot"} | ({} if token is None else {"csrf": token})
    answer = rig.signed_in().post("/probe", data=data)
    assert answer.status_code == 403
    assert "Nothing was done" in answer.text
    assert rig.desk.said == []


def test_the_token_of_another_session_is_not_believed() -> None:
    rig = a_rig()
    mine, theirs = rig.signed_in(), rig.signed_in()
    assert mine.post("/probe", data={"name": "bot", "csrf": form_token(theirs)}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example.com", "sec-fetch-site": "cross-site"},
        {"origin": "https://evil.example.com", "sec-fetch-site": "same-origin"},
        {"origin": "http://127.0.0.1:9466", "sec-fetch-site": "same-site"},
        {"origin": "null", "sec-fetch-site": "same-origin"},
        {"origin": HERE, "sec-fetch-site": "cross-site"},
        {"origin": HERE, "sec-fetch-site": "none"},
        {"origin": "", "sec-fetch-site": ""},
    ],
)
def test_another_sites_form_does_nothing_even_with_the_token(headers: dict[str, str]) -> None:
    rig = a_rig()
    browser = rig.signed_in()
    token = form_token(browser)
    for address in ("/probe", "/login/link", "/logout"):
        assert (
            browser.post(address, data={"csrf": token, "name": "bot", "key": "x"}, headers=headers).status_code == 403
        )
    assert rig.desk.said == []
    assert browser.get("/probe").status_code == 200, "nor does it sign anybody out"


def test_a_request_that_says_nothing_of_where_it_comes_from_does_nothing() -> None:
    rig = a_rig()
    browser = rig.signed_in()
    token = form_token(browser)
    del browser.headers["origin"], browser.headers["sec-fetch-site"]
    assert browser.post("/probe", data={"csrf": token, "name": "bot"}).status_code == 403


def test_an_oversized_body_is_refused_however_it_is_sent() -> None:
    rig = a_rig()
    browser = rig.signed_in()
    token = form_token(browser)
    assert browser.post("/probe", data={"csrf": token, "name": "x" * 70_000}).status_code == 413
    chunks = (b"x" * 10_000 for _ in range(8))
    headers = {"content-type": "application/x-www-form-urlencoded", "x-csrf-token": token}
    assert browser.post("/probe", content=chunks, headers=headers).status_code == 413
    assert rig.desk.said == []


@pytest.mark.parametrize(
    "host", ["evil.example.com", "127.0.0.1", "127.0.0.1:80", "localhost.evil.example.com:9465", ""]
)
def test_another_host_is_refused_before_anything_is_looked_at(host: str) -> None:
    """A name of somebody else's that leads to this machine must not make their page one of ours."""
    rig = a_rig()
    browser = rig.signed_in()
    answer = browser.get("/probe", headers={"host": host})
    assert answer.status_code == 421
    assert "csrf" not in answer.text


@pytest.mark.parametrize("host", ["localhost:9465", "127.0.0.1:9465", "[::1]:9465"])
def test_every_name_of_the_loopback_is_this_page(host: str) -> None:
    assert a_rig().browser(host=host).get("/login").status_code == 200


def test_behind_a_public_address_only_that_host_answers() -> None:
    rig = a_team()
    assert rig.browser().get("/login").status_code == 200
    assert rig.browser(host="guard.example.com:443").get("/login").status_code == 200
    assert rig.browser(host="127.0.0.1:9465").get("/login").status_code == 421


def test_every_answer_carries_the_policy_also_the_ones_that_refuse() -> None:
    rig = a_rig()
    browser = rig.signed_in()
    strangers = rig.browser()
    with capture_logs() as logged:
        bug = browser.get("/probe/bug")
    answers = {
        200: browser.get("/probe"),
        303: strangers.get("/probe"),
        401: strangers.post("/probe"),
        403: browser.post("/probe"),
        404: browser.get("/nowhere"),
        413: browser.post("/probe", data={"x": "x" * 70_000}),
        421: browser.get("/probe", headers={"host": "evil.example.com"}),
        422: browser.post("/probe", data={"csrf": form_token(browser)}),
        500: bug,
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "strict-transport-security" not in answer.headers, "a loopback page speaks http"
    assert "ZeroDivisionError" not in bug.text
    assert "Traceback" not in bug.text
    assert [(one["event"], one["path"], one["detail"]) for one in logged] == [
        ("request.failed", "/probe/bug", "ZeroDivisionError")
    ]


def test_over_https_the_browser_is_told_to_stay_there() -> None:
    assert a_team().browser().get("/login").headers["strict-transport-security"] == "max-age=31536000"


def test_pages_are_not_kept_and_files_by_their_hash_are() -> None:
    rig = a_rig()
    browser = rig.signed_in()
    page = rig.browser().get("/login")
    assert page.headers["cache-control"] == "no-store"
    address = next(part.partition('"')[0] for part in page.text.split('href="') if part.startswith("/static/app.css"))
    assert "immutable" in browser.get(address).headers["cache-control"]
    assert browser.get("/static/app.css?v=old").headers["cache-control"] == "no-cache"
    assert rig.browser().get("/favicon.ico").headers["location"].startswith("/static/favicon.svg?v=")


@pytest.mark.parametrize("escape", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py"])
def test_static_files_end_at_their_folder(escape: str) -> None:
    assert a_rig().signed_in().get(escape).status_code == 404


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example.com/",
        "//evil.example.com/",
        "/\\evil.example.com",
        "\\\\evil.example.com",
        "/\t/evil.example.com",
        "javascript:alert(1)",
        "evil.example.com",
        "",
        None,
        "/login?next=/login",
    ],
)
def test_nobody_is_sent_elsewhere_after_a_login(wanted: str | None) -> None:
    assert local_path(wanted) == "/"


def test_a_path_of_this_page_is_kept_over_the_login() -> None:
    assert local_path("/things/projects%2F1?by=owner") == "/things/projects%2F1?by=owner"
    led = a_team().browser().get("/things/projects%2F1%2Fbot?by=owner").headers["location"]
    assert led == "/login?next=%2Fthings%2Fprojects%252F1%252Fbot%3Fby%3Downer", "as it was asked for, not decoded"
    assert "next=/things/x" in a_team().browser().get("/login?next=/things/x").text


def test_who_asks_for_json_is_refused_in_json() -> None:
    answer = a_rig().browser(accept="application/json").get("/probe")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "There is no session, or it has ended."


def test_what_a_refusal_repeats_is_text_and_no_markup() -> None:
    answer = a_rig().signed_in().get("/<script>alert(1)</script>`<b>x</b>`")
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text
    assert "<b>" not in answer.text
    assert "&lt;b&gt;x" in answer.text
