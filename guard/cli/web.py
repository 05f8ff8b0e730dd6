"""`tuneguard web`: the page and its API."""

from __future__ import annotations

import json
import os
import sys
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
    common: Common = COMMON,
) -> int:
    """Serve until Ctrl-C. The ready line holds `http`, `pid` and, where people come in by a one-time link, `open`."""
    from guard.web.links import new_link
    from guard.wiring.desk import user
    from guard.wiring.web import book_of, door_settings, house_of

    settings = door_settings(common.path, host=host, port=port)
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


def _require_packages() -> None:
    """Raise ConfigInvalid where the extra `web` is not installed."""
    from importlib.util import find_spec

    missing = [name for name in ("fastapi", "authlib") if find_spec(name) is None]
    if missing:
        raise ConfigInvalid(
            f"The page needs packages that are not installed: {', '.join(missing)}.",
            hint="Install them: pip install 'tuneguard[web]'.",
        )
