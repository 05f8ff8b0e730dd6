"""Stories of a stack's life, told by the real Pulumi engine and CLI against the sandbox.

They prove the program, its order, state, drift and destroy; they do not prove that Google accepts the same inputs.
"""

import time
from typing import Any

import pytest
from pulumi import automation

from infra import destroy
from tests.infra.cloud import FULL, PROJECT, REGION, SMALL, Cloud

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pulumi")]


def no_drift(cloud: Cloud) -> bool:
    """`pulumi preview --refresh --expect-no-changes`."""
    try:
        cloud.stack.preview(refresh=True, expect_no_changes=True)
    except automation.CommandError as error:
        if "no changes were expected" not in str(error):
            raise
        return False
    return True


def test_story_01_up_on_nothing_then_nothing_left_to_do(cloud: Cloud) -> None:
    cloud.configure(FULL)

    began = time.monotonic()
    cloud.stack.preview()
    outputs = cloud.up()
    took = time.monotonic() - began

    cloud.stack.preview(expect_no_changes=True)
    assert took < 60, "preview and up of the full stack"
    assert outputs["endpoints"]["chat"] == f"projects/{PROJECT}/locations/{REGION}/endpoints/chat"
    assert outputs["home"]["kind"] == "vm"
    assert cloud.endpoint("chat")["labels"]["pulumi-stack"] == "dev"


def test_story_02_the_guard_undeploys_from_a_shell_and_pulumi_sees_no_drift(cloud: Cloud) -> None:
    cloud.configure(SMALL)
    cloud.up()
    cloud.deploy_by_hand()
    name = f"projects/{PROJECT}/locations/{REGION}/endpoints/chat"

    status, _ = cloud.call("POST", f"/v1beta1/{name}:undeployModel", {"deployedModelId": "7"})
    cloud.call(
        "PATCH",
        f"/v1beta1/{name}?updateMask=labels",
        {"labels": {**cloud.endpoint()["labels"], "tuneguard-removed": "7"}},
    )

    assert status == 200
    assert "deployedModels" not in cloud.endpoint()
    assert no_drift(cloud)
    cloud.up()
    assert cloud.endpoint()["labels"]["tuneguard-removed"] == "7"


def test_story_03_a_hand_made_deployment_is_no_drift_and_is_never_lost_by_destroy(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.configure(SMALL)
    cloud.up()
    cloud.deploy_by_hand()
    assert no_drift(cloud)

    refused = cloud.pulumi("destroy", "--yes", "--skip-preview")

    assert refused.returncode != 0
    assert "Please undeploy them before deleting the Endpoint" in refused.stdout + refused.stderr
    assert [one["id"] for one in cloud.endpoint()["deployedModels"]] == ["7"]
    # Whoever does not say yes loses nothing; then the one command of docs/how-to/infra-leave.md, and the plain one again.
    monkeypatch.setattr("builtins.input", lambda _question: "n")
    assert destroy.main(["--stack", "dev"], folder=cloud.workspace.folder, environment=cloud.environment()) == 1
    assert "Nothing was destroyed: you did not say yes" in capsys.readouterr().err
    assert (
        destroy.main(
            ["--stack", "dev", "--yes", "--undeploy-only"],
            folder=cloud.workspace.folder,
            environment=cloud.environment(),
        )
        == 0
    )
    assert "Undeployed 7 from" in capsys.readouterr().out
    assert cloud.pulumi("destroy", "--yes", "--skip-preview").returncode == 0
    assert cloud.left() == []


def test_story_03_make_destroy_undeploys_first_then_destroys(cloud: Cloud) -> None:
    cloud.configure(SMALL)
    cloud.up()
    cloud.deploy_by_hand("batch")

    assert (
        destroy.main(["--stack", "dev", "--yes"], folder=cloud.workspace.folder, environment=cloud.environment()) == 0
    )

    assert cloud.left() == []


def test_story_04_an_endpoint_deleted_outside_comes_back_with_refresh(cloud: Cloud) -> None:
    cloud.configure(SMALL)
    cloud.up()
    cloud.by_hand({"delete_endpoint": {"endpoint": "chat"}})
    assert cloud.endpoint("chat") is None

    cloud.up(refresh=True)

    assert cloud.endpoint("chat") is not None
    cloud.by_hand({"delete_endpoint": {"endpoint": "batch"}})
    cloud.stack.destroy()
    assert cloud.left() == []


def test_story_05_destroy_refuses_a_bucket_with_objects_until_the_data_may_go(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.configure(SMALL)
    bucket = cloud.up()["buckets"]["data"]
    cloud.upload(bucket)

    code = destroy.main(["--stack", "dev", "--yes"], folder=cloud.workspace.folder, environment=cloud.environment())

    assert code == 1
    assert "pulumi config set dataMayGo true" in capsys.readouterr().err
    assert bucket in cloud.left()
    cloud.configure({"dataMayGo": True})
    cloud.up(refresh=True)
    cloud.stack.destroy()
    assert cloud.left() == []


def test_story_06_destroy_leaves_nothing_and_the_meter_stands_still(cloud: Cloud) -> None:
    file = cloud.workspace.folder / "guard.yaml"
    file.write_text("projects: [acme-ml]\nnotify: {ops: 'json://127.0.0.1:9'}\n", encoding="utf-8")
    cloud.configure({**FULL, "home": "worker_pool", "page": True, "guardConfig": str(file)})
    cloud.stack.set_config("databasePassword", automation.ConfigValue("pw-in-clear-1", secret=True))
    cloud.stack.set_config("openaiKey", automation.ConfigValue("sk-in-clear-2", secret=True))
    cloud.up()
    cloud.deploy_by_hand()
    cloud.advance("2h")
    _, before = cloud.call("GET", "/sandbox/meter")
    for secret in ("pw-in-clear-1", "sk-in-clear-2"):
        assert secret not in cloud.state_text()

    assert (
        destroy.main(["--stack", "dev", "--yes"], folder=cloud.workspace.folder, environment=cloud.environment()) == 0
    )

    assert cloud.left() == []
    _, at_destroy = cloud.call("GET", "/sandbox/meter")
    cloud.advance("100h")
    _, later = cloud.call("GET", "/sandbox/meter")
    assert float(before["total_usd"]) > 0
    assert later["total_usd"] == at_destroy["total_usd"]
    assert cloud.pulumi("destroy", "--yes", "--skip-preview").returncode == 0


def test_story_07_what_a_change_replaces_and_what_it_updates(cloud: Cloud) -> None:
    """docs/how-to/infra-change.md says the same to people."""
    cloud.configure(SMALL)
    cloud.up()

    cloud.configure(
        {"endpoints": [{"name": "chat", "labels": {"team": "search"}}, {"name": "batch", "dedicated": True}]}
    )
    assert cloud.steps() == {"endpoint-chat": "update"}

    cloud.configure({"endpoints": SMALL["endpoints"], "mode": "enforce"})
    enforce = cloud.steps()
    assert {name: step for name, step in enforce.items() if "act" in name} == {
        "guard-act-role-acme-ml": "create",
        "guard-act-acme-ml": "create",
    }
    assert "replace" in enforce["buckets-guard-access"] or "delete" in enforce["buckets-guard-access"]
    assert "guard" not in enforce
    assert not [name for name in enforce if name.startswith("endpoint-")]

    cloud.configure({"mode": "observe", "gcp:region": "europe-west4"})
    moved = cloud.steps()
    replaced = {
        name for name, step in moved.items() if "replace" in step or step in {"create-replacement", "delete-replaced"}
    }
    assert {"endpoint-chat", "endpoint-batch", "buckets-data", "buckets-models", "buckets-guard"} <= replaced
    assert not [name for name in moved if name.startswith("guard")]


WRONG: dict[str, Any] = {
    **SMALL,
    "gcp:project": None,
    "gcp:region": "europe-west99",
    "budget": {"monthly": "five hundred"},
    "endpointz": ["chat"],
}


def test_story_08_wrong_config_is_told_all_at_once_before_anything_is_made(cloud: Cloud) -> None:
    cloud.configure(WRONG)

    with pytest.raises(automation.CommandError) as failed:
        cloud.up()

    told = str(failed.value)
    assert "nothing was made or changed" in told
    assert "gcp:project: found nothing" in told
    assert "gcp:region: found 'europe-west99'" in told
    assert "billingAccount: found nothing, with a budget" in told
    assert "budget.monthly: found 'five hundred'" in told
    assert "endpointz: found an unknown key" in told
    assert "Traceback" not in told
    assert cloud.left() == []
    assert not [call for call in cloud.world.calls if call.changes]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "server_error", "service": "resources", "method": "create", "count": 1},
        {"kind": "operation_fails", "method": "CreateEndpoint", "count": 1},
    ],
    ids=["a refused call", "a failed operation"],
)
def test_story_09_the_next_up_finishes_what_a_fault_cut_short(cloud: Cloud, fault: dict[str, Any]) -> None:
    cloud.configure(SMALL)
    status, answer = cloud.call("POST", "/sandbox/faults", fault)
    assert status == 200, answer

    with pytest.raises(automation.CommandError):
        cloud.up()
    cloud.up()

    cloud.stack.preview(expect_no_changes=True)
    assert cloud.endpoint("chat") is not None
    assert cloud.endpoint("batch") is not None


def test_an_endpoint_and_a_bucket_that_exist_are_adopted_and_never_replaced(cloud: Cloud) -> None:
    """docs/how-to/infra-adopt.md: one `up` takes them over as they are, the next one makes them like the rest."""
    found = f"projects/{PROJECT}/locations/{REGION}/endpoints/4711"
    cloud.call(
        "POST",
        f"/storage/v1/b?project={PROJECT}",
        {"name": "old-data", "location": "US", "labels": {"made": "by-hand"}},
    )
    cloud.upload("old-data")
    cloud.by_hand(
        {"create_endpoint": {"id": "4711", "display_name": "chat", "location": REGION, "labels": {"team": "search"}}}
    )
    created = cloud.endpoint("4711")["createTime"]
    cloud.configure(
        {**SMALL, "adopt": {"endpoints": {"chat": found}, "buckets": {"data": "old-data"}}, "adopting": True}
    )

    outputs = cloud.up()

    assert (outputs["endpoints"]["chat"], outputs["buckets"]["data"]) == (found, "old-data")
    assert cloud.endpoint("4711")["labels"] == {"team": "search"}
    cloud.configure(
        {"adopting": False, "endpoints": [{"name": "chat", "labels": {"team": "search"}}, *SMALL["endpoints"][1:]]}
    )
    assert {name: step for name, step in cloud.steps().items() if name in {"endpoint-chat", "buckets-data"}} == {
        "endpoint-chat": "update",
        "buckets-data": "update",
    }
    cloud.up()
    cloud.stack.preview(expect_no_changes=True)
    assert cloud.endpoint("4711")["createTime"] == created
    assert cloud.endpoint("4711")["labels"] == {
        "team": "search", "managed-by": "pulumi", "pulumi-project": "tuneguard", "pulumi-stack": "dev",
    }  # fmt: skip
    assert cloud.call("GET", "/storage/v1/b/old-data/o/train.jsonl")[0] == 200


def test_what_needs_an_api_that_nobody_enabled_is_refused(cloud: Cloud) -> None:
    """So that the stories above prove that APIs are enabled before what needs them."""
    cloud.configure({**SMALL, "apis": False, "buckets": False, "identity": False})

    with pytest.raises(
        automation.CommandError, match=r"aiplatform\.googleapis\.com has not been used in project acme-ml"
    ):
        cloud.up()
