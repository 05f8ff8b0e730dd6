"""`web:` as a core value, with the checks that read its fields together."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from guard.config.web_schema import WebRules
from guard.core.access import EVERYBODY, AccessRules, DoorSettings, Login, Role

Path = tuple[str | int, ...]
Problem = tuple[Path, str]
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_TEXTS = ("host", "public_url", "issuer", "client_id", "client_secret", "audience", "keys_url")


def missing(rules: WebRules, environment: Mapping[str, str]) -> list[Problem]:
    """Variables that are not in the environment. Only the page needs them: a daemon beside it may do without."""
    return [
        (("web", name), f"needs ${{{variable}}}, which is not in the environment. Set it")
        for name in _TEXTS
        for variable in _VARIABLE.findall(getattr(rules, name) or "")
        if variable not in environment
    ]


def filled(rules: WebRules, environment: Mapping[str, str]) -> WebRules:
    """The rules with ${NAME} read from the environment; what is not there is left as it stands."""
    texts = {
        name: _VARIABLE.sub(lambda found: environment.get(found[1], found[0]), text)
        for name in _TEXTS
        if (text := getattr(rules, name)) is not None
    }
    return rules.model_copy(update=texts)


def settings_of(rules: WebRules) -> DoorSettings:
    """The core value of filled rules."""
    return DoorSettings(
        login=Login(rules.login),
        host=rules.host,
        port=rules.port,
        public_url=rules.public_url.rstrip("/") if rules.public_url else None,
        session_length=rules.session_length,
        session_idle=rules.session_idle,
        issuer=rules.issuer,
        client_id=rules.client_id,
        client_secret=rules.client_secret,
        groups_claim=rules.groups_claim,
        scopes=tuple(rules.scopes),
        audience=rules.audience,
        keys_url=rules.keys_url,
        access=AccessRules(
            roles=roles_of(rules),
            owners={entry: tuple(names) for entry, names in rules.owners.items()},
        ),
    )


def roles_of(rules: WebRules) -> Mapping[Role, tuple[str, ...]]:
    """Who has which role. Where no role names anybody, whoever IAP lets in reads: its own list says who that is."""
    named = {role: tuple(getattr(rules.roles, role.value)) for role in Role}
    if rules.login == "iap" and not any(named.values()):
        return {Role.VIEWER: (EVERYBODY,)}
    return named


def problems(rules: WebRules) -> Iterator[Problem]:
    """What does not fit together in filled rules. Texts that still hold ${NAME} are not judged."""
    yield from _reach(rules)
    yield from _entries(rules)
    if rules.login == "link":
        return
    needed = ("issuer", "client_id", "public_url") if rules.login == "oidc" else ("audience", "public_url")
    for name in needed:
        if not getattr(rules, name):
            yield ("web", name), f"missing. login {rules.login} needs it"
    if rules.login == "oidc" and not any(getattr(rules.roles, role.value) for role in Role):
        yield ("web", "roles"), "names nobody, so nobody could come in. Add e-mail addresses, *@DOMAIN or groups"
    for name in ("issuer", "keys_url"):
        if problem := _not_https(getattr(rules, name)):
            yield ("web", name), problem


def _reach(rules: WebRules) -> Iterator[Problem]:
    if rules.login == "link" and not _is_loopback(rules.host):
        why = "whoever finds a link in a log would be an operator"
        yield ("web", "host"), f"found {rules.host!r} with login link: {why}. Expected 127.0.0.1, or login oidc or iap"
    url = rules.public_url
    if url and "${" not in url:
        parts = urlsplit(url)
        if problem := _not_https(url):
            yield ("web", "public_url"), problem
        elif not parts.hostname or parts.path not in {"", "/"} or parts.query or parts.fragment or parts.username:
            yield ("web", "public_url"), f'found {url!r}. Expected scheme and host only, "https://guard.example.com"'
        elif rules.login == "link" and not _is_loopback(parts.hostname):
            yield (
                ("web", "public_url"),
                f"found {url!r} with login link, which is for one machine. Use login oidc or iap",
            )
    if rules.session_idle > rules.session_length:
        yield ("web", "session_idle"), "longer than session_length. A session ends after that in any case"


def _entries(rules: WebRules) -> Iterator[Problem]:
    listed = [(("web", "roles", role.value), entry) for role in Role for entry in getattr(rules.roles, role.value)]
    listed += [(("web", "owners", entry), entry) for entry in rules.owners]
    for path, entry in listed:
        if not entry.strip() or ("*" in entry and not re.fullmatch(r"\*@[^@*\s]+", entry)):
            yield path, f'found {entry!r}. Expected an e-mail address, "*@example.com" or a group\'s name'


def _not_https(url: str) -> str | None:
    """What is wrong with a URL that has to be https, or http on this machine."""
    if not url or "${" in url:
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return f"found {url!r}, which is no URL"
    if parts.scheme == "https" and host:
        return None
    if parts.scheme == "http" and _is_loopback(host):
        return None
    return f"found {url!r}. Expected https://..., or http:// on 127.0.0.1"


def _is_loopback(host: str) -> bool:
    if "${" in host or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
