"""Each component's arguments, children's names and outputs; and the options that no mock argument shows."""

import json
import os
import socket
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from ruamel.yaml import YAML
from sqlalchemy import make_url

from guard.ledger import open_ledger
from tests.infra.declared import Declared, declare

ACCOUNT = "tuneguard-dev@acme-ml.iam.gserviceaccount.com"
SECRETS = {"openaiKey": "sk-1", "notifyUrls": "mailto://x", "apiToken": "t-1"}
SECRET_MARK = "1b47061264138c4ac30d75fd1eb44270"
"""Marks a secret on the wire (pulumi/runtime/rpc.py)."""
POOL = {"home": "worker_pool", "databasePassword": "pw-1", "guardConfig": "guard.yaml"}


@pytest.fixture(scope="module")
def full() -> Declared:
    """Everything on, on a worker pool."""
    return declare(
        {
            **POOL,
            **SECRETS,
            "page": True,
            "team": ["group:ml@example.com", "user:ana@example.com"],
            "alertEmail": "ops@example.com",
            "budget": {"monthly": "500.50", "currency": "EUR", "alertAt": ["50%", "forecast 100%"]},
            "billingAccount": "012345-6789AB-CDEF01",
            "endpoints": [
                {"name": "chat", "dedicated": True, "labels": {"team": "search"}},
                {"name": "eu", "region": "europe-west4"},
            ],
            "mode": "enforce",
            "restoreAs": ["serving@acme-ml.iam.gserviceaccount.com"],
            "watch": ["acme-ml", "acme-lab"],
        },
        guard_yaml="mode: enforce\n",
    )


def test_buckets_are_private_versioned_and_soft_deleted(full: Declared) -> None:
    assert full.children("buckets") == {"buckets-data", "buckets-models", "buckets-guard", "buckets-guard-access"}
    for kind in ("data", "models", "guard"):
        bucket = full.one(f"buckets-{kind}").inputs
        assert bucket["name"] == f"acme-ml-tuneguard-dev-{kind}"
        assert bucket["uniformBucketLevelAccess"] is True
        assert bucket["publicAccessPrevention"] == "enforced"
        assert bucket["versioning"] == {"enabled": True}
        assert bucket["softDeletePolicy"] == {"retentionDurationSeconds": 7 * 86_400}
        assert bucket["forceDestroy"] is False
    assert {rule["action"]["type"] for rule in full.one("buckets-data").inputs["lifecycleRules"]} == {
        "Delete",
        "SetStorageClass",
    }


def test_the_guard_writes_its_own_bucket_only_when_it_may_act(full: Declared) -> None:
    assert full.one("buckets-guard-access").inputs["role"] == "roles/storage.objectUser"
    assert declare().one("buckets-guard-access").inputs["role"] == "roles/storage.objectViewer"


def test_data_may_go_only_when_config_says_so() -> None:
    assert declare({"dataMayGo": True}).one("buckets-data").inputs["forceDestroy"] is True


def test_observing_gets_no_act_role() -> None:
    observing = declare()

    assert observing.children("guard") == {"guard", "guard-observe-role-acme-ml", "guard-observe-acme-ml"}
    assert not [name for name in observing.one("guard-observe-role-acme-ml").inputs["permissions"] if not _reads(name)]


def _reads(permission: str) -> bool:
    return permission.rpartition(".")[2].startswith(("get", "list", "query", "search"))


def test_enforcing_gets_the_act_role_in_each_watched_project(full: Declared) -> None:
    assert {name for name in full.children("guard") if "act" in name} == {
        *(f"guard-act-role-{project}" for project in ("acme-ml", "acme-lab")),
        *(f"guard-act-{project}" for project in ("acme-ml", "acme-lab")),
        "guard-act-as-0",
    }
    assert "aiplatform.endpoints.undeploy" in full.one("guard-act-role-acme-lab").inputs["permissions"]
    assert full.one("guard-act-acme-lab").inputs["member"] == f"serviceAccount:{ACCOUNT}"


def test_approve_may_do_what_enforce_may() -> None:
    assert "guard-act-acme-ml" in declare({"mode": "approve"}).children("guard")


def test_shells_carry_names_and_labels_that_the_guard_knows_and_no_traffic_split(full: Declared) -> None:
    shell = full.one("endpoint-chat")

    assert shell.inputs["name"] == shell.inputs["displayName"] == "chat"
    assert shell.inputs["dedicatedEndpointEnabled"] is True
    assert shell.inputs["labels"] == {
        "team": "search",
        "managed-by": "pulumi",
        "pulumi-project": "tuneguard",
        "pulumi-stack": "dev",
    }
    assert "trafficSplit" not in shell.inputs
    assert shell.ignore_changes == ("trafficSplit",)
    assert full.one("endpoint-eu-europe-west4").inputs["location"] == "europe-west4"


def test_the_budget_watches_actual_and_forecast_spend_and_tells_the_guard(full: Declared) -> None:
    budget = full.one("budget-budget").inputs

    assert full.children("budget") == {
        "budget", "budget-publisher", "budget-guard", "budget-reader", "budget-provider", "budget-budget",
    }  # fmt: skip
    assert budget["amount"]["specifiedAmount"] == {"currencyCode": "EUR", "units": "500", "nanos": 500_000_000}
    assert budget["budgetFilter"]["projects"] == ["projects/2"], (
        "a number, as the API answers: an id would be drift for ever"
    )
    assert budget["thresholdRules"] == [
        {"thresholdPercent": 0.5, "spendBasis": "CURRENT_SPEND"},
        {"thresholdPercent": 1, "spendBasis": "FORECASTED_SPEND"},
    ]
    assert budget["allUpdatesRule"]["pubsubTopic"] == "projects/acme-ml/topics/tuneguard-dev-budget"
    assert full.one("budget-guard").inputs["expirationPolicy"] == {"ttl": ""}
    assert full.one("budget-provider").inputs["userProjectOverride"] in {True, "true"}


def test_each_secret_has_a_value_and_one_reader(full: Declared) -> None:
    keys = ("api-token", "notify-urls", "openai-key")

    assert full.children("secrets") == {f"secrets-{key}{part}" for key in keys for part in ("", "-value", "-reader")}
    assert full.one("secrets-openai-key-reader").inputs["member"] == f"serviceAccount:{ACCOUNT}"
    assert full.outputs["secrets"]["openai-key"] == "projects/acme-ml/secrets/tuneguard-dev-openai-key"


def test_the_worker_pool_is_one_instance_on_a_shared_durable_ledger(full: Declared) -> None:
    pool = full.one("daemon").inputs
    container = pool["template"]["containers"][0]

    assert pool["scaling"] == {"manualInstanceCount": 1}
    assert {variable["name"] for variable in container["envs"]} == {
        "OPENAI_API_KEY", "OPS_URL", "TUNEGUARD_LEDGER", "GUARD_CONFIG_DIGEST",
    }  # fmt: skip
    assert {volume["name"] for volume in pool["template"]["volumes"]} == {"cloudsql", "config"}
    assert full.one("daemon-sql").inputs["settings"]["edition"] == "ENTERPRISE"
    assert full.outputs["home"]["database"] == "acme-ml:us-central1:tuneguard-dev"


def test_any_password_makes_a_ledger_url_that_reads_back() -> None:
    pool = declare({**POOL, "databasePassword": "p@ss/w:rd %"})

    secret = pool.one("daemon-ledger-url-value").inputs["secretData"]
    url = make_url(secret["value"])

    assert SECRET_MARK in secret.values(), "marked as a secret all the way"
    assert (url.password, url.database, url.query["host"]) == (
        "p@ss/w:rd %",
        "tuneguard",
        "/cloudsql/acme-ml:us-central1:tuneguard-dev",
    )


def test_a_changed_guard_yaml_makes_a_new_revision() -> None:
    def digest(text: str) -> str:
        variables = declare(POOL, guard_yaml=text).one("daemon").inputs["template"]["containers"][0]["envs"]
        return next(one["value"] for one in variables if one["name"] == "GUARD_CONFIG_DIGEST")

    assert digest("mode: observe\n") != digest("mode: enforce\n")


def test_the_page_is_opened_by_the_team_only_through_the_proxy(full: Declared) -> None:
    assert full.children("page") == {
        "page", "page-account", "page-sql-client", "page-ledger-url-reader", "page-config-reader", "page-notify-urls-reader",
        "page-iap", "page-iap-invoker", "page-member-0", "page-member-1",
    }  # fmt: skip
    assert {full.one(f"page-member-{index}").inputs["member"] for index in (0, 1)} == {
        "group:ml@example.com",
        "user:ana@example.com",
    }
    assert full.one("page").inputs["iapEnabled"] is True
    agent = "serviceAccount:service-2@gcp-sa-iap.iam.gserviceaccount.com"
    assert full.one("page-iap-invoker").inputs["member"] == agent, "nobody reaches the service but by the proxy"


def test_the_page_runs_as_an_account_that_reads_the_ledger_and_may_touch_no_model(full: Declared) -> None:
    own = "tuneguard-dev-page@acme-ml.iam.gserviceaccount.com"
    granted = {
        one.name: one.inputs["role"] for one in full.resources if one.inputs.get("member") == f"serviceAccount:{own}"
    }
    service = full.one("page")

    assert service.inputs["template"]["serviceAccount"] == own
    assert granted == {
        "page-sql-client": "roles/cloudsql.client",
        **{
            f"page-{key}-reader": "roles/secretmanager.secretAccessor"
            for key in ("ledger-url", "config", "notify-urls")
        },
    }
    assert granted.keys() <= set(service.depends_on), "a revision that may not read its secrets does not start"
    names = {one["name"] for one in service.inputs["template"]["containers"][0]["envs"]}
    assert names == {"TUNEGUARD_LEDGER", "OPS_URL", "GUARD_CONFIG_DIGEST"}


def test_the_page_is_started_as_its_command_takes_it(full: Declared, tmp_path: Path) -> None:
    """The very arguments of the container, but for guard.yaml's place and the port, start a page that its probes find ready."""
    container = full.one("page").inputs["template"]["containers"][0]
    url = "https://tuneguard-dev-page-2.us-central1.run.app"
    assert full.outputs["home"]["page"] == url
    ports = {container[probe]["httpGet"]["port"] for probe in ("startupProbe", "livenessProbe")}
    assert ports == {container["ports"]["containerPort"]} == {8080}
    assert "/projects/2/locations/us-central1/services/tuneguard-dev-page" in container["args"]

    file, ledger = tmp_path / "guard.yaml", f"sqlite:///{tmp_path}/ledger.db"
    file.write_text("projects: [acme-ml]\nowners: {fallback: ops}\nnotify: {ops: '${OPS_URL}'}\n", encoding="utf-8")
    open_ledger(ledger, world="real").close()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    here = {"/etc/tuneguard/guard.yaml": str(file), "8080": port, "0.0.0.0": "127.0.0.1"}
    command = [
        sys.executable,
        "-c",
        "from guard.cli import main; main()",
        *(here.get(one, one) for one in container["args"]),
    ]
    values = {"TUNEGUARD_LEDGER": ledger, "OPS_URL": "json://127.0.0.1:9", "GUARD_CONFIG_DIGEST": "x"}
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TUNEGUARD_")}
    for variable in container["envs"]:
        environment[variable["name"]] = values[variable["name"]]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as page:
        try:
            assert page.stdout is not None
            assert json.loads(page.stdout.readline())["http"] == url
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as caller:
                for probe in ("startupProbe", "livenessProbe"):
                    assert caller.get(container[probe]["httpGet"]["path"]).json() == {"ok": True}
                stranger = caller.get("/", headers={"host": httpx.URL(url).host, "accept": "application/json"})
            assert stranger.status_code == 401
            assert "Identity-Aware Proxy" in stranger.text
        finally:
            page.terminate()


def test_the_vm_keeps_its_ledger_on_a_disk_of_its_own() -> None:
    vm = declare(SECRETS, guard_yaml="mode: observe\n")

    assert vm.children("daemon") == {"daemon-network", "daemon-subnet", "daemon-ledger", "daemon-log-writer", "daemon"}
    assert vm.one("daemon").inputs["attachedDisks"][0]["deviceName"] == "ledger"
    assert vm.one("daemon").inputs["metadata"]["guard-config"] == "mode: observe\n"
    assert vm.one("daemon").ignore_changes == ("bootDisk.initializeParams.image",)
    assert vm.outputs["home"]["kind"] == "vm"


def test_the_vm_document_is_yaml_whose_scripts_a_shell_can_read_and_which_holds_no_secret() -> None:
    text = declare(SECRETS).one("daemon").inputs["metadata"]["user-data"]
    document = YAML(typ="safe").load(StringIO(text))
    files = {one["path"]: one["content"] for one in document["write_files"]}

    scripts = [text for path, text in files.items() if path.endswith(".sh")]
    assert [subprocess.run(["sh", "-n"], input=script, text=True, check=False).returncode for script in scripts] == [
        0,
        0,
    ]
    assert "OPENAI_API_KEY=projects/acme-ml/secrets/tuneguard-dev-openai-key" in files["/var/lib/tuneguard/secrets.sh"]
    assert "--read-only" in files["/etc/systemd/system/tuneguard.service"]
    assert not [value for value in SECRETS.values() if value in text]


def test_a_silent_daemon_raises_an_alert(full: Declared) -> None:
    condition = full.one("heartbeat-policy").inputs["conditions"][0]["conditionAbsent"]

    assert full.children("heartbeat") == {"heartbeat-metric", "heartbeat-channel", "heartbeat-policy"}
    assert condition["duration"] == "3600s"
    assert "tuneguard-dev-heartbeat" in condition["filter"]


def test_the_team_uses_models_and_data_but_not_the_guards_bucket(full: Declared) -> None:
    buckets = {one.inputs["bucket"] for one in full.resources if one.parent == "team" and "bucket" in one.inputs}

    assert buckets == {"acme-ml-tuneguard-dev-data", "acme-ml-tuneguard-dev-models"}
    assert full.one("team-0").inputs["role"] == "roles/aiplatform.user"


def test_apis_are_enabled_first_and_stay_enabled(full: Declared) -> None:
    components = [one for one in full.resources if one.type.startswith("tuneguard:") and one.name != "apis"]

    assert full.one("apis-aiplatform").inputs["disableOnDestroy"] is False
    assert all("apis-aiplatform" in one.depends_on for one in components)


def test_on_destroy_the_daemon_goes_before_the_shells(full: Declared) -> None:
    component = next(one for one in full.resources if one.name == "daemon" and one.type.startswith("tuneguard:"))

    assert "endpoint-chat" in component.depends_on


@pytest.mark.parametrize("protect", [True, False])
def test_protect_covers_what_holds_data(protect: bool) -> None:
    pool = declare({**POOL, "protect": protect})

    for name in ("buckets-data", "buckets-models", "buckets-guard", "daemon-sql"):
        assert pool.one(name).protect is protect
    assert pool.one("daemon-sql").inputs["deletionProtection"] is protect
    assert pool.one("daemon").inputs["deletionProtection"] is protect
    assert declare({"protect": protect}).one("daemon-ledger").protect is protect


SWITCHES: list[tuple[dict[str, Any], str]] = [
    ({"buckets": False}, "tuneguard:storage:ArtifactBuckets"),
    ({"apis": False}, "tuneguard:apis:EnabledApis"),
    ({"identity": False, "home": "none"}, "tuneguard:identity:GuardIdentity"),
    ({"images": False, "image": "example/tuneguard:1"}, "tuneguard:images:ImageRepository"),
    ({"home": "none"}, "tuneguard:home:VmHome"),
]


@pytest.mark.parametrize(("off", "component"), SWITCHES, ids=[component for _, component in SWITCHES])
def test_every_part_can_be_switched_off(off: dict[str, Any], component: str) -> None:
    assert component in {one.type for one in declare().resources}
    assert component not in {one.type for one in declare(off).resources}


def test_what_is_not_asked_for_is_not_there() -> None:
    assert {one.type for one in declare().resources if one.type.startswith("tuneguard:")} == {
        "tuneguard:apis:EnabledApis",
        "tuneguard:identity:GuardIdentity",
        "tuneguard:storage:ArtifactBuckets",
        "tuneguard:images:ImageRepository",
        "tuneguard:home:VmHome",
    }
