"""Buckets for training data, model artefacts, and the guard's own recipes and claims."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_gcp as gcp

from infra.components.adoption import adoption

KINDS: Final = ("data", "models", "guard")
_DAY: Final = 86_400
_DATA_NEARLINE_DAYS: Final = 90
_OLD_VERSION_DAYS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactBucketsArgs:
    """`prefix` starts the bucket names; `data_may_go` lets destroy delete buckets that hold objects.

    `reader` is the guard's member, or None; with `writes` it may also write its own bucket (recipes, claims).
    `adopted`: kind -> name of a bucket that exists and becomes the stack's; `adopting` while it is being taken over.
    """

    prefix: str
    project: str
    region: str
    labels: Mapping[str, str]
    data_may_go: bool
    protect: bool
    reader: pulumi.Input[str] | None
    writes: bool
    adopted: Mapping[str, str]
    adopting: bool


class ArtifactBuckets(pulumi.ComponentResource):
    """Private, versioned buckets with a week of soft delete.

    Children: `{name}-data`, `{name}-models`, `{name}-guard`, `{name}-guard-access`. Outputs: `buckets`, kind -> Bucket.
    """

    def __init__(self, name: str, args: ArtifactBucketsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tuneguard:storage:ArtifactBuckets", name, None, opts)
        self.buckets = {
            kind: gcp.storage.Bucket(
                f"{name}-{kind}",
                name=args.adopted.get(kind, f"{args.prefix}-{kind}"),
                project=args.project,
                location=args.region.upper(),
                labels=dict(args.labels),
                uniform_bucket_level_access=True,
                public_access_prevention="enforced",
                versioning={"enabled": True},
                soft_delete_policy={"retention_duration_seconds": 7 * _DAY},
                lifecycle_rules=_lifecycle(kind),
                force_destroy=args.data_may_go,
                opts=pulumi.ResourceOptions.merge(
                    pulumi.ResourceOptions(parent=self, protect=args.protect),
                    adoption(args.adopted.get(kind), adopting=args.adopting, fixed=["location"]),
                ),
            )
            for kind in KINDS
        }
        if args.reader is not None:
            gcp.storage.BucketIAMMember(
                f"{name}-guard-access",
                bucket=self.buckets["guard"].name,
                role="roles/storage.objectUser" if args.writes else "roles/storage.objectViewer",
                member=args.reader,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({kind: bucket.name for kind, bucket in self.buckets.items()})


def _lifecycle(kind: str) -> list[gcp.storage.BucketLifecycleRuleArgs]:
    rules = [
        gcp.storage.BucketLifecycleRuleArgs(
            action={"type": "Delete"},
            condition={"days_since_noncurrent_time": _OLD_VERSION_DAYS, "with_state": "ARCHIVED"},
        )
    ]
    if kind == "data":
        # Training data is read while tuning, then rarely: nearline costs half and is read in the same way.
        rules.append(
            gcp.storage.BucketLifecycleRuleArgs(
                action={"type": "SetStorageClass", "storage_class": "NEARLINE"}, condition={"age": _DATA_NEARLINE_DAYS}
            )
        )
    return rules
