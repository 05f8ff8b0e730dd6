"""The page as a Cloud Run service beside the worker pool, on the same ledger, for the team only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_gcp as gcp

from infra.components.daemon import DaemonArgs


@dataclass(frozen=True, slots=True, kw_only=True)
class PageServiceArgs:
    """`environment`, `volumes` and `mounts` are the worker pool's: the same ledger, the same guard.yaml."""

    daemon: DaemonArgs
    environment: Sequence[Mapping[str, Any]]
    volumes: Sequence[Mapping[str, Any]]
    mounts: Sequence[Mapping[str, Any]]
    members: Sequence[str]


class PageService(pulumi.ComponentResource):
    """Scales to zero. Children: `{name}`, `{name}-invoker-{index}`. Outputs: `url`. Opened by members with run.invoker only."""

    def __init__(self, name: str, args: PageServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tuneguard:page:PageService", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        daemon = args.daemon
        service = gcp.cloudrunv2.Service(
            name,
            name=f"{daemon.prefix}-page",
            project=daemon.project,
            location=daemon.region,
            deletion_protection=daemon.protect,
            labels=dict(daemon.labels),
            ingress="INGRESS_TRAFFIC_ALL",
            template={
                "service_account": daemon.service_account,
                "scaling": {"min_instance_count": 0, "max_instance_count": 1},
                "containers": [
                    {
                        "image": daemon.image,
                        "args": ["web", "--config", "/etc/tuneguard/guard.yaml", "--host", "0.0.0.0", "--port", "8080"],  # noqa: S104  # inside the container; Cloud Run's front end is what listens
                        "envs": list(args.environment),
                        "ports": {"container_port": 8080},
                        "resources": {"limits": {"cpu": "1", "memory": "512Mi"}, "cpu_idle": True},
                        "volume_mounts": list(args.mounts),
                    }
                ],
                "volumes": list(args.volumes),
            },
            opts=child,
        )
        for index, member in enumerate(args.members):
            gcp.cloudrunv2.ServiceIamMember(
                f"{name}-invoker-{index}",
                project=daemon.project,
                location=daemon.region,
                name=service.name,
                role="roles/run.invoker",
                member=member,
                opts=child,
            )
        self.url = service.uri
        self.register_outputs({"url": self.url})
