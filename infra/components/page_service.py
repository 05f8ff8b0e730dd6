"""The page as a Cloud Run service beside the worker pool, on the same ledger, for the team only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
import pulumi_gcp as gcp

from infra.components.daemon import DaemonArgs

PORT: Final = 8080
READS: Final = frozenset({"TUNEGUARD_LEDGER", "OPS_URL", "GUARD_CONFIG_DIGEST"})
"""What the page needs of the daemon's environment: its ledger, and what makes guard.yaml readable. No key of a provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageServiceArgs:
    """`environment`, `volumes` and `mounts` are the worker pool's: the same ledger, the same guard.yaml.

    `secrets`: short name -> full secret name of what the page reads: the ledger's URL, guard.yaml, the notice URL.
    """

    daemon: DaemonArgs
    secrets: Mapping[str, pulumi.Input[str]]
    environment: Sequence[Mapping[str, Any]]
    volumes: Sequence[Mapping[str, Any]]
    mounts: Sequence[Mapping[str, Any]]
    members: Sequence[str]


class PageService(pulumi.ComponentResource):
    """Scales to zero; Google's Identity-Aware Proxy stands in front and lets the members in, the page checks its signature.

    It runs as an account of its own: it is what the internet reaches, and a word given there is the daemon's to carry out. So it
    reads its secrets and the database, and may not touch a model.

    Children: `{name}-account`, `{name}-sql-client`, `{name}-{secret}-reader` for each secret, `{name}-iap` (the proxy's service
    agent), `{name}`, `{name}-iap-invoker`, `{name}-member-{index}`. Outputs: `url`.
    Source of the audience's form: docs.cloud.google.com/iap/docs/signed-headers-howto; of the address's:
    docs.cloud.google.com/run/docs/triggering/https-request (deterministic URL), read 2026-11-25.
    """

    def __init__(self, name: str, args: PageServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tuneguard:page:PageService", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        daemon = args.daemon
        own_name = f"{daemon.prefix}-page"
        account, grants = _identity(name, own_name, args, child)
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
                "service_account": account.email,
                # One instance: it counts how often somebody tries to sign in.
                "scaling": {"min_instance_count": 0, "max_instance_count": 1},
                "containers": [_container(args, self.url, audience)],
                "volumes": list(args.volumes),
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=grants),
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


def _identity(
    name: str, account_id: str, args: PageServiceArgs, child: pulumi.ResourceOptions
) -> tuple[gcp.serviceaccount.Account, list[pulumi.Resource]]:
    """The page's account, and what it is granted, which has to stand before a revision starts."""
    account = gcp.serviceaccount.Account(
        f"{name}-account",
        account_id=account_id,
        project=args.daemon.project,
        display_name="Tuneguard's page",
        description="Reads the ledger for the page; acts on no model.",
        opts=child,
    )
    member = account.email.apply(lambda email: f"serviceAccount:{email}")
    grants: list[pulumi.Resource] = [
        gcp.projects.IAMMember(
            f"{name}-sql-client", project=args.daemon.project, role="roles/cloudsql.client", member=member, opts=child
        )
    ]
    for key, secret in sorted(args.secrets.items()):
        grants.append(
            gcp.secretmanager.SecretIamMember(
                f"{name}-{key}-reader",
                project=args.daemon.project,
                secret_id=pulumi.Output.from_input(secret).apply(lambda full: full.rpartition("/")[2]),
                role="roles/secretmanager.secretAccessor",
                member=member,
                opts=child,
            )
        )
    return account, grants


def _container(args: PageServiceArgs, url: pulumi.Input[str], audience: pulumi.Input[str]) -> dict[str, Any]:
    """`tuneguard web` as the image runs it. It waits for the daemon, which makes the ledger and brings it up to date."""
    command = ["web", "--config", "/etc/tuneguard/guard.yaml", "--host", "0.0.0.0", "--port", str(PORT)]  # noqa: S104  # inside the container; Cloud Run's front end is what listens
    return {
        "image": args.daemon.image,
        "args": [*command, "--public-url", url, "--iap-audience", audience, "--wait", "3min"],
        "envs": [variable for variable in args.environment if variable["name"] in READS],
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
