"""Who made what, from the sandbox's admin activity log."""

import httpx
import pytest

from guard.adapters.audit.log import CloudAuditLog
from guard.adapters.connection import Connection
from guard.sandbox.server import Running
from tests.adapters.sandboxed import ML, US, WEB, connected, serving

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
