"""The daemon on a small VM with a disk of its own: the cheapest home with a durable ledger."""

import json
from pathlib import Path
from string import Template

import pulumi
import pulumi_gcp as gcp

from infra.components.daemon import SECRET_ENVIRONMENT, DaemonArgs

DISK_GB = 10
"""The smallest balanced disk; the ledger of 1,000 endpoints grows by well under 1 GB a year."""
IMAGE_FAMILY = "projects/cos-cloud/global/images/family/cos-stable"
_USER_DATA = Path(__file__).parents[1] / "data" / "vm-user-data.yaml"


class VmHome(pulumi.ComponentResource):
    """Children: `{name}-network`, `{name}-subnet`, `{name}-ledger` (disk), `{name}-log-writer`, `{name}` (instance).

    Outputs: `instance`, `ledger_url`.

    The network lets nothing in (no firewall rule, so the implied deny holds); an ephemeral address lets the daemon out, cheaper
    than a NAT. guard.yaml is instance metadata: `pulumi up` changes it in place, the machine follows, the daemon reads it again.
    """

    def __init__(self, name: str, machine: str, args: DaemonArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tuneguard:home:VmHome", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        zone = f"{args.region}-b"
        network = gcp.compute.Network(
            f"{name}-network", name=args.prefix, project=args.project, auto_create_subnetworks=False, opts=child
        )
        subnet = gcp.compute.Subnetwork(
            f"{name}-subnet",
            name=args.prefix,
            project=args.project,
            region=args.region,
            network=network.id,
            ip_cidr_range="10.90.0.0/28",
            private_ip_google_access=True,
            opts=child,
        )
        ledger = gcp.compute.Disk(
            f"{name}-ledger",
            name=f"{args.prefix}-ledger",
            project=args.project,
            zone=zone,
            size=DISK_GB,
            type="pd-balanced",
            labels=dict(args.labels),
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        # The container's log driver writes as the machine's account; without this the heartbeat could not be seen.
        log_writer = gcp.projects.IAMMember(
            f"{name}-log-writer",
            project=args.project,
            role="roles/logging.logWriter",
            member=pulumi.Output.concat("serviceAccount:", args.service_account),
            opts=child,
        )
        instance = gcp.compute.Instance(
            name,
            name=args.prefix,
            project=args.project,
            zone=zone,
            machine_type=machine,
            allow_stopping_for_update=True,
            boot_disk={"initialize_params": {"image": IMAGE_FAMILY, "size": 10, "type": "pd-standard"}},
            attached_disks=[{"source": ledger.self_link, "device_name": "ledger", "mode": "READ_WRITE"}],
            network_interfaces=[{"subnetwork": subnet.id, "access_configs": [{"network_tier": "STANDARD"}]}],
            service_account={"email": args.service_account, "scopes": ["cloud-platform"]},
            shielded_instance_config={"enable_secure_boot": True},
            metadata={
                "user-data": user_data(args),
                "guard-config": args.guard_config,
                "google-logging-enabled": "true",
                "block-project-ssh-keys": "true",
            },
            labels=dict(args.labels),
            # The family moves on by itself; a new image must not replace a running machine.
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[log_writer], ignore_changes=["bootDisk.initializeParams.image"]
            ),
        )
        self.instance = instance.id
        self.ledger_url = "sqlite:////var/lib/tuneguard/ledger.sqlite3"
        self.register_outputs({"instance": self.instance})


def user_data(args: DaemonArgs) -> pulumi.Output[str]:
    """The cloud-init document: mounts the disk, fetches the secrets into memory, runs the daemon, follows guard.yaml."""
    template = Template(_USER_DATA.read_text(encoding="utf-8"))
    keys = sorted(args.secret_ids.keys() & SECRET_ENVIRONMENT.keys())

    def fill(values: list[str]) -> str:
        image, *ids = values
        secrets = " ".join(f"{SECRET_ENVIRONMENT[key]}={full}" for key, full in zip(keys, ids, strict=True))
        return template.substitute(image=json.dumps(image)[1:-1], secrets=secrets)

    return pulumi.Output.all(args.image, *(args.secret_ids[key] for key in keys)).apply(fill)
