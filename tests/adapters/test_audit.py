"""Who made what, from the sandbox's admin activity log."""

import json
from datetime import UTC, datetime

import httpx
import pytest

from guard.adapters.audit.log import CloudAuditLog
from guard.adapters.connection import Connection
from guard.adapters.http import sandbox_session
from guard.adapters.worlds import SandboxWorld
from guard.sandbox.server import Running
from tests.adapters.receiver import receiving
from tests.adapters.sandboxed import HURRIED, ML, US, WEB, connected, serving

NAMES = [
    f"{US}/endpoints/1001",
    f"{US}/endpoints/1001/deployedModels/11",
    f"{US}/endpoints/1002",
    f"{US}/tuningJobs/5001",
]


def test_creators_are_found_by_one_question(sandbox: Running, connection: Connection) -> None:
    found = CloudAuditLog(connection).creators(ML, NAMES, sandbox.world.now())

    assert found == {
        f"{US}/endpoints/1001": "ana@example.com",
        f"{US}/endpoints/1001/deployedModels/11": "ana@example.com",
        f"{US}/tuningJobs/5001": "bo@example.com",
    }
    assert connection.calls.by_kind() == {"entries.list": 1}


def test_who_came_first_made_it() -> None:
    with serving() as running, connected(running) as connection:
        name = f"{US}/endpoints/1001"
        body = {"deployedModel": {"model": f"{US}/models/2001", "dedicatedResources": {"minReplicaCount": 1}}}
        httpx.post(
            f"{running.http}/v1/{name}:deployModel",
            json=body,
            headers={"authorization": "Bearer sandbox:late@example.com"},
        ).raise_for_status()

        assert CloudAuditLog(connection).creators(ML, [name], running.world.now()) == {name: "ana@example.com"}


def test_a_service_agent_is_nobody() -> None:
    agent = "service-123456@gcp-sa-aiplatform.iam.gserviceaccount.com"
    with serving() as running, connected(running) as connection:
        made = httpx.post(
            f"{running.http}/v1/{US}/endpoints?endpointId=77",
            json={"displayName": "x"},
            headers={"authorization": f"Bearer sandbox:{agent}"},
        )
        made.raise_for_status()

        assert CloudAuditLog(connection).creators(ML, [f"{US}/endpoints/77"], running.world.now()) == {}


def test_a_log_that_cannot_be_read_names_nobody(sandbox: Running, connection: Connection) -> None:
    sandbox.world.faults.add("permission_lost", at=sandbox.world.now(), scope={"service": "logging"})

    assert CloudAuditLog(connection).creators(ML, NAMES, sandbox.world.now()) == {}


def test_nothing_is_asked_about_nothing(sandbox: Running, connection: Connection) -> None:
    assert CloudAuditLog(connection).creators(WEB, [], sandbox.world.now()) == {}
    assert connection.calls.by_kind() == {}


@pytest.mark.parametrize("size", [1, 150])
def test_many_names_are_asked_for_in_lots(sandbox: Running, connection: Connection, size: int) -> None:
    names = [f"{US}/endpoints/{n}" for n in range(1001, 1001 + size)]
    found = CloudAuditLog(connection).creators(ML, names, sandbox.world.now())

    assert found == {f"{US}/endpoints/1001": "ana@example.com"}
    assert connection.calls.by_kind() == {"entries.list": 1 if size == 1 else 2}


def answered(*entries: dict[str, object]) -> dict[str, str]:
    """What comes of a log with these entries."""
    with receiving() as log:
        log.answers = [(200, {}, json.dumps({"entries": entries}).encode())]
        world = SandboxWorld(session=sandbox_session(None, None), url=log.url, grpc="127.0.0.1:9", name="sandbox:x")
        connection = Connection(world, patience=HURRIED)
        names = [f"{US}/endpoints/7", f"{US}/tuningJobs/8"]
        found = CloudAuditLog(connection).creators(ML, names, datetime(2026, 11, 2, tzinfo=UTC))
        connection.close()
    return dict(found)


def an_entry(email: object = "ana@example.com", **payload: object) -> dict[str, object]:
    return {"protoPayload": {"authenticationInfo": {"principalEmail": email}, **payload}}


def test_a_creation_logged_under_its_parent_is_found_by_its_answer() -> None:
    parent = "projects/acme-ml/locations/us-central1"
    found = answered(
        an_entry(resourceName=parent, response={"name": f"{parent}/endpoints/7/operations/1"}),
        an_entry("bo@example.com", resourceName=parent, response={"name": f"{parent}/tuningJobs/8"}),
    )

    assert found == {f"{US}/endpoints/7": "ana@example.com", f"{US}/tuningJobs/8": "bo@example.com"}


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"protoPayload": "text"},
        {"protoPayload": {"resourceName": f"{US}/endpoints/7"}},
        an_entry(None, resourceName=f"{US}/endpoints/7"),
        an_entry("", resourceName=f"{US}/endpoints/7"),
        an_entry(resourceName=7, response=[]),
    ],
)
def test_an_entry_that_says_nothing_is_passed_over(entry: dict[str, object]) -> None:
    later = an_entry("bo@example.com", resourceName=f"{US}/endpoints/7")

    assert answered(entry, later) == {f"{US}/endpoints/7": "bo@example.com"}
