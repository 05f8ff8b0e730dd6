"""What the people who tune and call models may do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_gcp as gcp

BUCKET_ROLES: Final = {"data": "roles/storage.objectUser", "models": "roles/storage.objectUser"}
"""The guard's own bucket is not the team's: recipes and claims are written by the guard alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamAccessArgs:
    """`members` as IAM writes them; `buckets`: kind -> bucket name."""

    project: str
    members: Sequence[str]
    buckets: Mapping[str, pulumi.Input[str]]


class TeamAccess(pulumi.ComponentResource):
    """Children a member: `{name}-{index}` (project), `{name}-{index}-{bucket kind}`. No outputs.

    Members only, never policies or bindings: those are authoritative and would throw others out.
    """

    def __init__(self, name: str, args: TeamAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tuneguard:access:TeamAccess", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        for index, member in enumerate(args.members):
            gcp.projects.IAMMember(
                f"{name}-{index}", project=args.project, role="roles/aiplatform.user", member=member, opts=child
            )
            for kind, role in BUCKET_ROLES.items():
                if kind in args.buckets:
                    gcp.storage.BucketIAMMember(
                        f"{name}-{index}-{kind}", bucket=args.buckets[kind], role=role, member=member, opts=child
                    )
        self.register_outputs({})
