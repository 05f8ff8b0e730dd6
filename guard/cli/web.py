"""`tuneguard web`: the page and its API."""

from __future__ import annotations

import json
import os
import sys
from time import monotonic, sleep
from typing import Annotated

from cyclopts import App, Parameter, validators

from guard.cli.common import COMMON, Common, emit_json, say
from guard.ports.errors import ConfigInvalid

MORE = """By default the page answers on this machine only, and a link that works once lets you in. For a team, `web:` in
guard.yaml names an OpenID provider, or says that Google's Identity-Aware Proxy stands in front.

It is a process of its own: it decides and removes nothing, and the daemon does not need it."""

app = App(name="web", help="The page and its API; prints one JSON line when ready.", help_epilogue=MORE)


@app.default
def web(
    *,
    host: Annotated[str | None, Parameter(help="Address to listen on; default: web.host, else 127.0.0.1.")] = None,
    port: Annotated[
        int | None,
        Parameter(
            help="Port; 0 takes a free one; default: web.port, else 9465.",
            validator=validators.Number(gte=0, lte=65535),
        ),
    ] = None,
    link: Annotated[
        bool,
        Parameter(negative="", show_default=False, help="Print a fresh one-time link to the page that runs, and exit."),
    ] = False,
    public_url: Annotated[
        str | None, Parameter(show_default=False, help="Address that people open; default: web.public_url.")
    ] = None,
    iap_audience: Annotated[
        str | None,
        Parameter(show_default=False, help="Let people in by Google's Identity-Aware Proxy, for this audience."),
    ] = None,
    wait: Annotated[
        str | None,
        Parameter(show_default=False, help="How long to wait at the start for the daemon to make the ledger."),
    ] = None,
    common: Common = COMMON,
) -> int:
    """Serve until Ctrl-C. The ready line holds `http`, `pid` and, where people come in by a one-time link, `open`."""
    from guard.web.links import new_link
    from guard.wiring.desk import user
    from guard.wiring.web import book_of, door_settings, house_of

    settings = door_settings(common.path, host=host, port=port, public_url=public_url, iap_audience=iap_audience)
    if link:
        from guard.web.addresses import addresses_of

        url = addresses_of(settings, settings.port).url
        if settings.login.value != "link":
            raise ConfigInvalid(
                f"web.login is {settings.login.value}: people sign in at {url}, and no link lets anybody in.",
                hint="Open that address.",
            )
        if not settings.port:
            raise ConfigInvalid("--link: the page's port is not known (0).", hint="Give the one it runs on: --port N.")
        with book_of(common.path) as (book, now, who):
            address = new_link(book, url, who=who, now=now)
        emit_json({"open": address}) if common.as_json else say("{address}", address=address)
        return 0
    _require_packages()
    from guard.telemetry import logging
    from guard.web.serving import listen, serve

    logging.set_up(level="info")
    _await_ledger(common, wait)
    with house_of(common.path, settings) as house, listen(settings) as listener:

        def ready(url: str) -> None:
            line: dict[str, object] = {"http": url, "pid": os.getpid()}
            if settings.login.value == "link":
                line["open"] = new_link(house.book, url, who=user(), now=house.now())
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()
            if sys.stderr.isatty():
                where = line.get("open", url)
                sys.stderr.write(f"Open {where}\n" + ("It works once, for 15 minutes. " if "open" in line else ""))
                sys.stderr.write("Ctrl-C ends the page.\n")

        serve(house, listener, ready)
    return 0


def _await_ledger(common: Common, wait: str | None) -> None:
    """Come back once there is a ledger of this version; raises what is wrong with it when the time is over."""
    from guard.config import values
    from guard.ledger import manage
    from guard.ports.errors import LedgerUnusable, RetryLater
    from guard.wiring import ledger_url

    try:
        left = values.duration(wait).total_seconds() if wait else 0.0
    except ValueError as error:
        raise ConfigInvalid(f"--wait: {error}.") from None
    ends = monotonic() + left
    while True:
        try:
            manage.check(ledger_url(common.path))
        except (LedgerUnusable, RetryLater):
            if monotonic() >= ends:
                raise
            sleep(1)
        else:
            return


def _require_packages() -> None:
    """Raise ConfigInvalid where the extra `web` is not installed."""
    from importlib.util import find_spec

    missing = [name for name in ("fastapi", "authlib") if find_spec(name) is None]
    if missing:
        raise ConfigInvalid(
            f"The page needs packages that are not installed: {', '.join(missing)}.",
            hint="Install them: pip install 'tuneguard[web]'.",
        )
