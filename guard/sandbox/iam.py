"""Roles and permissions: what a service account that Pulumi made may do is what the roles that Pulumi granted allow.

People and callers without a name are the project's owners. A service account is judged from the moment it is made in the resource
store, for ever: after its deletion it may do nothing.
"""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import Any, Final

from starlette.routing import BaseRoute

from guard.sandbox.resources.items import Items, items_of
from guard.sandbox.resources.rules import ACCOUNT, ROLE
from guard.sandbox.world import World

_OBJECT_READ: Final = ("storage.objects.get", "storage.objects.list")
_OBJECT_USE: Final = (
    *_OBJECT_READ, "storage.objects.create", "storage.objects.delete", "storage.objects.update", "storage.objects.move",
    "storage.multipartUploads.*",
)  # fmt: skip

PREDEFINED: Final[Mapping[str, tuple[str, ...]]] = {
    "roles/aiplatform.user": (
        "aiplatform.endpoints.create", "aiplatform.endpoints.delete", "aiplatform.endpoints.deploy", "aiplatform.endpoints.explain",
        "aiplatform.endpoints.get", "aiplatform.endpoints.list", "aiplatform.endpoints.predict", "aiplatform.endpoints.undeploy",
        "aiplatform.endpoints.update", "aiplatform.models.*", "aiplatform.operations.list", "aiplatform.tuningJobs.*",
        "aiplatform.locations.*", "aiplatform.deploymentResourcePools.*",
    ),
    "roles/artifactregistry.reader": ("artifactregistry.repositories.get", "artifactregistry.repositories.downloadArtifacts"),
    "roles/cloudsql.client": ("cloudsql.instances.connect", "cloudsql.instances.get"),
    "roles/iam.serviceAccountUser": ("iam.serviceAccounts.actAs", "iam.serviceAccounts.get", "iam.serviceAccounts.list"),
    "roles/logging.logWriter": ("logging.logEntries.create", "logging.logEntries.route"),
    "roles/pubsub.publisher": ("pubsub.topics.publish",),
    "roles/pubsub.subscriber": ("pubsub.subscriptions.consume", "pubsub.snapshots.seek", "pubsub.topics.attachSubscription"),
    "roles/run.invoker": ("run.routes.invoke", "run.jobs.run"),
    "roles/secretmanager.secretAccessor": ("secretmanager.versions.access",),
    "roles/storage.objectUser": _OBJECT_USE,
    "roles/storage.objectViewer": _OBJECT_READ,
}  # fmt: skip
"""The parts of the predefined roles that matter here. Source: docs.cloud.google.com/iam/docs/roles-permissions, read 2026-11-24."""

RESOURCE_MEMBERS: Final[Mapping[str, tuple[str, str]]] = {
    "gcp:storage/bucketIAMMember:BucketIAMMember": ("buckets", "bucket"),
    "gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember": ("subscriptions", "subscription"),
    "gcp:pubsub/topicIAMMember:TopicIAMMember": ("topics", "topic"),
    "gcp:secretmanager/secretIamMember:SecretIamMember": ("secrets", "secretId"),
    "gcp:serviceaccount/iAMMember:IAMMember": ("serviceAccounts", "serviceAccountId"),
}
"""Bindings on one resource: type -> (collection in resource names, property that names the resource)."""

_PROJECT_MEMBER: Final = "gcp:projects/iAMMember:IAMMember"


def routes(world: World) -> list[BaseRoute]:
    """No routes: mounting the service makes the world ask the roles."""
    items = items_of(world)
    world.authorizers.append(lambda principal, permission, name: allows(world, items, principal, permission, name))
    return []


def allows(world: World, items: Items, principal: str, permission: str, name: str) -> bool:
    """Whether the roles granted in the resource store let `principal` use `permission` on the resource `name`."""
    if principal not in items.accounts_ever:
        return True
    if not any(item.properties.get("email") == principal for item in items.of(ACCOUNT)):
        return False
    member = f"serviceAccount:{principal}"
    return any(
        fnmatchcase(permission, granted)
        for role in _roles(world, items, member, name)
        for granted in _permissions(items, role)
    )


def _roles(world: World, items: Items, member: str, name: str) -> Iterator[str]:
    parts = name.split("/")
    project = world.project(parts[1]) if parts[0] == "projects" and len(parts) > 1 else None
    for item in items.of(_PROJECT_MEMBER):
        if (
            item.properties.get("member") == member
            and project
            and item.properties.get("project") in {project.id, project.number}
        ):
            yield str(item.properties["role"])
    for kind, (collection, key) in RESOURCE_MEMBERS.items():
        for item in items.of(kind):
            if item.properties.get("member") == member and _concerns(parts, collection, item.properties, key):
                yield str(item.properties["role"])


def _concerns(parts: list[str], collection: str, properties: Mapping[str, Any], key: str) -> bool:
    wanted = str(properties.get(key, "")).rpartition("/")[2]
    return any(pair == (collection, wanted) for pair in pairwise(parts))


def _permissions(items: Items, role: str) -> tuple[str, ...]:
    if role in PREDEFINED:
        return PREDEFINED[role]
    custom = items.get(ROLE, role)
    return tuple(custom.properties.get("permissions", ())) if custom else ()
