"""Signing in as a team does, in a real browser, with the sandbox's provider; and what another site's page can do with it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from guard.core.access import AccessRules, DoorSettings, Login, Role
from tests.web.door.conftest import sandbox
from tests.web.door.rig import Rig
from tests.web.place import Served

__all__ = ["sandbox"]

ATTACK = """<!doctype html><title>win a prize</title>
<form method="post" action="TARGET/probe"><input name="name" value="bot"><input name="csrf" value="TOKEN"></form>
<iframe src="TARGET/probe"></iframe><script>document.forms[0].submit()</script>"""


@pytest.fixture
def rig(sandbox: str) -> Iterator[Rig]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    settings = DoorSettings(
        login=Login.OIDC,
        port=port,
        public_url=f"http://127.0.0.1:{port}",
        issuer=f"{sandbox}/sandbox/login",
        client_id="tuneguard",
        access=AccessRules(roles={Role.OPERATOR: ("platform",)}),
    )
    rig = Rig(settings)
    rig.at = datetime.now(UTC)
    server = Served(rig.app, port)
    server.start()
    yield rig
    server.stop()


@pytest.fixture
def elsewhere(rig: Rig) -> Iterator[Any]:
    """Another server on this machine: to a browser the same site, for cookies do not know ports, but another origin."""

    class Attacker(BaseHTTPRequestHandler):
        page = b""

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(self.page)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it so
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Attacker)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server, Attacker
    server.shutdown()
    server.server_close()


def test_a_person_signs_in_and_no_other_page_can_speak_for_them(chromium: Any, rig: Rig, elsewhere: Any) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{rig.url}/probe")
    page.click("text=Sign in with your organisation")
    page.fill("[name=email]", "ada@example.com")
    page.fill("[name=groups]", "platform")
    page.click("text=Sign in")
    page.wait_for_url(f"{rig.url}/probe")
    found = json.loads(page.inner_text("body"))
    assert (found["name"], found["role"]) == ("ada@example.com", "operator")

    [cookie] = context.cookies(rig.url)
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    assert page.evaluate("document.cookie") == ""

    server, attacker = elsewhere
    attacker.page = ATTACK.replace("TARGET", rig.url).replace("TOKEN", found["csrf"]).encode()
    for host in ("127.0.0.1", "localhost"):
        page.goto(f"http://{host}:{server.server_port}/")
        page.wait_for_url(f"{rig.url}/probe")
        assert "Nothing was done" in page.inner_text("body")
    assert rig.desk.said == []

    page.goto(f"{rig.url}/probe")
    assert json.loads(page.inner_text("body"))["name"] == "ada@example.com", "and they are signed in as before"
    context.close()
