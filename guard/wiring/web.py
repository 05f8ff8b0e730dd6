"""The page put together: the ledger's desk and book, this machine's clock, the door that guard.yaml describes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from guard.core.access import EVERYBODY, AccessRules, DoorSettings, Login, Role
from guard.desk import LedgerDesk
from guard.ports.door import DoorBook
from guard.ports.errors import ConfigInvalid
from guard.web.house import House
from guard.wiring import SANDBOX, clock_of_environment, open_existing_ledger
from guard.wiring.desk import user
from guard.wiring.money import accounting


def door_settings(
    path: Path,
    environment: Mapping[str, str] = os.environ,
    *,
    host: str | None = None,
    port: int | None = None,
    public_url: str | None = None,
    iap_audience: str | None = None,
) -> DoorSettings:
    """What guard.yaml says of the door, with what the command line says in its place; an audience means login by IAP.

    Raises ConfigInvalid: the file is wrong, lacks a variable that the page needs, lets strangers in, or names a real sign-in
    provider while a sandbox is set.
    """
    from guard.adapters.http import is_loopback, require_loopback
    from guard.config import load

    config = load(path, environment)
    if config.web_refusal is not None:
        raise config.web_refusal
    settings = config.web
    settings = replace(
        settings,
        host=host or settings.host,
        port=settings.port if port is None else port,
        public_url=public_url.rstrip("/") if public_url else settings.public_url,
    )
    if iap_audience:
        settings = replace(settings, login=Login.IAP, audience=iap_audience, access=_read_by_all(settings.access))
    if settings.login is Login.LINK and not is_loopback(settings.host):
        raise ConfigInvalid(
            f"--host: found {settings.host!r} with login link: whoever finds a link in a log would be an operator.",
            hint="Leave --host out, or set web.login to oidc or iap in guard.yaml (docs/how-to/page-for-a-team.md).",
        )
    _check_url(settings)
    if environment.get(SANDBOX):
        for url in (settings.issuer if settings.login is Login.OIDC else "",
                    settings.keys_url if settings.login is Login.IAP else ""):  # fmt: skip
            if url:
                require_loopback(url)
    return settings


def _read_by_all(access: AccessRules) -> AccessRules:
    """Where guard.yaml names nobody, whoever IAP lets in reads: its own list says who that is."""
    return access if any(access.roles.values()) else replace(access, roles={Role.VIEWER: (EVERYBODY,)})


def _check_url(settings: DoorSettings) -> None:
    """Raise ConfigInvalid where the command line's address is none that a team could open safely."""
    from guard.adapters.http import is_loopback

    url = settings.public_url
    if url is None:
        if settings.login is Login.LINK:
            return
        raise ConfigInvalid(
            "The page's own address is not known, and it answers under no other.",
            hint="Give --public-url https://..., or web.public_url in guard.yaml.",
        )
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise ConfigInvalid(
            f"--public-url: found {url!r}. Expected https://..., or http:// on 127.0.0.1.",
            hint="Its cookies are for https only.",
        )


@contextmanager
def house_of(path: Path, settings: DoorSettings, environment: Mapping[str, str] = os.environ) -> Iterator[House]:
    """Everything the page is handed; closed at the end. Raises GuardError where ledger or world cannot be used."""
    from guard.adapters.clock import SystemClock

    ledger = open_existing_ledger(path, environment, writes=True)
    # No look of its own: `--fresh` would spend this machine's credentials on whoever opens the page.
    desk = LedgerDesk(ledger, clock_of_environment(environment), accounting(path, environment), None, user=user)
    clock = SystemClock()
    try:
        yield House(desk=lambda: desk, book=ledger, now=clock.now, settings=settings, monotonic=clock.monotonic)
    finally:
        ledger.close()


@contextmanager
def book_of(path: Path, environment: Mapping[str, str] = os.environ) -> Iterator[tuple[DoorBook, datetime, str]]:
    """The door's part of the ledger for a command, with the machine's time and user."""
    from guard.adapters.clock import SystemClock

    ledger = open_existing_ledger(path, environment)
    try:
        yield ledger, SystemClock().now(), user()
    finally:
        ledger.close()
