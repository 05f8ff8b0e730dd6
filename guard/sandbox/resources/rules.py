"""What the platform would refuse, as far as the order of creation and deletion depends on it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from guard.sandbox.errors import ApiError, invalid, precondition
from guard.sandbox.resources.items import Item, Items
from guard.sandbox.world import World

API_OF: Final[Mapping[str, str]] = {
    "artifactregistry": "artifactregistry.googleapis.com",
    "billing": "billingbudgets.googleapis.com",
    "cloudrunv2": "run.googleapis.com",
    "compute": "compute.googleapis.com",
    "iap": "iap.googleapis.com",
    "logging": "logging.googleapis.com",
    "monitoring": "monitoring.googleapis.com",
    "pubsub": "pubsub.googleapis.com",
    "secretmanager": "secretmanager.googleapis.com",
    "serviceaccount": "iam.googleapis.com",
    "sql": "sqladmin.googleapis.com",
}
"""Module of the type token -> the API that must be enabled (403 SERVICE_DISABLED otherwise; pulumi-gcp#992)."""

SERVICE: Final = "gcp:projects/service:Service"
ACCOUNT: Final = "gcp:serviceaccount/account:Account"
ROLE: Final = "gcp:projects/iAMCustomRole:IAMCustomRole"
SECRET: Final = "gcp:secretmanager/secret:Secret"  # noqa: S105  # a type token
VERSION: Final = "gcp:secretmanager/secretVersion:SecretVersion"
_DISK: Final = "gcp:compute/disk:Disk"
_INSTANCE: Final = "gcp:compute/instance:Instance"
_NETWORK: Final = "gcp:compute/network:Network"
_SUBNET: Final = "gcp:compute/subnetwork:Subnetwork"
_DATABASE: Final = "gcp:sql/databaseInstance:DatabaseInstance"
_TOPIC: Final = "gcp:pubsub/topic:Topic"

REFERENCES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "gcp:pubsub/subscription:Subscription": (("topic", _TOPIC),),
    "gcp:pubsub/topicIAMMember:TopicIAMMember": (("topic", _TOPIC),),
    "gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember": (
        ("subscription", "gcp:pubsub/subscription:Subscription"),
    ),
    "gcp:billing/budget:Budget": (("allUpdatesRule.pubsubTopic", _TOPIC),),
    VERSION: (("secret", SECRET),),
    "gcp:secretmanager/secretIamMember:SecretIamMember": (("secretId", SECRET),),
    "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": (
        ("repository", "gcp:artifactregistry/repository:Repository"),
    ),
    "gcp:cloudrunv2/serviceIamMember:ServiceIamMember": (("name", "gcp:cloudrunv2/service:Service"),),
    "gcp:iap/webCloudRunServiceIamMember:WebCloudRunServiceIamMember": (
        ("cloudRunServiceName", "gcp:cloudrunv2/service:Service"),
    ),
    "gcp:sql/database:Database": (("instance", _DATABASE),),
    "gcp:sql/user:User": (("instance", _DATABASE),),
    "gcp:compute/subnetwork:Subnetwork": (("network", _NETWORK),),
    _INSTANCE: (
        ("attachedDisks.source", _DISK),
        ("networkInterfaces.subnetwork", _SUBNET),
        ("serviceAccount.email", ACCOUNT),
    ),
    "gcp:monitoring/alertPolicy:AlertPolicy": (
        ("notificationChannels", "gcp:monitoring/notificationChannel:NotificationChannel"),
    ),
    "gcp:cloudrunv2/workerPool:WorkerPool": (("template.serviceAccount", ACCOUNT),),
    "gcp:cloudrunv2/service:Service": (("template.serviceAccount", ACCOUNT),),
}
"""Type -> (property path, the type that must exist). Lists on the way are all followed."""

CASCADE: Final[Mapping[str, tuple[str, ...]]] = {
    _DATABASE: ("gcp:sql/database:Database", "gcp:sql/user:User"),
    SECRET: (VERSION, "gcp:secretmanager/secretIamMember:SecretIamMember"),
}
"""Type -> types that live inside it and go with it."""

IN_USE: Final[Mapping[str, tuple[str, ...]]] = {_DISK: (_INSTANCE,), _SUBNET: (_INSTANCE,), _NETWORK: (_SUBNET,)}
"""Type -> types that hold on to it: Compute Engine answers resourceInUseByAnotherResource."""


def check_create(world: World, items: Items, kind: str, name: str, properties: Mapping[str, Any]) -> None:
    """Raise ApiError where the platform would refuse to make this."""
    if items.get(kind, name) is not None:
        raise ApiError("ALREADY_EXISTS", f"Requested entity already exists: {name}.")
    check_api(world, items, kind, str(properties.get("project", "")))
    check_references(world, items, kind, properties)


def check_api(world: World, items: Items, kind: str, project: str) -> None:
    """Raise SERVICE_DISABLED where the API of this type is not enabled in the project."""
    api = API_OF.get(kind.partition(":")[2].partition("/")[0])
    if api is None or not project or world.project(project) is None:
        return
    if not any(
        item.properties.get("service") == api and item.properties.get("project") == project
        for item in items.of(SERVICE)
    ):
        raise ApiError(
            "PERMISSION_DENIED",
            f"{api} has not been used in project {project} before or it is disabled. Enable it, then retry.",
            details=[
                {
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                    "reason": "SERVICE_DISABLED",
                    "domain": "googleapis.com",
                }
            ],
        )


def check_references(world: World, items: Items, kind: str, properties: Mapping[str, Any]) -> None:
    """Raise ApiError where a property names something that does not exist."""
    for path, target in REFERENCES.get(kind, ()):
        for value in _values(properties, path.split(".")):
            if not any(_names(item, str(value)) for item in items.of(target)):
                raise ApiError("NOT_FOUND", f"{path}: {target} {value!r} does not exist.")
    _check_member(world, items, properties)
    _check_role(items, properties)
    if kind.startswith("gcp:cloudrunv2/"):
        _check_secrets(items, properties)


def check_delete(items: Items, item: Item) -> None:
    """Raise ApiError where something still holds on to the item."""
    for holder in IN_USE.get(item.type, ()):
        for other in items.of(holder):
            paths = [path for path, target in REFERENCES.get(holder, ()) if target == item.type]
            if any(_names(item, str(value)) for path in paths for value in _values(other.properties, path.split("."))):
                raise precondition(
                    f"The resource {item.id!r} is already being used by {other.id!r} (resourceInUseByAnotherResource)."
                )


def inside(items: Items, item: Item) -> list[Item]:
    """What goes when the item goes."""
    return [
        other
        for kind in CASCADE.get(item.type, ())
        for other in items.of(kind)
        for path, target in REFERENCES[kind]
        if target == item.type and any(_names(item, str(value)) for value in _values(other.properties, path.split(".")))
    ]


def _check_member(world: World, items: Items, properties: Mapping[str, Any]) -> None:
    """IAM refuses a member that is a service account of ours and does not exist."""
    kind, _, email = str(properties.get("member", "")).partition(":")
    project = email.partition("@")[2].removesuffix(".iam.gserviceaccount.com")
    if kind != "serviceAccount" or "role" not in properties or world.project(project) is None:
        return
    if not any(item.properties.get("email") == email for item in items.of(ACCOUNT)):
        raise invalid(f"Service account {email} does not exist.")


def _check_role(items: Items, properties: Mapping[str, Any]) -> None:
    role = str(properties.get("role", ""))
    if role.startswith("projects/") and not any(item.id == role for item in items.of(ROLE)):
        raise invalid(f"The role {role} does not exist in the resource's hierarchy.")


def _check_secrets(items: Items, properties: Mapping[str, Any]) -> None:
    """Cloud Run looks at a revision's secrets before it takes it: they need a version, and its account needs access."""
    account = f"serviceAccount:{properties.get('template', {}).get('serviceAccount', '')}"
    readers = {
        str(item.properties.get("secretId"))
        for item in items.of("gcp:secretmanager/secretIamMember:SecretIamMember")
        if item.properties.get("member") == account
    }
    for secret in _secrets(properties):
        short = secret.rpartition("/")[2]
        if not any(_short(str(item.properties.get("secret"))) == short for item in items.of(VERSION)):
            raise precondition(f"Secret {secret} was not found or has no version.")
        if not any(_short(reader) == short for reader in readers):
            raise ApiError(
                "PERMISSION_DENIED", f"Permission denied on secret: {secret} for Revision service account {account}."
            )


def _secrets(properties: Mapping[str, Any]) -> Iterator[str]:
    template = properties.get("template", {})
    for container in template.get("containers", ()):
        for variable in container.get("envs", ()):
            if reference := variable.get("valueSource", {}).get("secretKeyRef"):
                yield str(reference["secret"])
    for volume in template.get("volumes", ()):
        if secret := volume.get("secret"):
            yield str(secret["secret"])


def _values(value: Any, path: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for one in value:
            yield from _values(one, path)
    elif not path:
        if value not in (None, ""):
            yield value
    elif isinstance(value, Mapping):
        yield from _values(value.get(path[0]), path[1:])


def _names(item: Item, reference: str) -> bool:
    """Whether a reference (an id, a self link, a short name or an e-mail) means this item."""
    known: list[Callable[[], Any]] = [
        lambda: item.id,
        lambda: item.properties.get("selfLink"),
        lambda: item.properties.get("email"),
        lambda: item.properties.get("name"),
        lambda: _short(item.id),
    ]
    return any(get() == reference for get in known)


def _short(name: str) -> str:
    return name.rpartition("/")[2]
