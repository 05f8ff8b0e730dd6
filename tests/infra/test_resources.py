"""The resource store and the roles: what the sandbox refuses as the platform would."""

from typing import Any

import pytest

from guard.sandbox import iam
from guard.sandbox.errors import ApiError
from guard.sandbox.resources import rules
from guard.sandbox.resources.items import Items, items_of
from guard.sandbox.scenario.build import build
from guard.sandbox.scenario.load import parse
from guard.sandbox.world import World
from tests.infra.cloud import SCENARIO

EMAIL = "guard@acme-ml.iam.gserviceaccount.com"
ENDPOINT = "projects/123456789012/locations/us-central1/endpoints/chat"


@pytest.fixture
def world() -> World:
    return build(parse(SCENARIO))


@pytest.fixture
def items(world: World) -> Items:
    return items_of(world)


def enable(items: Items, *services: str) -> None:
    for service in services:
        items.create(rules.SERVICE, f"acme-ml/{service}", {"project": "acme-ml", "service": service})


def make(world: World, items: Items, kind: str, name: str, properties: dict[str, Any]) -> None:
    rules.check_create(world, items, kind, name, properties)
    items.create(kind, name, properties)


def test_an_api_that_is_not_enabled_refuses_its_resources(world: World, items: Items) -> None:
    with pytest.raises(ApiError, match=r"pubsub\.googleapis\.com has not been used in project acme-ml") as failed:
        make(world, items, "gcp:pubsub/topic:Topic", "projects/acme-ml/topics/t", {"project": "acme-ml", "name": "t"})
    assert failed.value.details[0]["reason"] == "SERVICE_DISABLED"

    enable(items, "pubsub.googleapis.com")
    make(world, items, "gcp:pubsub/topic:Topic", "projects/acme-ml/topics/t", {"project": "acme-ml", "name": "t"})


def test_a_reference_to_what_does_not_exist_is_refused(world: World, items: Items) -> None:
    enable(items, "pubsub.googleapis.com")

    with pytest.raises(ApiError, match="Topic 'projects/acme-ml/topics/none' does not exist"):
        make(
            world, items, "gcp:pubsub/subscription:Subscription", "projects/acme-ml/subscriptions/s",
            {"project": "acme-ml", "topic": "projects/acme-ml/topics/none"},
        )  # fmt: skip


def test_a_member_and_a_role_must_exist(world: World, items: Items) -> None:
    member = {"project": "acme-ml", "role": "roles/viewer", "member": f"serviceAccount:{EMAIL}"}
    with pytest.raises(ApiError, match=r"Service account .* does not exist"):
        make(world, items, "gcp:projects/iAMMember:IAMMember", "x", member)
    with pytest.raises(ApiError, match="The role projects/acme-ml/roles/none does not exist"):
        make(
            world,
            items,
            "gcp:projects/iAMMember:IAMMember",
            "x",
            {**member, "member": "user:a@b.c", "role": "projects/acme-ml/roles/none"},
        )


def test_what_is_in_use_cannot_be_deleted(world: World, items: Items) -> None:
    items.create("gcp:compute/disk:Disk", "projects/acme-ml/zones/z/disks/d", {"name": "d"})
    items.create(
        "gcp:compute/instance:Instance", "i", {"attachedDisks": [{"source": "projects/acme-ml/zones/z/disks/d"}]}
    )
    disk = items.get("gcp:compute/disk:Disk", "projects/acme-ml/zones/z/disks/d")
    assert disk is not None

    with pytest.raises(ApiError, match="resourceInUseByAnotherResource"):
        rules.check_delete(items, disk)


def test_cloud_run_refuses_a_secret_that_its_account_cannot_read(world: World, items: Items) -> None:
    enable(items, "run.googleapis.com", "secretmanager.googleapis.com", "iam.googleapis.com")
    items.create(rules.ACCOUNT, "a", {"email": EMAIL})
    items.create(rules.SECRET, "projects/acme-ml/secrets/k", {"secretId": "k"})
    items.create(rules.VERSION, "projects/acme-ml/secrets/k/versions/1", {"secret": "projects/acme-ml/secrets/k"})
    pool = {
        "project": "acme-ml",
        "template": {
            "serviceAccount": EMAIL,
            "containers": [
                {"envs": [{"name": "K", "valueSource": {"secretKeyRef": {"secret": "projects/acme-ml/secrets/k"}}}]}
            ],
        },
    }

    with pytest.raises(ApiError, match="Permission denied on secret"):
        make(world, items, "gcp:cloudrunv2/workerPool:WorkerPool", "p", pool)
    items.create(
        "gcp:secretmanager/secretIamMember:SecretIamMember", "m", {"secretId": "k", "member": f"serviceAccount:{EMAIL}"}
    )
    make(world, items, "gcp:cloudrunv2/workerPool:WorkerPool", "p", pool)


def grant(items: Items, permissions: list[str]) -> None:
    items.create(rules.ACCOUNT, "a", {"email": EMAIL})
    items.create(rules.ROLE, "projects/acme-ml/roles/r", {"permissions": permissions})
    items.create(
        "gcp:projects/iAMMember:IAMMember",
        "m",
        {"project": "acme-ml", "role": "projects/acme-ml/roles/r", "member": f"serviceAccount:{EMAIL}"},
    )


def test_a_service_account_may_do_what_its_roles_grant_and_no_more(world: World, items: Items) -> None:
    grant(items, ["aiplatform.endpoints.list"])

    assert iam.allows(world, items, EMAIL, "aiplatform.endpoints.list", ENDPOINT)
    assert not iam.allows(world, items, EMAIL, "aiplatform.endpoints.delete", ENDPOINT)
    assert not iam.allows(
        world, items, EMAIL, "aiplatform.endpoints.list", "projects/999/locations/us-central1/endpoints/x"
    )


def test_a_role_on_one_bucket_says_nothing_of_another(world: World, items: Items) -> None:
    grant(items, [])
    items.create(
        "gcp:storage/bucketIAMMember:BucketIAMMember",
        "b",
        {"bucket": "guard", "role": "roles/storage.objectViewer", "member": f"serviceAccount:{EMAIL}"},
    )

    assert iam.allows(world, items, EMAIL, "storage.objects.get", "projects/1/buckets/guard/objects/x")
    assert not iam.allows(world, items, EMAIL, "storage.objects.create", "projects/1/buckets/guard/objects/x")
    assert not iam.allows(world, items, EMAIL, "storage.objects.get", "projects/1/buckets/guarded/objects/x")


def test_a_deleted_service_account_may_do_nothing(world: World, items: Items) -> None:
    grant(items, ["aiplatform.endpoints.list"])
    account = items.get(rules.ACCOUNT, "a")
    assert account is not None

    items.delete(account)

    assert not iam.allows(world, items, EMAIL, "aiplatform.endpoints.list", ENDPOINT)


def test_people_own_the_sandbox(world: World, items: Items) -> None:
    assert iam.allows(world, items, "ana@example.com", "aiplatform.endpoints.delete", ENDPOINT)
