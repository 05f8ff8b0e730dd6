"""An endpoint that Pulumi owns while models come and go."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components.adoption import adoption


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointShellArgs:
    """`endpoint_name` is the id in the API and the display name; `labels` tell the guard whose it is.

    `adopted` is the full name of an endpoint that exists and becomes the stack's (None: a new one); `adopting` while it is
    being taken over.
    """

    endpoint_name: str
    project: str
    region: str
    dedicated: bool
    labels: Mapping[str, str]
    adopted: str | None
    adopting: bool


class EndpointShell(pulumi.ComponentResource):
    """One Vertex AI endpoint without models. Child: `{name}`. Outputs: `endpoint_id` (full resource name), `dns`.

    Costs nothing while empty. The traffic split is the deployer's: it is neither set nor watched, or each `up` would fight
    whoever deploys (and the guard). The labels say that an IaC tool owns the shell, so the guard only ever takes models off it.
    """

    def __init__(self, name: str, args: EndpointShellArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tuneguard:vertex:EndpointShell", name, None, opts)
        self.endpoint = gcp.vertex.AiEndpoint(
            name,
            name=args.adopted.rpartition("/")[2] if args.adopted else args.endpoint_name,
            display_name=args.endpoint_name,
            project=args.project,
            location=args.region,
            region=args.region,
            dedicated_endpoint_enabled=args.dedicated,
            labels=dict(args.labels),
            opts=pulumi.ResourceOptions.merge(
                pulumi.ResourceOptions(parent=self, ignore_changes=["traffic_split"]),
                adoption(args.adopted, adopting=args.adopting),
            ),
        )
        self.endpoint_id = self.endpoint.id
        self.dns = self.endpoint.dedicated_endpoint_dns
        self.register_outputs({"endpoint_id": self.endpoint_id, "dns": self.dns})
