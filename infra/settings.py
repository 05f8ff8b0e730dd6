"""The stack's configuration as one checked value. Pure: a mapping of raw strings in, `Settings` out, every problem in one error."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.reader import Reader, SettingsError
from infra.specs import Adoption, BudgetSpec, EndpointSpec, read_adoption, read_budget

NAMESPACE: Final = "tuneguard"
MODES: Final = ("observe", "approve", "enforce")
HOMES: Final = ("vm", "worker_pool", "none")
SECRETS: Final = ("openaiKey", "notifyUrls", "apiToken", "databasePassword")
"""Set with `pulumi config set --secret`; each that is set becomes a secret of the stack."""

HOME_VARIABLES: Final = {"openaiKey": "OPENAI_API_KEY", "notifyUrls": "OPS_URL"}
"""Secret key -> the environment variable that it becomes where the daemon lives."""
VARIABLES: Final = {**HOME_VARIABLES, "apiToken": "TUNEGUARD_TOKEN"}
"""The same for the .env that `init` writes. The token is for commands on other machines: the daemon itself reads none."""

REGIONS: Final = frozenset(
    json.loads((Path(__file__).parent / "data" / "regions.json").read_text(encoding="utf-8"))["regions"]
)
"""Regions with Vertex AI. Source: google-cloud-aiplatform 2.7.0, constants.base.SUPPORTED_REGIONS, read 2026-11-24."""

_PROJECT: Final = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
_BILLING_ACCOUNT: Final = re.compile(r"[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}")
_STACK: Final = re.compile(r"[a-z][a-z0-9-]{0,14}")
"""Bucket names hold project and stack and end at 63 characters."""
_MEMBER: Final = re.compile(r"(user|group|serviceAccount):[^@\s]+@[^@\s]+")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

KEYS: Final = frozenset(
    {
        "mode", "watch", "endpoints", "buckets", "dataMayGo", "apis", "identity", "restoreAs", "budget", "billingAccount",
        "images", "home", "machine", "databaseTier", "image", "guardConfig", "page", "alertEmail", "team", "protect", "adopt",
        "adopting", *SECRETS,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the stack is to be. Docs: docs/reference/infra.md, which a test compares with Pulumi.yaml and with this."""

    stack: str
    project: str
    region: str
    mode: str
    watch: tuple[str, ...]
    endpoints: tuple[EndpointSpec, ...]
    buckets: bool
    data_may_go: bool
    apis: bool
    identity: bool
    restore_as: tuple[str, ...]
    budget: BudgetSpec | None
    images: bool
    home: str
    machine: str
    database_tier: str
    image: str
    guard_config: str
    page: bool
    alert_email: str
    team: tuple[str, ...]
    protect: bool
    adopt: Adoption
    adopting: bool
    secrets: tuple[str, ...]


def load(raw: Mapping[str, str], *, secret_keys: frozenset[str] = frozenset(), stack: str) -> Settings:
    """Check the raw configuration of a stack.

    Args:
        raw: Full keys (`gcp:project`, `tuneguard:mode`) to raw values; booleans, arrays and objects as JSON text.
        secret_keys: The full keys that are encrypted.
        stack: Named in the error.

    Raises:
        SettingsError: Lists every problem at once, each with key, what was found and what to type.
    """
    read = Reader(raw, NAMESPACE)
    _refuse_unknown(read, raw)
    project = read.matching("gcp:project", _PROJECT, "a project id such as my-project-123")
    region = _region(read)
    watch = tuple(read.strings("watch")) or (project,)
    for name in watch:
        if name and not _PROJECT.fullmatch(name):
            read.problem("watch", repr(name), "project ids such as my-project-123")
    settings = Settings(
        stack=_stack(read, stack),
        project=project,
        region=region,
        mode=read.one_of("mode", MODES, default="observe"),
        watch=watch,
        endpoints=_endpoints(read, region),
        buckets=read.boolean("buckets", default=True),
        data_may_go=read.boolean("dataMayGo", default=False),
        apis=read.boolean("apis", default=True),
        identity=read.boolean("identity", default=True),
        restore_as=_addresses(read, "restoreAs"),
        budget=read_budget(read, _BILLING_ACCOUNT),
        images=read.boolean("images", default=True),
        home=read.one_of("home", HOMES, default="vm"),
        machine=read.text("machine", default="e2-small"),
        database_tier=read.text("databaseTier", default="db-custom-1-3840"),
        image=read.text("image", default=""),
        guard_config=read.text("guardConfig", default=""),
        page=read.boolean("page", default=False),
        alert_email=_alert_email(read),
        team=_team(read),
        protect=read.boolean("protect", default=False),
        adopt=read_adoption(read),
        adopting=read.boolean("adopting", default=False),
        secrets=_secrets(read, raw, secret_keys),
    )
    _check_together(read, settings)
    if read.problems:
        raise SettingsError(stack, read.problems)
    return settings


def _refuse_unknown(read: Reader, raw: Mapping[str, str]) -> None:
    for key in raw:
        namespace, _, name = key.partition(":")
        if namespace == NAMESPACE and name not in KEYS:
            read.problem(
                key, "an unknown key", f"a known one {read.suggestion(name, KEYS)}", do=f"pulumi config rm {name}"
            )


def _stack(read: Reader, stack: str) -> str:
    if not _STACK.fullmatch(stack):
        read.problem(
            "the stack's name",
            repr(stack),
            "lower-case letters, digits and dashes, at most 15, for names are made of it",
        )
    return stack


def _region(read: Reader) -> str:
    region = read.required("gcp:region", "a region such as europe-west4")
    if region and region not in REGIONS:
        read.problem("gcp:region", repr(region), f"a region with Vertex AI {read.suggestion(region, REGIONS)}")
    return region


def _endpoints(read: Reader, region: str) -> tuple[EndpointSpec, ...]:
    specs: list[EndpointSpec] = []
    for index, item in enumerate(read.objects("endpoints")):
        spec = EndpointSpec.read(read, f"endpoints[{index}]", item, region=region)
        if spec is None:
            continue
        if spec.region not in REGIONS:
            read.problem(f"endpoints[{index}].region", repr(spec.region), "a region with Vertex AI")
        if any((spec.name, spec.region) == (other.name, other.region) for other in specs):
            read.problem(f"endpoints[{index}].name", repr(spec.name), "a name used once in its region")
        specs.append(spec)
    return tuple(specs)


def _addresses(read: Reader, key: str) -> tuple[str, ...]:
    found = tuple(read.strings(key))
    for address in found:
        if not _EMAIL.fullmatch(address):
            read.problem(key, repr(address), "e-mail addresses of service accounts")
    return found


def _alert_email(read: Reader) -> str:
    address = read.text("alertEmail", default="")
    if address and not _EMAIL.fullmatch(address):
        read.problem("alertEmail", repr(address), "an e-mail address, or nothing for no alert")
    return address


def _team(read: Reader) -> tuple[str, ...]:
    members = tuple(read.strings("team"))
    for member in members:
        if not _MEMBER.fullmatch(member):
            read.problem("team", repr(member), 'members such as "group:ml@example.com" or "user:ana@example.com"')
    return members


def _secrets(read: Reader, raw: Mapping[str, str], secret_keys: frozenset[str]) -> tuple[str, ...]:
    present = [name for name in SECRETS if raw.get(f"{NAMESPACE}:{name}")]
    for name in present:
        if f"{NAMESPACE}:{name}" not in secret_keys:
            read.problem(name, "a value in clear text", "an encrypted one", do=f"pulumi config set --secret {name}")
    return tuple(present)


def _check_together(read: Reader, settings: Settings) -> None:
    """What each key alone cannot tell."""
    if settings.home != "none" and not settings.identity:
        read.problem("home", f"{settings.home!r} with identity false", "an identity for the daemon, or home none")
    if settings.home != "none" and not settings.images and not settings.image:
        read.problem(
            "image", "nothing, with images false", "the image that the daemon runs", do="pulumi config set image IMAGE"
        )
    if settings.home == "worker_pool" and "databasePassword" not in settings.secrets:
        read.problem(
            "databasePassword",
            "nothing, with home worker_pool",
            "the database user's password",
            do='pulumi config set --secret databasePassword "$(openssl rand -hex 24)"',
        )
    if settings.home == "worker_pool" and not settings.guard_config:
        read.problem(
            "guardConfig",
            "nothing, with home worker_pool",
            "the guard.yaml that the daemon starts with: write it from the stack with home none first",
            do="pulumi config set guardConfig guard.yaml",
        )
    if settings.page and settings.home != "worker_pool":
        read.problem(
            "page", f"true with home {settings.home!r}", "home worker_pool: page and daemon share its database"
        )
    if settings.page and not settings.team:
        read.problem(
            "page",
            "true with an empty team",
            "somebody who may open it",
            do="pulumi config set --path 'team[0]' group:…",
        )
    names = {spec.name for spec in settings.endpoints}
    for name in settings.adopt.endpoints.keys() - names:
        read.problem(
            f"adopt.endpoints.{name}",
            "no such endpoint in endpoints",
            f"a name {read.suggestion(name, names or {'(none)'})}",
        )
    if settings.mode != "observe" and not settings.buckets:
        read.problem(
            "mode", f"{settings.mode!r} with buckets false", "the guard's bucket: recipes and claims live there"
        )
