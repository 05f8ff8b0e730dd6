"""Secrets that the guard reads: values come encrypted from the stack's configuration and stay encrypted in state."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardSecretsArgs:
    """`values`: short name (`openai-key`) -> secret value; `reader` is the guard's member, or None without an identity."""

    prefix: str
    project: str
    region: str
    values: Mapping[str, pulumi.Input[str]]
    labels: Mapping[str, str]
    reader: pulumi.Input[str] | None


class GuardSecrets(pulumi.ComponentResource):
    """Children a value: `{name}-{key}`, `{name}-{key}-value`, `{name}-{key}-reader`. Outputs: `ids`, `versions` by key."""

    def __init__(self, name: str, args: GuardSecretsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tuneguard:secrets:GuardSecrets", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.ids: dict[str, pulumi.Output[str]] = {}
        self.versions: dict[str, gcp.secretmanager.SecretVersion] = {}
        for key, value in sorted(args.values.items()):
            secret = gcp.secretmanager.Secret(
                f"{name}-{key}",
                secret_id=f"{args.prefix}-{key}",
                project=args.project,
                replication={"user_managed": {"replicas": [{"location": args.region}]}},
                labels=dict(args.labels),
                opts=child,
            )
            self.versions[key] = gcp.secretmanager.SecretVersion(
                f"{name}-{key}-value",
                secret=secret.id,
                secret_data=pulumi.Output.secret(value),
                opts=child,
            )
            if args.reader is not None:
                gcp.secretmanager.SecretIamMember(
                    f"{name}-{key}-reader",
                    project=args.project,
                    secret_id=secret.secret_id,
                    role="roles/secretmanager.secretAccessor",
                    member=args.reader,
                    opts=child,
                )
            self.ids[key] = secret.id
        self.register_outputs(dict(self.ids))
