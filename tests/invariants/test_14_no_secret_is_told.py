"""Invariant 14, the adapters' part: no secret reaches a log, an error or a delivery's history, whatever goes wrong."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import structlog

from guard.adapters.connection import Connection, Read
from guard.adapters.errors import translate
from guard.adapters.http import sandbox_session
from guard.adapters.notify.notifier import ChannelNotifier
from guard.adapters.worlds import SandboxWorld
from guard.core.plan import Notice, NoticeKind
from guard.ports.errors import GuardError
from tests.adapters.receiver import Receiver, receiving
from tests.adapters.sandboxed import HURRIED

SECRET = "s3cr3t-T0ken"  # it stands for one
READ = Read("vertex", "endpoints.list", "projects/1/locations/x")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def a_notice() -> Notice:
    return Notice(
        id="1",
        kind=NoticeKind.REMOVED,
        to="ops",
        subject="projects/1/locations/x/endpoints/2",
        title="t",
        body="b",
        made_at=datetime(2026, 11, 2, tzinfo=UTC),
    )


@pytest.mark.parametrize("status", [200, 302, 401, 403, 429, 500])
def test_no_answer_of_the_platform_tells_the_callers_token(
    receiver: Receiver, status: int, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.answers = [
        (status, {}, f'{{"error": {{"message": "Bearer {SECRET} at https://me:{SECRET}@host/ was refused"}}}}'.encode())
    ]
    world = SandboxWorld(session=sandbox_session(SECRET, None), url=receiver.url, grpc="127.0.0.1:1", name="sandbox:x")
    connection = Connection(world, patience=HURRIED)
    told = ""
    with structlog.testing.capture_logs() as events:
        try:
            connection.get(f"{receiver.url}/x", READ)
        except GuardError as error:
            told = f"{error!s} {error!r}"
    connection.close()

    assert receiver.got[0][1]["Authorization"].endswith(SECRET)  # it was sent
    out, err = capfd.readouterr()
    for place in (told, str(events), caplog.text, out, err):
        assert SECRET not in place


@pytest.mark.parametrize("scheme", ["http", "json"])
@pytest.mark.parametrize("answer", [200, 500, None])
def test_no_delivery_tells_the_channels_secret(
    receiver: Receiver,
    scheme: str,
    answer: int | None,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.WARNING)
    if answer is not None:
        receiver.answers = [(answer, {}, b"")]
    host = receiver.url.removeprefix("http://") if answer is not None else "127.0.0.1:9"
    url = f"{scheme}://me:{SECRET}@{host}/{SECRET if scheme == 'http' else ''}"
    notifier = ChannelNotifier({"ops": url})
    with structlog.testing.capture_logs() as events:
        told = notifier.send("ops", [a_notice()])

    assert told.delivered is (answer == 200)
    out, err = capfd.readouterr()
    for place in (told.detail, str(notifier.addresses()), str(events), caplog.text, out, err):
        assert SECRET not in place


def test_a_vendors_error_is_told_without_its_credentials() -> None:
    import requests

    error = requests.exceptions.ConnectionError(f"https://me:{SECRET}@host/ Bearer {SECRET}: refused")

    assert SECRET not in str(translate(error, "endpoints.list"))
