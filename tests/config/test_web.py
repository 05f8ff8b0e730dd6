"""`web:` of guard.yaml: what is in force, and what is refused, with its place."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from guard.core.access import Login, Role
from guard.ports.errors import ConfigInvalid
from tests.config.files import VALID, read

OIDC = """\
web:
  login: oidc
  public_url: https://guard.example.com/
  issuer: https://id.example.com
  client_id: tuneguard
  client_secret: ${OIDC_SECRET}
  roles:
    viewer: ["*@example.com"]
    operator: [platform]
  owners: {ada@example.com: [ada, nlp]}
"""


def test_without_web_people_come_in_by_a_link_on_this_machine() -> None:
    found = read().web
    assert (found.login, found.host, found.public_url) == (Login.LINK, "127.0.0.1", None)


def test_a_team_signs_in_as_the_file_says() -> None:
    found = read(VALID + OIDC, OIDC_SECRET="s3cret")
    assert found.web_refusal is None
    assert (found.web.login, found.web.client_secret) == (Login.OIDC, "s3cret")
    assert found.web.public_url == "https://guard.example.com"
    assert found.web.access.roles[Role.VIEWER] == ("*@example.com",)
    assert found.web.access.owners == {"ada@example.com": ("ada", "nlp")}
    assert found.web.session_length == timedelta(hours=12)
    assert "s3cret" not in repr(found)


def test_a_secret_that_is_missing_stops_the_page_and_not_the_daemon() -> None:
    found = read(VALID + OIDC)
    assert found.settings.policies if hasattr(found.settings, "policies") else found.settings.default.policies
    assert found.web_refusal is not None
    assert "guard.yaml:21:3: web.client_secret: needs ${OIDC_SECRET}" in found.web_refusal.message


def test_who_may_use_the_page_does_not_change_what_the_guard_decides() -> None:
    assert read(VALID + OIDC, OIDC_SECRET="x").settings.digest == read().settings.digest


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("web: {host: 0.0.0.0}", "web.host: found '0.0.0.0' with login link"),
        ("web: {public_url: 'https://a.example.com'}", "web.public_url: found 'https://a.example.com' with login link"),
        ("web: {login: password}", "web.login: found 'password'. Expected 'link', 'oidc' or 'iap'"),
        ("web: {session_idle: 13h}", "web.session_idle: longer than session_length"),
        (
            OIDC.replace("issuer: https://", "issuer: http://"),
            "web.issuer: found 'http://id.example.com'. Expected https",
        ),
        (OIDC.replace("  issuer: https://id.example.com\n", ""), "web.issuer: missing. login oidc needs it"),
        (OIDC.replace("guard.example.com/", "guard.example.com/page"), "Expected scheme and host only"),
        (
            OIDC.replace("https://guard", "http://guard"),
            "web.public_url: found 'http://guard.example.com/'. Expected https",
        ),
        (OIDC.replace("*@example.com", "*"), "web.roles.viewer: found '*'"),
        (OIDC.replace("login: oidc", "login: iap"), "web.audience: missing. login iap needs it"),
        (
            re.sub(r"  roles:.*operator[^\n]*\n", "", OIDC, flags=re.DOTALL),
            "web.roles: names nobody, so nobody could come in",
        ),
    ],
)
def test_a_wrong_door_is_told_with_its_place(section: str, told: str) -> None:
    with pytest.raises(ConfigInvalid) as error:
        read(VALID + section, OIDC_SECRET="x")
    assert "guard.yaml:1" in error.value.message or "guard.yaml:2" in error.value.message
    assert told in error.value.message


def test_behind_the_proxy_whoever_it_lets_in_reads_unless_roles_are_named() -> None:
    iap = "web: {login: iap, audience: a, public_url: 'https://a.example.com'"
    assert read(VALID + iap + "}").web.access.roles == {Role.VIEWER: ("*",)}
    named = read(VALID + iap + ", roles: {operator: [ada@example.com]}}").web.access.roles
    assert (named[Role.VIEWER], named[Role.OPERATOR]) == ((), ("ada@example.com",))
