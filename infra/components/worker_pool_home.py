"""The daemon as a Cloud Run worker pool with its ledger in Cloud SQL for PostgreSQL: no machine to look after, a shared ledger."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import pulumi
import pulumi_gcp as gcp

from infra.components.daemon import SECRET_ENVIRONMENT, DaemonArgs

DATABASE_VERSION: Final = "POSTGRES_17"
DATABASE: Final = "tuneguard"


class WorkerPoolHome(pulumi.ComponentResource):
    """Exactly one instance; two only while revisions change hands, which the ledger's lease settles.

    Children: `{name}-sql`, `{name}-db`, `{name}-user`, `{name}-sql-client`, `{name}-ledger-url` (secret) with `-value` and
    `-reader`, the same three for `{name}-config` where there is a guard.yaml, and `{name}` (pool).
    Outputs: `pool`, `connection_name`, `ledger_secret`, `config_secret` (None without a guard.yaml).
    """

    def __init__(
        self,
        name: str,
        tier: str,
        password: pulumi.Input[str],
        args: DaemonArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("tuneguard:home:WorkerPoolHome", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self._member = pulumi.Output.concat("serviceAccount:", args.service_account)
        instance = self._database(name, tier, password, args)
        self.connection_name = instance.connection_name
        url = pulumi.Output.concat(
            f"postgresql+psycopg://{DATABASE}:",
            pulumi.Output.secret(password).apply(lambda text: quote(text, safe="")),
            f"@/{DATABASE}?host=/cloudsql/",
            instance.connection_name,
        )
        self.ledger_secret, ledger_parts = self._secret(name, "ledger-url", url, args)
        environment: list[Mapping[str, Any]] = [
            _from_secret(SECRET_ENVIRONMENT[key], full)
            for key, full in sorted(args.secret_ids.items())
            if key in SECRET_ENVIRONMENT
        ]
        environment.append(_from_secret("TUNEGUARD_LEDGER", self.ledger_secret))
        volumes: list[Mapping[str, Any]] = [
            {"name": "cloudsql", "cloud_sql_instance": {"instances": [instance.connection_name]}}
        ]
        mounts = [{"name": "cloudsql", "mount_path": "/cloudsql"}]
        parts = list(ledger_parts)
        self.config_secret: pulumi.Output[str] | None = None
        if args.guard_config:
            self.config_secret, config_parts = self._secret(name, "config", args.guard_config, args)
            parts += config_parts
            volumes.append(
                {
                    "name": "config",
                    "secret": {"secret": self.config_secret, "items": [{"path": "guard.yaml", "version": "latest"}]},
                }
            )
            mounts.append({"name": "config", "mount_path": "/etc/tuneguard"})
            # A changed file makes a new revision: the daemon restarts with it, and `pulumi preview` shows that it will. Not named
            # TUNEGUARD_…: the guard refuses such variables where it does not know them.
            environment.append(
                {
                    "name": "GUARD_CONFIG_DIGEST",
                    "value": hashlib.sha256(args.guard_config.encode()).hexdigest()[:16],
                }
            )
        self.environment, self.volumes, self.mounts = environment, volumes, mounts
        pool = gcp.cloudrunv2.WorkerPool(
            name,
            name=args.prefix,
            project=args.project,
            location=args.region,
            deletion_protection=args.protect,
            labels=dict(args.labels),
            scaling={"manual_instance_count": 1},
            template={
                "service_account": args.service_account,
                "containers": [
                    {
                        "image": args.image,
                        "args": ["run", "--standby", "--config", "/etc/tuneguard/guard.yaml"],
                        "envs": environment,
                        "resources": {"limits": {"cpu": "1", "memory": "512Mi"}},
                        "volume_mounts": mounts,
                    }
                ],
                "volumes": volumes,
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=parts),
        )
        self.pool = pool.id
        self.register_outputs({"pool": self.pool, "connection_name": self.connection_name})

    def _database(
        self, name: str, tier: str, password: pulumi.Input[str], args: DaemonArgs
    ) -> gcp.sql.DatabaseInstance:
        instance = gcp.sql.DatabaseInstance(
            f"{name}-sql",
            name=args.prefix,
            project=args.project,
            region=args.region,
            database_version=DATABASE_VERSION,
            deletion_protection=args.protect,
            settings={
                "tier": tier,
                # From PostgreSQL 16 on the default is Enterprise Plus, which has no small tiers.
                "edition": "ENTERPRISE",
                "availability_type": "ZONAL",
                "disk_size": 10,
                "disk_autoresize": True,
                "backup_configuration": {"enabled": True, "point_in_time_recovery_enabled": True},
                # A public address with no authorised network: only Cloud Run's IAM-checked connector gets in.
                "ip_configuration": {"ipv4_enabled": True, "ssl_mode": "ENCRYPTED_ONLY"},
                "user_labels": dict(args.labels),
            },
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        gcp.sql.Database(
            f"{name}-db",
            name=DATABASE,
            project=args.project,
            instance=instance.name,
            deletion_policy="ABANDON",
            opts=self._child,
        )
        gcp.sql.User(
            f"{name}-user",
            name=DATABASE,
            project=args.project,
            instance=instance.name,
            password=pulumi.Output.secret(password),
            # The user owns the ledger's tables, and PostgreSQL refuses to drop an owner: both go with the instance.
            deletion_policy="ABANDON",
            opts=self._child,
        )
        gcp.projects.IAMMember(
            f"{name}-sql-client",
            project=args.project,
            role="roles/cloudsql.client",
            member=self._member,
            opts=self._child,
        )
        return instance

    def _secret(
        self, name: str, key: str, value: pulumi.Input[str], args: DaemonArgs
    ) -> tuple[pulumi.Output[str], list[pulumi.Resource]]:
        secret = gcp.secretmanager.Secret(
            f"{name}-{key}",
            secret_id=f"{args.prefix}-{key}",
            project=args.project,
            replication={"user_managed": {"replicas": [{"location": args.region}]}},
            labels=dict(args.labels),
            opts=self._child,
        )
        version = gcp.secretmanager.SecretVersion(
            f"{name}-{key}-value", secret=secret.id, secret_data=pulumi.Output.secret(value), opts=self._child
        )
        reader = gcp.secretmanager.SecretIamMember(
            f"{name}-{key}-reader",
            project=args.project,
            secret_id=secret.secret_id,
            role="roles/secretmanager.secretAccessor",
            member=self._member,
            opts=self._child,
        )
        return secret.id, [version, reader]


def _from_secret(variable: str, secret: pulumi.Input[str]) -> dict[str, Any]:
    return {"name": variable, "value_source": {"secret_key_ref": {"secret": secret, "version": "latest"}}}
