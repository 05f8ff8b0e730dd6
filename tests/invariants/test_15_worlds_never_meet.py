"""Invariant 15: with a sandbox set, only this machine is called and no real credentials are looked for."""

import socket
from collections.abc import Iterator
from typing import Any

import google.auth
import pytest

from guard.adapters.connection import Connection, Read
from guard.adapters.http import is_loopback, sandbox_session
from guard.adapters.monitoring.traffic import MonitoringTraffic
from guard.adapters.notify.notifier import ChannelNotifier
from guard.adapters.vertex.inventory import VertexInventory
from guard.adapters.worlds import SandboxWorld, real_world, sandbox_world
from guard.ports.errors import NotSignedIn, WorldMismatch
from guard.sandbox.server import Running
from tests.adapters.receiver import receiving
from tests.adapters.sandboxed import HURRIED, ML, connected, last_hours, serving

ELSEWHERE = [
    "https://us-central1-aiplatform.googleapis.com",
    "https://aiplatform.eu.rep.googleapis.com",
    "http://10.0.0.1:8080",
    "http://169.254.169.254",  # where a cloud machine finds its credentials
    "http://metadata.google.internal",
    "http://127.0.0.1.example.com",
    "http://localhost.example.com",
    "http://0.0.0.0:1",
    "http://[2001:db8::1]:80",
    "http://127.0.0.1@example.com/",
    "example.com",
    "",
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with serving() as running:
        yield running


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every address that a Python socket is asked to reach."""
    seen: list[Any] = []
    connect = socket.socket.connect

    def watched(self: socket.socket, address: Any) -> None:
        seen.append(address)
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", watched)
    return seen


@pytest.mark.parametrize("url", ELSEWHERE)
def test_a_sandbox_elsewhere_is_refused_before_any_call(url: str, dialled: list[Any]) -> None:
    with pytest.raises(WorldMismatch, match="only addresses of this machine are called"):
        sandbox_world(url)
    assert dialled == []


@pytest.mark.parametrize("url", ELSEWHERE[:-2])
def test_the_sandboxs_session_itself_refuses_to_leave(url: str, dialled: list[Any]) -> None:
    with pytest.raises(WorldMismatch):
        sandbox_session(None, None).get(url, timeout=1)
    assert dialled == []


@pytest.mark.parametrize("target", ["monitoring.googleapis.com:443", "10.0.0.1:443"])
def test_a_sandbox_that_names_a_metrics_server_elsewhere_is_refused(target: str) -> None:
    with receiving() as impostor:
        impostor.answers = [(200, {}, f'{{"grpc": "{target}", "world": "w"}}'.encode())]
        with pytest.raises(WorldMismatch):
            sandbox_world(impostor.url)
    world = SandboxWorld(session=sandbox_session(None, None), url="http://127.0.0.1:9", grpc=target, name="sandbox:w")
    with pytest.raises(WorldMismatch):
        world.channel()


def test_a_redirect_out_of_the_sandbox_is_not_followed(dialled: list[Any]) -> None:
    with receiving() as impostor:
        impostor.answers = [(302, {"location": "https://us-central1-aiplatform.googleapis.com/"}, b"")]
        world = SandboxWorld(
            session=sandbox_session(None, None), url=impostor.url, grpc="127.0.0.1:1", name="sandbox:w"
        )
        connection = Connection(world, patience=HURRIED)
        with pytest.raises(Exception, match="redirect was not expected and not followed"):
            connection.get(f"{impostor.url}/x", Read("vertex", "endpoints.list", "here"))
        connection.close()
    assert {address[0] for address in dialled} == {"127.0.0.1"}


def test_a_proxy_does_not_carry_a_sandboxs_calls_away(
    sandbox: Running, monkeypatch: pytest.MonkeyPatch, dialled: list[Any]
) -> None:
    with receiving() as proxy:
        for name in ("http_proxy", "https_proxy", "grpc_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv("no_proxy", "")
        with connected(sandbox) as connection:
            seen = VertexInventory(connection).snapshot([ML], sandbox.world.now())
            reading = MonitoringTraffic(connection, sandbox.world.now).read(ML, last_hours(sandbox.world.now(), 1))

        assert not seen.incomplete()
        assert reading.complete
        assert proxy.got == []
    assert {address[0] for address in dialled} == {"127.0.0.1"}


def test_a_sandbox_never_looks_for_credentials(sandbox: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def caught(*_: Any, **__: Any) -> Any:
        raise AssertionError("default credentials were looked for")

    monkeypatch.setattr(google.auth, "default", caught)
    monkeypatch.setattr("google.auth._default.default", caught)
    with connected(sandbox) as connection:
        inventory = VertexInventory(connection)
        assert inventory.projects(["acme-ml"])
        assert not inventory.snapshot([ML], sandbox.world.now()).incomplete()
        assert MonitoringTraffic(connection, sandbox.world.now).read(ML, last_hours(sandbox.world.now(), 1)).complete


def test_a_world_has_a_name_that_a_ledger_can_belong_to(sandbox: Running) -> None:
    assert sandbox_world(sandbox.http).name == f"sandbox:{sandbox.world.id}"
    assert real_world(lambda **_: (google.auth.credentials.AnonymousCredentials(), None)).name == "real"


def test_without_credentials_the_real_world_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(**_: Any) -> Any:
        raise google.auth.exceptions.DefaultCredentialsError("none")

    with pytest.raises(
        NotSignedIn, match=r"No Google credentials were found\. Run `gcloud auth application-default login`"
    ):
        real_world(none)


def test_the_real_worlds_hosts_are_the_platforms_own() -> None:
    world = real_world(lambda **_: (google.auth.credentials.AnonymousCredentials(), None))

    assert world.vertex("us-central1") == "https://us-central1-aiplatform.googleapis.com"
    assert world.vertex("eu") == "https://aiplatform.eu.rep.googleapis.com"
    assert world.vertex("global") == "https://aiplatform.googleapis.com"
    assert world.service("logging") == "https://logging.googleapis.com"


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.slack.com/services/x",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops",
        "discord://127.0.0.1/x",
    ],
)
def test_a_sandboxs_notices_stay_here(url: str) -> None:
    with pytest.raises(WorldMismatch):
        ChannelNotifier({"ops": url}, loopback_only=True)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # not bound, refused
        ("10.0.0.1", False),
        ("localhost.example.com", False),
        ("2130706433", False),
        ("", False),
        (None, False),
    ],
)
def test_loopback_is_told_from_everything_else(host: str | None, expected: bool) -> None:
    assert is_loopback(host) is expected
