"""The resource types that the program uses: ids, computed outputs, and which changes replace.

`replace` lists the inputs whose change replaces the resource. Each rule is read off the fields with `ForceNew` in `source`, a
file of hashicorp/terraform-provider-google-beta at 93c65b2d (7.45.0, 2026-08-21) under google-beta/services/, which pulumi-gcp
wraps. Ids and outputs follow the same files. Templates are filled with the inputs, `id`, `number` (a stable number of the
resource) and `projectNumber`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One resource type. `guard_flag` is the input that makes the provider itself refuse a delete."""

    id: str
    source: str
    replace: frozenset[str]
    outputs: Mapping[str, str] = field(default_factory=dict)
    guard_flag: str = ""
    guard_default: bool = False
    name_key: str = "name"

    def computed(self, values: Mapping[str, Any]) -> dict[str, str]:
        """The outputs that are no inputs."""
        return {key: template.format(**values) for key, template in self.outputs.items()}


def _iam(resource: str, id_template: str, source: str) -> Kind:
    """An IAM member: everything in it is ForceNew (tpgiamresource/resource_iam_member.go and the parent's schema)."""
    return Kind(
        id=id_template,
        source=source,
        replace=frozenset({*resource.split(), "role", "member", "condition"}),
        outputs={"etag": "BwY{number}"},
        name_key="",
    )


_COMPUTE: Final = "https://compute.googleapis.com/compute/v1/"

KINDS: Final[Mapping[str, Kind]] = {
    "gcp:artifactregistry/repository:Repository": Kind(
        id="projects/{project}/locations/{location}/repositories/{repositoryId}",
        source="artifactregistry/resource_artifact_registry_repository.go",
        replace=frozenset(
            {"format", "kmsKeyName", "location", "mode", "project", "remoteRepositoryConfig", "repositoryId"}
        ),
        outputs={"name": "{repositoryId}", "registryUri": "{location}-images.example/{project}/{repositoryId}"},
        name_key="repositoryId",
    ),
    "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": _iam(
        "repository location project",
        "projects/{project}/locations/{location}/repositories/{repository}/{role}/{member}",
        "artifactregistry/iam_artifact_registry_repository.go",
    ),
    "gcp:billing/budget:Budget": Kind(
        id="billingAccounts/{billingAccount}/budgets/{number}",
        source="billingbudgets/resource_billing_budget.go",
        replace=frozenset({"billingAccount"}),
        outputs={"name": "{number}"},
        name_key="",
    ),
    "gcp:cloudrunv2/service:Service": Kind(
        id="projects/{project}/locations/{location}/services/{name}",
        source="cloudrunv2/resource_cloud_run_v2_service.go",
        replace=frozenset({"location", "name", "project", "tags"}),
        outputs={"uri": "https://{name}-{number}.{location}.run.app", "uid": "{number}"},
        guard_flag="deletionProtection",
        guard_default=True,
    ),
    "gcp:cloudrunv2/serviceIamMember:ServiceIamMember": _iam(
        "name location project",
        "projects/{project}/locations/{location}/services/{name}/{role}/{member}",
        "cloudrunv2/iam_cloud_run_v2_service.go",
    ),
    "gcp:cloudrunv2/workerPool:WorkerPool": Kind(
        id="projects/{project}/locations/{location}/workerPools/{name}",
        source="cloudrunv2/resource_cloud_run_v2_worker_pool.go",
        replace=frozenset({"location", "name", "project"}),
        outputs={"uid": "{number}"},
        guard_flag="deletionProtection",
        guard_default=True,
    ),
    "gcp:compute/disk:Disk": Kind(
        id="projects/{project}/zones/{zone}/disks/{name}",
        source="compute/resource_compute_disk.go",
        replace=frozenset(
            {"architecture", "description", "image", "interface", "name", "project", "snapshot", "type", "zone"}
        ),
        outputs={"selfLink": _COMPUTE + "projects/{project}/zones/{zone}/disks/{name}", "diskId": "{number}"},
    ),
    "gcp:compute/instance:Instance": Kind(
        id="projects/{project}/zones/{zone}/instances/{name}",
        source="compute/resource_compute_instance.go",
        replace=frozenset({"bootDisk", "hostname", "name", "networkInterfaces", "project", "scratchDisks", "zone"}),
        outputs={"selfLink": _COMPUTE + "projects/{project}/zones/{zone}/instances/{name}", "instanceId": "{number}"},
        guard_flag="deletionProtection",
    ),
    "gcp:compute/network:Network": Kind(
        id="projects/{project}/global/networks/{name}",
        source="compute/resource_compute_network.go",
        replace=frozenset({"autoCreateSubnetworks", "description", "name", "project"}),
        outputs={"selfLink": _COMPUTE + "projects/{project}/global/networks/{name}"},
    ),
    "gcp:compute/subnetwork:Subnetwork": Kind(
        id="projects/{project}/regions/{region}/subnetworks/{name}",
        source="compute/resource_compute_subnetwork.go",
        replace=frozenset({"description", "name", "network", "project", "region"}),
        outputs={"selfLink": _COMPUTE + "projects/{project}/regions/{region}/subnetworks/{name}"},
    ),
    "gcp:iap/webCloudRunServiceIamMember:WebCloudRunServiceIamMember": _iam(
        "cloudRunServiceName location project",
        "projects/{project}/iap_web/cloud_run-{location}/services/{cloudRunServiceName}/{role}/{member}",
        "iap/iam_iap_web_cloud_run_service.go",
    ),
    "gcp:logging/metric:Metric": Kind(
        id="{name}", source="logging/resource_logging_metric.go", replace=frozenset({"project"})
    ),
    "gcp:monitoring/alertPolicy:AlertPolicy": Kind(
        id="projects/{project}/alertPolicies/{number}",
        source="monitoring/resource_monitoring_alert_policy.go",
        replace=frozenset({"project"}),
        outputs={"name": "projects/{project}/alertPolicies/{number}"},
        name_key="",
    ),
    "gcp:monitoring/notificationChannel:NotificationChannel": Kind(
        id="projects/{project}/notificationChannels/{number}",
        source="monitoring/resource_monitoring_notification_channel.go",
        replace=frozenset({"project"}),
        outputs={"name": "projects/{project}/notificationChannels/{number}"},
        name_key="",
    ),
    "gcp:projects/iAMCustomRole:IAMCustomRole": Kind(
        id="projects/{project}/roles/{roleId}",
        source="resourcemanager/resource_google_project_iam_custom_role.go",
        replace=frozenset({"project", "roleId"}),
        outputs={"name": "projects/{project}/roles/{roleId}"},
        name_key="roleId",
    ),
    "gcp:projects/iAMMember:IAMMember": _iam("project", "{project}/{role}/{member}", "resourcemanager/iam_project.go"),
    "gcp:projects/service:Service": Kind(
        id="{project}/{service}",
        source="resourcemanager/resource_google_project_service.go",
        replace=frozenset({"project", "service"}),
        name_key="service",
    ),
    "gcp:projects/serviceIdentity:ServiceIdentity": Kind(
        id="projects/{project}/services/{service}",
        source="resourcemanager/resource_project_service_identity.go",
        replace=frozenset({"project", "service"}),
        outputs={
            "email": "service-{projectNumber}@gcp-sa-iap.iam.gserviceaccount.com",  # the only service it is used for
            "member": "serviceAccount:service-{projectNumber}@gcp-sa-iap.iam.gserviceaccount.com",
        },
        name_key="",
    ),
    "gcp:pubsub/subscription:Subscription": Kind(
        id="projects/{project}/subscriptions/{name}",
        source="pubsub/resource_pubsub_subscription.go",
        replace=frozenset({"enableMessageOrdering", "filter", "name", "project", "tags", "topic"}),
    ),
    "gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember": _iam(
        "subscription project",
        "projects/{project}/subscriptions/{subscription}/{role}/{member}",
        "pubsub/iam_pubsub_subscription.go",
    ),
    "gcp:pubsub/topic:Topic": Kind(
        id="projects/{project}/topics/{name}",
        source="pubsub/resource_pubsub_topic.go",
        replace=frozenset({"name", "project", "tags"}),
    ),
    "gcp:pubsub/topicIAMMember:TopicIAMMember": _iam(
        "topic project", "projects/{project}/topics/{topic}/{role}/{member}", "pubsub/iam_pubsub_topic.go"
    ),
    "gcp:secretmanager/secret:Secret": Kind(
        id="projects/{project}/secrets/{secretId}",
        source="secretmanager/resource_secret_manager_secret.go",
        replace=frozenset({"project", "replication", "secretId", "tags"}),
        outputs={"name": "projects/{projectNumber}/secrets/{secretId}"},
        guard_flag="deletionProtection",
        name_key="secretId",
    ),
    "gcp:secretmanager/secretIamMember:SecretIamMember": _iam(
        "secretId project",
        "projects/{project}/secrets/{secretId}/{role}/{member}",
        "secretmanager/iam_secret_manager_secret.go",
    ),
    "gcp:secretmanager/secretVersion:SecretVersion": Kind(
        id="{secret}/versions/{number}",
        source="secretmanager/resource_secret_manager_secret_version.go",
        replace=frozenset({"isSecretDataBase64", "project", "secret", "secretData", "secretDataWoVersion"}),
        outputs={"name": "{secret}/versions/{number}", "version": "{number}"},
        name_key="",
    ),
    "gcp:serviceaccount/account:Account": Kind(
        id="projects/{project}/serviceAccounts/{accountId}@{project}.iam.gserviceaccount.com",
        source="resourcemanager/resource_google_service_account.go",
        replace=frozenset({"accountId", "project"}),
        outputs={
            "email": "{accountId}@{project}.iam.gserviceaccount.com",
            "member": "serviceAccount:{accountId}@{project}.iam.gserviceaccount.com",
            "name": "projects/{project}/serviceAccounts/{accountId}@{project}.iam.gserviceaccount.com",
            "uniqueId": "{number}",
        },
        name_key="accountId",
    ),
    "gcp:serviceaccount/iAMMember:IAMMember": _iam(
        "serviceAccountId", "{serviceAccountId}/{role}/{member}", "resourcemanager/iam_service_account.go"
    ),
    "gcp:sql/database:Database": Kind(
        id="projects/{project}/instances/{instance}/databases/{name}",
        source="sql/resource_sql_database.go",
        replace=frozenset({"instance", "name", "project"}),
    ),
    "gcp:sql/databaseInstance:DatabaseInstance": Kind(
        id="{name}",
        source="sql/resource_sql_database_instance.go",
        replace=frozenset({"encryptionKeyName", "name", "project", "region"}),
        outputs={"connectionName": "{project}:{region}:{name}"},
        guard_flag="deletionProtection",
        guard_default=True,
    ),
    "gcp:sql/user:User": Kind(
        id="{name}//{instance}",
        source="sql/resource_sql_user.go",
        replace=frozenset({"host", "instance", "name", "project", "type"}),
    ),
    "gcp:storage/bucket:Bucket": Kind(
        id="{name}",
        source="storage/resource_storage_bucket.go",
        replace=frozenset(
            {"customPlacementConfig", "enableObjectRetention", "hierarchicalNamespace", "location", "name", "project"}
        ),
        outputs={
            "url": "gs://{name}",
            "selfLink": "https://www.googleapis.com/storage/v1/b/{name}",
            "projectNumber": "{projectNumber}",
        },
    ),
    "gcp:storage/bucketIAMMember:BucketIAMMember": _iam(
        "bucket", "b/{bucket}/{role}/{member}", "storage/iam_storage_bucket.go"
    ),
    "gcp:vertex/aiEndpoint:AiEndpoint": Kind(
        id="projects/{project}/locations/{location}/endpoints/{name}",
        source="vertexai/resource_vertex_ai_endpoint.go",
        replace=frozenset({"encryptionSpec", "location", "name", "network", "project", "region"}),
    ),
}
