"""The declared permissions are the ones that reading asks for, no more and no fewer."""

import json
from pathlib import Path

import httpx
import pytest

from guard.adapters.audit.log import CloudAuditLog
from guard.adapters.monitoring.traffic import MonitoringTraffic
from guard.adapters.permissions import FOLDER_PERMISSIONS, READ_PERMISSIONS
from guard.adapters.vertex.inventory import VertexInventory
from tests.adapters.sandboxed import ML, US, connected, last_hours, serving

ROLE = Path(__file__).parents[2] / "infra" / "data" / "permissions.json"


def test_reading_everything_asks_for_the_declared_permissions() -> None:
    asked: set[str] = set()

    with serving() as sandbox, connected(sandbox) as connection:
        begun = httpx.post(
            f"{sandbox.http}/v1/{US}/endpoints/1002:undeployModel", json={"deployedModelId": "21"}
        ).json()
        sandbox.world.authorizers.append(lambda _who, permission, _name: bool(asked.add(permission) or True))
        now = sandbox.world.now()
        inventory = VertexInventory(connection)
        inventory.projects(["acme-ml"])
        assert not inventory.snapshot([ML], now).incomplete()
        for name in ("endpoints/1001", "deploymentResourcePools/shared", "models/2001", "tuningJobs/5001"):
            assert inventory.get(f"{US}/{name}").body is not None
        inventory.versions(f"{US}/models/2001")
        inventory.operation(begun["name"])
        inventory.operations_running(f"{US}/endpoints/1002")
        assert inventory.queried_sharers(f"{US}/deploymentResourcePools/shared")
        assert MonitoringTraffic(connection, sandbox.world.now).read(ML, last_hours(now, 1)).complete
        assert CloudAuditLog(connection).creators(ML, [f"{US}/endpoints/1001"], now)
        on_projects = set(asked)
        asked.clear()
        inventory.folder_projects("77")

    assert on_projects == set(READ_PERMISSIONS)
    assert asked <= {*FOLDER_PERMISSIONS, "resourcemanager.projects.get"}


@pytest.mark.skipif(not ROLE.exists(), reason="the stack is not part of this tree")
def test_the_stacks_observe_role_holds_every_one_of_them() -> None:
    assert set(READ_PERMISSIONS) <= set(json.loads(ROLE.read_text())["observe"])


def test_nothing_that_is_declared_changes_anything() -> None:
    reads = {"get", "list", "queryDeployedModels"}

    assert {name.rpartition(".")[2] for name in (*READ_PERMISSIONS, *FOLDER_PERMISSIONS)} <= reads
