"""The guard's service account: observe and enforce are different roles, and the platform holds the guard to them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pulumi
import pulumi_gcp as gcp

PERMISSIONS: Final[dict[str, list[str]]] = json.loads(
    (Path(__file__).parents[1] / "data" / "permissions.json").read_text(encoding="utf-8")
)
"""`observe` and `act`. Written by tools/write_permissions.py from what the guard's adapters and acts declare; a test compares."""

TITLES: Final = {"observe": "Tuneguard observe", "act": "Tuneguard act"}


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardIdentityArgs:
    """`projects` are watched; `restore_as` are accounts that deployments run as (actAs, needed to restore)."""

    account_id: str
    project: str
    projects: Sequence[str]
    mode: str
    role_suffix: str
    restore_as: Sequence[str]


class GuardIdentity(pulumi.ComponentResource):
    """A service account with custom roles in each watched project.

    Children: `{name}`, and a project each `{name}-{observe|act}-role-{project}` and `{name}-{observe|act}-{project}`,
    `{name}-act-as-{index}`. Outputs: `email`, `member`. The act role exists and is granted in approve and enforce mode only.
    """

    def __init__(self, name: str, args: GuardIdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tuneguard:identity:GuardIdentity", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.account = gcp.serviceaccount.Account(
            name,
            account_id=args.account_id,
            project=args.project,
            display_name="Tuneguard",
            description="Watches deployed models; acts on them only in approve and enforce mode.",
            opts=child,
        )
        self.email = self.account.email
        self.member = self.email.apply(lambda email: f"serviceAccount:{email}")
        kinds = ("observe",) if args.mode == "observe" else ("observe", "act")
        for project in args.projects:
            for kind in kinds:
                role = gcp.projects.IAMCustomRole(
                    f"{name}-{kind}-role-{project}",
                    project=project,
                    role_id=f"tuneguard_{kind}_{args.role_suffix}",
                    title=f"{TITLES[kind]} ({args.role_suffix})",
                    description="Exactly the permissions that Tuneguard's code declares.",
                    permissions=PERMISSIONS[kind],
                    stage="GA",
                    opts=child,
                )
                gcp.projects.IAMMember(
                    f"{name}-{kind}-{project}", project=project, role=role.name, member=self.member, opts=child
                )
        if args.mode != "observe":
            for index, email in enumerate(args.restore_as):
                gcp.serviceaccount.IAMMember(
                    f"{name}-act-as-{index}",
                    service_account_id=f"projects/{args.project}/serviceAccounts/{email}",
                    role="roles/iam.serviceAccountUser",
                    member=self.member,
                    opts=child,
                )
        self.register_outputs({"email": self.email})
