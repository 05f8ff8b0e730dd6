"""`tuneguard web` and `tuneguard token` as typed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, chdir
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import pytest

from guard.cli import web
from guard.cli.app import run
from guard.cli.common import Common
from guard.ledger import open_ledger

GUARD_YAML = """\
projects: [acme-dev]
owners: {fallback: ops}
notify: {ops: "json://127.0.0.1:9"}
"""

NO_SECRET = (
    "web: {login: oidc, public_url: 'https://a.example.com', issuer: 'https://b.example.com', client_id: c, "
    "client_secret: '${OIDC_SECRET}', roles: {viewer: [all]}}"
)


@pytest.fixture
def folder(tmp_path: Path) -> Any:
    """A folder with a guard.yaml and a ledger, in which commands are typed."""
    (tmp_path / "guard.yaml").write_text(GUARD_YAML, encoding="utf-8")
    make_ledger(tmp_path)
    clean = {key: value for key, value in os.environ.items() if not key.startswith("TUNEGUARD_")}
    with chdir(tmp_path), patch.dict(os.environ, clean, clear=True):
        yield tmp_path


def make_ledger(folder: Path) -> None:
    open_ledger(f"sqlite:///{folder}/tuneguard.db", world="real").close()


def typed(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = run(words)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_page_says_where_it_is_and_lets_its_user_in_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-c", "from guard.cli import main; main()", "web", "--port", "0"]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process,
        ExitStack() as end,
    ):
        end.callback(process.kill)  # whatever fails below
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        port = httpx.URL(ready["http"]).port
        with httpx.Client(base_url=ready["http"], headers={"origin": ready["http"]}) as browser:
            assert browser.get("/readyz").json() == {"ok": True}
            assert browser.get("/", headers={"accept": "text/html"}).headers["location"] == "/login?next=%2F"
            answers = [browser.post("/login/link", data={"key": ready["open"].partition("key=")[2]}) for _ in "12"]
            assert [answer.status_code for answer in answers] == [303, 403]
            assert "server" not in answers[0].headers
        fresh = json.loads(typed(capsys, "web", "--link", "--port", str(port), "-o", "json")[1])
        assert fresh["open"].startswith(f"http://127.0.0.1:{port}/login/link?key=")
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")


@pytest.mark.parametrize(
    ("words", "file", "told"),
    [
        (["--host", "0.0.0.0"], "", "whoever finds a link in a log would be an operator"),
        (["--host", "10.0.0.7", "--port", "80"], "", "web.login to oidc or iap"),
        (["--host", "0.0.0.0", "--iap-audience", "/projects/1"], "", "The page's own address is not known"),
        (["--iap-audience", "x", "--public-url", "http://guard.example.com"], "", "Expected https"),
        (["--link", "--port", "0"], "", "the page's port is not known"),
        (["--wait", "soon"], "", "--wait: found 'soon'"),
        (["--port", "70000"], "", "Must be <= 65535"),
        ([], "web: {host: 0.0.0.0}", "guard.yaml:4:7: web.host: found '0.0.0.0'"),
        (
            [],
            NO_SECRET,
            "guard.yaml:4:104: web.client_secret: needs ${OIDC_SECRET}",
        ),
    ],
)
def test_what_would_let_strangers_in_or_cannot_be_is_refused_before_it_listens(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], file: str, told: str
) -> None:
    (folder / "guard.yaml").write_text(GUARD_YAML + file, encoding="utf-8")
    code, out, err = typed(capsys, "web", *words)
    assert (code, out) == (2, "")
    assert told in err


def test_a_sandbox_never_meets_a_real_provider(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("web", "--public-url", "http://127.0.0.1:9465", "--iap-audience", "x")
    with patch.dict(os.environ, {"TUNEGUARD_SANDBOX": "http://127.0.0.1:9"}):
        code, _, err = typed(capsys, *words)
    assert code == 2
    assert "only addresses of this machine are called" in err


def test_no_link_is_made_where_a_team_signs_in(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = typed(capsys, "web", "--link", "--public-url", "https://a.example.com", "--iap-audience", "x")
    assert code == 2
    assert "web.login is iap" in err


def test_a_port_in_use_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, err = typed(capsys, "web", "--port", str(port))
    assert code == 2
    assert f"Port {port} on 127.0.0.1 cannot be used" in err


def test_without_its_packages_the_page_says_what_to_install(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with patch("importlib.util.find_spec", return_value=None):
        code, _, err = typed(capsys, "web")
    assert code == 2
    assert "pip install 'tuneguard[web]'" in err


def test_without_a_ledger_the_page_does_not_start_unless_it_is_told_to_wait(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "tuneguard.db").unlink()
    code, _, err = typed(capsys, "web")
    assert code == 3
    assert "There is no ledger" in err

    waited = []

    def daemon_comes(seconds: float) -> None:
        waited.append(seconds)
        make_ledger(folder)

    monkeypatch.setattr(web, "sleep", daemon_comes)
    web._await_ledger(Common(config=folder / "guard.yaml"), "1min")
    assert len(waited) == 1


def test_a_token_is_shown_once_listed_without_its_secret_and_revoked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = typed(
        capsys, "token", "create", "ci", "--role", "owner", "--owner", "ml", "--owner", "nlp", "-o", "json"
    )
    made = json.loads(out)
    assert code == 0
    assert (made["role"], made["owns"]) == ("owner", ["ml", "nlp"])
    assert made["expires_at"] > made["made_at"]

    listed = typed(capsys, "token", "list")[1]
    assert "owner ml nlp" in listed
    assert made["token"] not in (folder / "tuneguard.db").read_bytes().decode("latin-1")
    assert made["token"] not in listed

    assert typed(capsys, "token", "revoke", "ci", "--who", "bob")[0] == 0
    assert "revoked by bob" in typed(capsys, "token", "list")[1]
    code, _, err = typed(capsys, "token", "revoke", "ci")
    assert code == 2
    assert "revoked already" in err

    ledger = open_ledger(f"sqlite:///{folder}/tuneguard.db", world="real", create=False)
    told = [(entry.what, entry.detail, entry.via) for entry in reversed(ledger.audit(5))]
    ledger.close()
    assert told == [("token.create", "ci: owner", "command line"), ("token.revoke", "ci", "command line")]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["create", "CI server"], "found the name 'CI server'"),
        (["create", "a", "--role", "owner"], "without --owner"),
        (["create", "a", "--owner", "ml"], "with --owner"),
        (["create", "a", "--expires", "soon"], "--expires: found 'soon'"),
        (["create", "a", "--role", "boss"], "viewer"),
        (["revoke", "nobody"], "There is no token 'nobody'"),
    ],
)
def test_a_token_that_makes_no_sense_is_not_made(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    code, out, err = typed(capsys, "token", *words)
    assert (code, out) == (2, "")
    assert told in err


def test_a_tokens_name_is_never_used_twice(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(capsys, "token", "create", "ci", "--expires", "never")[0] == 0
    assert typed(capsys, "token", "revoke", "ci")[0] == 0
    code, _, err = typed(capsys, "token", "create", "ci")
    assert code == 2
    assert "a token had before" in err
