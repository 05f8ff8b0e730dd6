"""The one way out: what it counts, what it tries again, what it refuses to believe."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from guard.adapters.clock import SandboxClock, SystemClock
from guard.adapters.connection import Connection, Patience, Read
from guard.adapters.http import sandbox_session
from guard.adapters.quota import limited
from guard.adapters.worlds import SandboxWorld, sandbox_world
from guard.ports.errors import Gone, Malformed, TimedOut, Unavailable
from guard.sandbox.server import Running
from tests.adapters.receiver import Receiver, receiving
from tests.adapters.sandboxed import HURRIED

HERE = Read("vertex", "things.list", "projects/1/locations/x")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def out(receiver: Receiver) -> Iterator[Connection]:
    world = SandboxWorld(
        session=sandbox_session("robot@example.com", None), url=receiver.url, grpc="127.0.0.1:1", name="sandbox:x"
    )
    connection = Connection(world, patience=HURRIED)
    yield connection
    connection.close()


def test_calls_are_counted_by_kind_and_outcome(out: Connection, receiver: Receiver) -> None:
    receiver.answers = [(503, {}, b""), (200, {}, b'{"a": 1}'), (404, {}, b"")]

    assert out.get(f"{receiver.url}/x", HERE) == {"a": 1}
    with pytest.raises(Gone):
        out.get(f"{receiver.url}/x", HERE)
    assert out.calls.by_kind() == {"things.list": 3}
    assert out.calls.by_outcome() == {
        ("things.list", "Unavailable"): 1,
        ("things.list", "ok"): 1,
        ("things.list", "Gone"): 1,
    }


def test_a_refusal_is_not_tried_again(out: Connection, receiver: Receiver) -> None:
    receiver.answers = [(404, {}, b'{"error": {"code": 404, "status": "NOT_FOUND", "message": "No such thing."}}')]

    with pytest.raises(
        Gone, match=r"things.list in projects/1/locations/x: the platform answered 404 NOT_FOUND: No such thing\."
    ):
        out.get(f"{receiver.url}/x", HERE)
    assert len(receiver.got) == 1


def test_an_answer_that_is_no_json_object_is_malformed(out: Connection, receiver: Receiver) -> None:
    for answer in (b"<html>", b"[1]", b'"text"'):
        receiver.answers = [(200, {}, answer)]
        with pytest.raises(Malformed, match="not a JSON object"):
            out.get(f"{receiver.url}/x", HERE)


def test_an_error_page_that_is_no_json_is_told_by_its_code(out: Connection, receiver: Receiver) -> None:
    receiver.answers = [(502, {}, b"<html>bad gateway</html>")]

    with pytest.raises(Unavailable, match="502"):
        out.get(f"{receiver.url}/x", HERE)


def test_a_page_token_that_comes_twice_ends_the_listing(out: Connection, receiver: Receiver) -> None:
    receiver.answers = [(200, {}, b'{"nextPageToken": "t"}')]

    with pytest.raises(Malformed, match="same page token came twice"):
        list(out.pages(f"{receiver.url}/x", HERE))
    assert len(receiver.got) == 2


def test_a_page_token_of_three_that_circle_ends_the_listing_too(out: Connection, receiver: Receiver) -> None:
    tokens = [b"a", b"b", b"c", b"a"]
    receiver.answers = [(200, {}, b'{"nextPageToken": "%s"}' % token) for token in tokens] + [(200, {}, b"{}")]

    with pytest.raises(Malformed, match="same page token came twice"):
        list(out.pages(f"{receiver.url}/x", HERE))


def test_silence_is_a_time_out_and_the_tries_have_an_end(out: Connection, receiver: Receiver) -> None:
    receiver.hold.clear()
    out.patience = Patience(timeout=0.1, attempts=3, total=5, first_pause=0.01, longest_pause=0.02)
    start = time.monotonic()

    with pytest.raises(TimedOut):
        out.get(f"{receiver.url}/x", HERE)
    assert time.monotonic() - start < 2
    assert out.calls.by_outcome() == {("things.list", "TimedOut"): 3}


def test_the_identity_goes_with_each_call(out: Connection, receiver: Receiver) -> None:
    out.get(f"{receiver.url}/x", HERE)

    assert receiver.got[0][1]["Authorization"] == "Bearer sandbox:robot@example.com"


def test_the_sandbox_sees_who_reads_over_both_wires(sandbox: Running) -> None:
    from guard.adapters.monitoring.traffic import MonitoringTraffic
    from guard.adapters.vertex.inventory import VertexInventory
    from tests.adapters.sandboxed import ML, connected, last_hours

    before = len(sandbox.world.calls)
    with connected(sandbox, identity="robot@example.com") as connection:
        VertexInventory(connection).snapshot([ML], sandbox.world.now())
        MonitoringTraffic(connection, sandbox.world.now).read(ML, last_hours(sandbox.world.now(), 1))

    calls = sandbox.world.calls[before:]
    assert {call.principal for call in calls} == {"robot@example.com"}
    assert {call.service for call in calls} == {"aiplatform", "monitoring"}
    assert not any(call.changes for call in calls)


def test_a_sandbox_that_is_not_there_is_told_with_what_to_do() -> None:
    with pytest.raises(
        Unavailable, match=r"No sandbox answers at http://127.0.0.1:9\. Start one with `tuneguard sandbox"
    ):
        sandbox_world("http://127.0.0.1:9")


def test_something_else_at_a_sandboxs_address_is_told(receiver: Receiver) -> None:
    with pytest.raises(Malformed, match="does not name its gRPC target and world id"):
        sandbox_world(receiver.url)
    receiver.answers = [(404, {}, b"")]
    with pytest.raises(Malformed, match="is not a tuneguard sandbox"):
        sandbox_world(receiver.url)


@pytest.mark.parametrize(
    ("read", "quota"),
    [
        (Read("vertex", "endpoints.list", "projects/1/locations/x"), "projects/1/locations/x"),
        (Read("vertex", "endpoints.get", "projects/1/locations/x/endpoints/2"), "projects/1/locations/x"),
        (Read("monitoring", "timeSeries.list replicas", "projects/1"), "projects/1"),
        (Read("projects", "projects.get", "projects/acme"), ""),
    ],
)
def test_a_call_counts_where_the_platform_counts_it(read: Read, quota: str) -> None:
    assert read.quota == quota


def test_the_quota_holds_back_what_is_too_much_and_only_that() -> None:
    wait = limited({"vertex": 5})
    start = time.monotonic()
    for _ in range(5):
        wait("vertex", "projects/1/locations/x")
        wait("vertex", "projects/1/locations/y")

    assert time.monotonic() - start < 0.5


def test_the_quota_lets_the_next_one_through_when_there_is_room() -> None:
    wait = limited({"vertex": 2}, period_ms=300)
    start = time.monotonic()
    for _ in range(3):
        wait("vertex", "projects/1/locations/x")

    assert 0.2 < time.monotonic() - start < 2


class TestClocks:
    def test_the_sandboxs_time_is_domain_time(self, sandbox: Running) -> None:
        world = sandbox_world(sandbox.http)
        clock = SandboxClock(world.session, world.url)

        assert clock.now() == sandbox.world.now()
        assert clock.now().tzinfo is UTC
        assert clock.monotonic() <= clock.monotonic()

    def test_a_time_that_cannot_be_read_is_malformed(self, receiver: Receiver) -> None:
        receiver.answers = [(200, {}, b'{"now": "noon"}')]
        with pytest.raises(Malformed, match="now is 'noon'"):
            SandboxClock(sandbox_session(None, None), receiver.url).now()

    def test_real_time_is_utc(self) -> None:
        before = datetime.now(UTC)
        assert before <= SystemClock().now() <= datetime.now(UTC)
        assert SystemClock().now().tzinfo is UTC
