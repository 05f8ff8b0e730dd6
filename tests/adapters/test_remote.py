"""The wire to another machine's API: what may be called, what is tried again, and what is never said twice."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stamina

from guard.adapters.remote import RemoteDesk
from guard.adapters.remote.wire import BY_NAME, Wire, checked
from guard.ports.errors import (
    ConfigInvalid,
    Forbidden,
    GuardError,
    Malformed,
    NotFoundByName,
    NotSignedIn,
    NotUnderstood,
    TimedOut,
    Unavailable,
)

TOKEN = "tgt_secret"
Handler = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture(autouse=True)
def _impatient() -> Iterator[None]:
    with stamina.set_testing(testing=True, attempts=2):
        yield


@contextmanager
def a_server(answer: Handler) -> Iterator[tuple[str, list[str]]]:
    """A server on this machine with one answer to everything; its address, and what was called."""
    calls: list[str] = []

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            calls.append(f"{self.command} {self.path} {self.headers['Authorization']}")
            answer(self)

        do_POST = do_GET  # noqa: N815  # the library's name

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", calls
    finally:
        server.shutdown()
        server.server_close()


def says(status: int, document: object, **headers: str) -> Handler:
    def answer(request: BaseHTTPRequestHandler) -> None:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        request.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    return answer


def hangs_up(request: BaseHTTPRequestHandler) -> None:
    """Take the call and close the line without an answer."""
    request.close_connection = True


def a_desk(url: str, timeout_s: float = 5) -> RemoteDesk:
    return RemoteDesk(Wire(url, TOKEN, timeout_s=timeout_s))


@pytest.mark.parametrize(
    "url",
    [
        "http://guard.example.com",
        "ftp://127.0.0.1",
        "guard.example.com",
        "https://",
        "https://ada:pw@guard.example.com",
        "https://guard.example.com/?a=b",
        "https://[half",
        "https://guard.example.com:port",
    ],
)
def test_a_token_goes_to_no_address_where_it_could_be_read_on_the_way(url: str) -> None:
    with pytest.raises(ConfigInvalid, match="TUNEGUARD_URL") as refused:
        Wire(url, TOKEN)
    assert "pw" not in str(refused.value)


@pytest.mark.parametrize("url", ["https://guard.example.com", "http://localhost:9465/", "http://[::1]:9465"])
def test_https_and_this_machine_are_fine(url: str) -> None:
    assert checked(url) == url.rstrip("/")


@pytest.mark.parametrize("token", [None, "", "two words", "line\nbreak", "ünsafe"])
def test_a_missing_or_broken_token_is_told_without_showing_it(token: str | None) -> None:
    with pytest.raises(NotSignedIn, match="TUNEGUARD_TOKEN") as refused:
        Wire("https://guard.example.com", token)
    assert not token or token not in str(refused.value)


def test_a_question_is_asked_again_and_a_word_is_said_once() -> None:
    busy = says(503, {"detail": "The ledger is locked.", "code": "LedgerBusy"})
    with a_server(busy) as (url, calls):
        with pytest.raises(GuardError, match="is locked"):
            a_desk(url).status()
        asked = len(calls)
        with pytest.raises(GuardError, match="is locked"):
            a_desk(url).pause(who="ada", why="")
    assert (asked, len(calls)) == (2, 3)
    assert calls[-1] == f"POST /api/v1/pause Bearer {TOKEN}"


def test_a_word_without_an_answer_is_not_known_to_be_heard() -> None:
    with a_server(hangs_up) as (url, calls), pytest.raises(TimedOut, match="whether the word was heard is not known"):
        a_desk(url).keep("bot", until=None, why="", who="ada")
    assert len(calls) == 1

    release = threading.Event()
    with a_server(lambda _request: release.wait(10) and None) as (url, calls):
        with pytest.raises(TimedOut, match="not known"):
            a_desk(url, timeout_s=0.2).remove("bot", who="ada")
        release.set()
    assert len(calls) == 1


def test_where_nobody_answers_a_word_was_not_said() -> None:
    with a_server(hangs_up) as (url, _):
        pass
    with pytest.raises(Unavailable, match=r"cannot be reached .* Nothing was said"):
        a_desk(url).pause(who="ada", why="")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (says(404, {"detail": "d", "code": "NotFoundByName", "hint": "h"}), NotFoundByName),
        (says(403, {"detail": "d"}), Forbidden),
        (says(401, {"detail": "d"}), NotSignedIn),
        (says(422, {"detail": "d"}), NotUnderstood),
        (says(500, {"detail": "d"}), Unavailable),
        (says(502, b"<html>"), Unavailable),
        (says(200, b"<html>"), Malformed),
        (says(200, []), Malformed),
        (says(302, b"", Location="https://elsewhere.example"), NotSignedIn),
    ],
)
def test_each_refusal_becomes_one_error_of_ours(answer: Handler, kind: type[GuardError]) -> None:
    with a_server(answer) as (url, calls), pytest.raises(GuardError) as raised:
        a_desk(url).pause(who="ada", why="")
    assert type(raised.value) is kind
    assert len(calls) == 1, "no redirect is followed"
    assert TOKEN not in str(raised.value)


def test_every_error_of_ours_keeps_its_kind_over_the_wire() -> None:
    wire = Wire("https://guard.example.com", TOKEN)
    for name, kind in BY_NAME.items():
        with pytest.raises(GuardError) as raised:
            raise wire._refusal(500, {"detail": "d", "hint": "h", "code": name})
        assert type(raised.value) is kind
        assert (raised.value.message, raised.value.hint) == ("d", "h")


def test_a_token_speaks_for_one_person() -> None:
    with a_server(says(200, {"name": "token ci"})) as (url, _):
        assert a_desk(url).speaker(None) == "token ci"
        with pytest.raises(NotUnderstood, match="found 'ada', and the token speaks for 'token ci'"):
            a_desk(url).speaker("ada")
