"""The stack, put together: which parts there are, what depends on what, and what the outputs are called."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import config as runtime_config

from infra import cost, guard_file, settings
from infra.components.artifact_buckets import ArtifactBuckets, ArtifactBucketsArgs
from infra.components.budget_topic import BudgetTopic, BudgetTopicArgs
from infra.components.daemon import DaemonArgs
from infra.components.enabled_apis import EnabledApis, EnabledApisArgs
from infra.components.endpoint_shell import EndpointShell, EndpointShellArgs
from infra.components.guard_identity import GuardIdentity, GuardIdentityArgs
from infra.components.guard_secrets import GuardSecrets, GuardSecretsArgs
from infra.components.heartbeat_alert import HeartbeatAlert, HeartbeatAlertArgs
from infra.components.image_repository import ImageRepository, ImageRepositoryArgs
from infra.components.page_service import PageService, PageServiceArgs
from infra.components.team_access import TeamAccess, TeamAccessArgs
from infra.components.vm_home import VmHome
from infra.components.worker_pool_home import WorkerPoolHome
from infra.reader import SettingsError
from infra.services import services

ROOT = Path(__file__).resolve().parent.parent
SECRET_NAMES = {"openaiKey": "openai-key", "notifyUrls": "notify-urls", "apiToken": "api-token"}


def program() -> None:
    """Read the stack's configuration, check all of it, then declare the resources.

    Raises:
        pulumi.RunError: The configuration cannot be used; raised before the first resource is declared.
    """
    try:
        chosen = settings.load(_raw_config(), secret_keys=_secret_keys(), stack=pulumi.get_stack())
        guard_yaml = guard_file.read(chosen, ROOT)
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from error
    build(chosen, guard_yaml)


def build(chosen: settings.Settings, guard_yaml: str) -> None:
    """Declare every part that is switched on, and export the outputs (docs/reference/infra.md)."""
    prefix = f"tuneguard-{chosen.stack}"
    labels = {"managed-by": "pulumi", "pulumi-project": "tuneguard", "pulumi-stack": chosen.stack}
    first = _apis(chosen)

    identity = _identity(chosen, prefix, first)
    reader = identity.member if identity else None
    buckets = _buckets(chosen, labels, reader, first)
    shells = _shells(chosen, labels, first)
    topic = _budget(chosen, prefix, labels, reader, first)
    secrets = _secrets(chosen, prefix, labels, reader, first)
    images = _images(chosen, prefix, labels, reader, first)
    if chosen.team:
        TeamAccess("team", TeamAccessArgs(project=chosen.project, members=chosen.team, buckets=buckets), first)
    if chosen.alert_email:
        HeartbeatAlert(
            "heartbeat", HeartbeatAlertArgs(prefix=prefix, project=chosen.project, email=chosen.alert_email), first
        )

    home = None
    if identity and chosen.home != "none":
        image: pulumi.Input[str] = chosen.image or pulumi.Output.concat(
            images.uri if images else "", "/tuneguard:latest"
        )
        daemon = DaemonArgs(
            prefix=prefix,
            project=chosen.project,
            region=chosen.region,
            image=image,
            service_account=identity.email,
            guard_config=guard_yaml,
            secret_ids=secrets.ids if secrets else {},
            labels=labels,
            protect=chosen.protect,
        )
        # On destroy the daemon goes first: it must not act on, or report, a stack that is being taken down.
        after = [part for part in (identity, secrets, images, topic, *shells.values()) if part is not None]
        home = _home(chosen, daemon, pulumi.ResourceOptions.merge(first, pulumi.ResourceOptions(depends_on=after)))
        pulumi.export("image", image)

    spent = cost.monthly_cost(chosen)
    pulumi.log.info(spent.sentence())
    _export(chosen, spent)
    pulumi.export("serviceAccount", identity.email if identity else "")
    pulumi.export("buckets", buckets)
    pulumi.export("endpoints", {name: shell.endpoint_id for name, shell in shells.items()})
    pulumi.export("budgetTopic", topic.topic if topic else "")
    pulumi.export("budgetSubscription", topic.subscription if topic else "")
    pulumi.export("secrets", secrets.ids if secrets else {})
    pulumi.export("imageRepository", images.uri if images else "")
    pulumi.export("home", home or {"kind": "none"})
    pulumi.export("environment", _environment(chosen))


def _export(chosen: settings.Settings, spent: cost.MonthlyCost) -> None:
    """The outputs that need no resource."""
    pulumi.export("project", chosen.project)
    pulumi.export("region", chosen.region)
    pulumi.export("regions", sorted({chosen.region, *(spec.region for spec in chosen.endpoints)}))
    pulumi.export("mode", chosen.mode)
    pulumi.export("watch", list(chosen.watch))
    budget = chosen.budget
    pulumi.export(
        "budgets",
        []
        if budget is None
        else [
            {
                "name": guard_file.BUDGET_NAME,
                "monthly": f"{budget.monthly.normalize():f} {budget.currency}",
                "alertAt": [str(threshold) for threshold in budget.thresholds],
            }
        ],
    )
    pulumi.export("monthlyCost", spent.document())


def _apis(chosen: settings.Settings) -> pulumi.ResourceOptions:
    if not chosen.apis:
        return pulumi.ResourceOptions()
    return pulumi.ResourceOptions(
        depends_on=[EnabledApis("apis", EnabledApisArgs(project=chosen.project, services=services(chosen)))]
    )


def _identity(chosen: settings.Settings, prefix: str, opts: pulumi.ResourceOptions) -> GuardIdentity | None:
    if not chosen.identity:
        return None
    args = GuardIdentityArgs(
        account_id=prefix,
        project=chosen.project,
        projects=chosen.watch,
        mode=chosen.mode,
        role_suffix=chosen.stack.replace("-", "_"),
        restore_as=chosen.restore_as,
    )
    return GuardIdentity("guard", args, opts)


def _buckets(
    chosen: settings.Settings, labels: Mapping[str, str], reader: pulumi.Input[str] | None, opts: pulumi.ResourceOptions
) -> dict[str, pulumi.Output[str]]:
    if not chosen.buckets:
        return {}
    args = ArtifactBucketsArgs(
        prefix=f"{chosen.project}-tuneguard-{chosen.stack}",
        project=chosen.project,
        region=chosen.region,
        labels=labels,
        data_may_go=chosen.data_may_go,
        protect=chosen.protect,
        reader=reader,
        writes=chosen.mode != "observe",
        adopted=chosen.adopt.buckets,
        adopting=chosen.adopting,
    )
    made = ArtifactBuckets("buckets", args, opts)
    return {kind: bucket.name for kind, bucket in made.buckets.items()}


def _shells(
    chosen: settings.Settings, labels: Mapping[str, str], opts: pulumi.ResourceOptions
) -> dict[str, EndpointShell]:
    shells: dict[str, EndpointShell] = {}
    for spec in chosen.endpoints:
        name = spec.name if spec.region == chosen.region else f"{spec.name}-{spec.region}"
        args = EndpointShellArgs(
            endpoint_name=spec.name,
            project=chosen.project,
            region=spec.region,
            dedicated=spec.dedicated,
            labels={**spec.labels, **labels},
            adopted=chosen.adopt.endpoints.get(spec.name),
            adopting=chosen.adopting,
        )
        shells[name] = EndpointShell(f"endpoint-{name}", args, opts)
    return shells


def _budget(
    chosen: settings.Settings,
    prefix: str,
    labels: Mapping[str, str],
    reader: pulumi.Input[str] | None,
    opts: pulumi.ResourceOptions,
) -> BudgetTopic | None:
    if chosen.budget is None:
        return None
    args = BudgetTopicArgs(prefix=prefix, project=chosen.project, budget=chosen.budget, labels=labels, reader=reader)
    return BudgetTopic("budget", args, opts)


def _secrets(
    chosen: settings.Settings,
    prefix: str,
    labels: Mapping[str, str],
    reader: pulumi.Input[str] | None,
    opts: pulumi.ResourceOptions,
) -> GuardSecrets | None:
    values = {SECRET_NAMES[key]: pulumi.Config().require_secret(key) for key in chosen.secrets if key in SECRET_NAMES}
    if not values:
        return None
    args = GuardSecretsArgs(
        prefix=prefix, project=chosen.project, region=chosen.region, values=values, labels=labels, reader=reader
    )
    return GuardSecrets("secrets", args, opts)


def _images(
    chosen: settings.Settings,
    prefix: str,
    labels: Mapping[str, str],
    reader: pulumi.Input[str] | None,
    opts: pulumi.ResourceOptions,
) -> ImageRepository | None:
    if not chosen.images:
        return None
    args = ImageRepositoryArgs(
        repository_id=prefix, project=chosen.project, region=chosen.region, labels=labels, reader=reader
    )
    return ImageRepository("images", args, opts)


def _home(chosen: settings.Settings, daemon: DaemonArgs, opts: pulumi.ResourceOptions) -> dict[str, Any]:
    if chosen.home == "vm":
        vm = VmHome("daemon", chosen.machine, daemon, opts)
        return {"kind": "vm", "instance": vm.instance, "ledger": vm.ledger_url}
    pool = WorkerPoolHome(
        "daemon", chosen.database_tier, pulumi.Config().require_secret("databasePassword"), daemon, opts
    )
    described: dict[str, Any] = {
        "kind": "worker_pool",
        "pool": pool.pool,
        "database": pool.connection_name,
        "ledgerSecret": pool.ledger_secret,
    }
    if chosen.page:
        page = PageService(
            "page",
            PageServiceArgs(
                daemon=daemon,
                secrets=_page_secrets(pool, daemon),
                environment=pool.environment,
                volumes=pool.volumes,
                mounts=pool.mounts,
                members=chosen.team,
            ),
            pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[pool])),
        )
        described["page"] = page.url
    return described


def _page_secrets(pool: WorkerPoolHome, daemon: DaemonArgs) -> dict[str, pulumi.Input[str]]:
    """What the page reads of the daemon's secrets."""
    found: dict[str, pulumi.Input[str]] = {"ledger-url": pool.ledger_secret}
    if pool.config_secret is not None:
        found["config"] = pool.config_secret
    if "notify-urls" in daemon.secret_ids:
        found["notify-urls"] = daemon.secret_ids["notify-urls"]
    return found


def _environment(chosen: settings.Settings) -> pulumi.Output[dict[str, str]]:
    """What `init --from-stack` puts into .env: one secret output, encrypted in state like the configuration it comes from."""
    names = {settings.VARIABLES[key]: key for key in chosen.secrets if key in settings.VARIABLES}
    values = {variable: pulumi.Config().require_secret(key) for variable, key in names.items()}
    return pulumi.Output.secret(pulumi.Output.all(**values) if values else {})


def _raw_config() -> dict[str, str]:
    """All keys of the stack, so that unknown ones are found: `pulumi.Config` only answers for a key that one knows."""
    return {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}


def _secret_keys() -> frozenset[str]:
    return frozenset(key for key in _raw_config() if runtime_config.is_config_secret(key))
