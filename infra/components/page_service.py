"""The page as a Cloud Run service beside the worker pool, on the same ledger, for the team only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
import pulumi_gcp as gcp

from infra.components.daemon import DaemonArgs

PORT: Final = 8080


@dataclass(frozen=True, slots=True, kw_only=True)
class PageServiceArgs:
    """`environment`, `volumes` and `mounts` are the worker pool's: the same ledger, the same guard.yaml."""

    daemon: DaemonArgs
    environment: Sequence[Mapping[str, Any]]
    volumes: Sequence[Mapping[str, Any]]
    mounts: Sequence[Mapping[str, Any]]
    members: Sequence[str]


class PageService(pulumi.ComponentResource):
    """Scales to zero; Google's Identity-Aware Proxy stands in front and lets the members in, the page checks its signature.

    Children: `{name}-iap` (the proxy's service agent), `{name}`, `{name}-iap-invoker`, `{name}-member-{index}`. Outputs: `url`.
    Source of the audience's form: docs.cloud.google.com/iap/docs/signed-headers-howto; of the address's:
    docs.cloud.google.com/run/docs/triggering/https-request (deterministic URL), read 2026-11-25.
    """

    def __init__(self, name: str, args: PageServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tuneguard:page:PageService", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        daemon = args.daemon
        own_name = f"{daemon.prefix}-page"
        agent = gcp.projects.ServiceIdentity(
            f"{name}-iap", project=daemon.project, service="iap.googleapis.com", opts=child
        )
        number = agent.email.apply(_project_number)
        self.url = pulumi.Output.format("https://{0}-{1}.{2}.run.app", own_name, number, daemon.region)
        audience = pulumi.Output.format("/projects/{0}/locations/{1}/services/{2}", number, daemon.region, own_name)
        service = gcp.cloudrunv2.Service(
            name,
            name=own_name,
            project=daemon.project,
            location=daemon.region,
            deletion_protection=daemon.protect,
            labels=dict(daemon.labels),
            ingress="INGRESS_TRAFFIC_ALL",
            iap_enabled=True,
            template={
                "service_account": daemon.service_account,
                # One instance: it counts how often somebody tries to sign in.
                "scaling": {"min_instance_count": 0, "max_instance_count": 1},
                "containers": [_container(args, self.url, audience)],
                "volumes": list(args.volumes),
            },
            opts=child,
        )
        gcp.cloudrunv2.ServiceIamMember(
            f"{name}-iap-invoker",
            project=daemon.project,
            location=daemon.region,
            name=service.name,
            role="roles/run.invoker",
            member=agent.member,
            opts=child,
        )
        for index, member in enumerate(args.members):
            gcp.iap.WebCloudRunServiceIamMember(
                f"{name}-member-{index}",
                project=daemon.project,
                location=daemon.region,
                cloud_run_service_name=service.name,
                role="roles/iap.httpsResourceAccessor",
                member=member,
                opts=child,
            )
        self.register_outputs({"url": self.url})


def _container(args: PageServiceArgs, url: pulumi.Input[str], audience: pulumi.Input[str]) -> dict[str, Any]:
    """`tuneguard web` as the image runs it. It waits for the daemon, which makes the ledger and brings it up to date."""
    command = ["web", "--config", "/etc/tuneguard/guard.yaml", "--host", "0.0.0.0", "--port", str(PORT)]  # noqa: S104  # inside the container; Cloud Run's front end is what listens
    return {
        "image": args.daemon.image,
        "args": [*command, "--public-url", url, "--iap-audience", audience, "--wait", "3min"],
        "envs": list(args.environment),
        "ports": {"container_port": PORT},
        "resources": {"limits": {"cpu": "1", "memory": "512Mi"}, "cpu_idle": True},
        "startup_probe": {
            "http_get": {"path": "/readyz", "port": PORT},
            "period_seconds": 10,
            "timeout_seconds": 5,
            "failure_threshold": 24,  # 240 s, the most that Cloud Run allows; longer than the wait above
        },
        "liveness_probe": {"http_get": {"path": "/livez", "port": PORT}, "period_seconds": 30, "timeout_seconds": 5},
        "volume_mounts": list(args.mounts),
    }


def _project_number(agent: str) -> str:
    """The project's number, out of its service agent's address `service-NUMBER@gcp-sa-iap...`."""
    return agent.partition("@")[0].removeprefix("service-")
