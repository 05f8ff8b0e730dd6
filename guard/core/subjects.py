"""From a thing in the snapshot to the subject of a verdict: named, priced, owned. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from guard.core.model import (
    DeployedModel,
    Endpoint,
    HourlyDedicated,
    HourlyPool,
    Kind,
    NotBilled,
    PerToken,
    RegistryModel,
    ResourcePool,
    TuningJob,
    UnknownBilling,
)
from guard.core.owners import owner_of
from guard.core.prices import Priced
from guard.core.rules import Rules
from guard.core.sight import Sight
from guard.core.units import Known, Maybe
from guard.core.usage import Usage
from guard.core.verdict import Subject

FRESH_REPLICAS_HOURS = 48
"""A replica count measured longer ago says nothing of now; then the deployment's own figures count."""


def deployed_generation(deployed: DeployedModel) -> str:
    """CreateTime and id: another deployment under the same name has another one."""
    return f"{iso(deployed.created_at)}/{deployed.id}"


def replicas_of(usage: Usage | None, minimum: int, available: int | None, now_hour: int) -> float:
    """How many replicas run: measured, else as the platform reports, else the least that must run; never below what
    bills (one).
    """
    if usage is not None and usage.replicas and usage.replicas_hour is not None:  # noqa: SIM102  # two facts, one each
        if usage.replicas_hour >= now_hour - FRESH_REPLICAS_HOURS:
            return max(usage.replicas, 0.01)
    return float(available or minimum or 1)


def deployed_subject(
    sight: Sight, endpoint: Endpoint, deployed: DeployedModel, rules: Rules | None, group: str | None = None
) -> tuple[Subject, Maybe[Priced] | None]:
    """The subject of a deployed model and its price (None where it does not bill by itself)."""
    billing = deployed.billing
    location = endpoint.name.split("/", 4)[3]
    price: Maybe[Priced] | None = None
    machine, billed, note = "", False, ""
    match billing:
        case HourlyDedicated():
            billed = True
            usage = sight.usages.get(deployed.name)
            replicas = replicas_of(usage, billing.min_replicas, deployed.available_replicas, sight.now_hour)
            if rules is None:
                machine = str(billing.machine)
            else:
                price, machine = sight.rate(rules, billing.machine, location, replicas)
        case HourlyPool():
            note = f"the pool {billing.pool} bills for it"
        case PerToken():
            note = "bills by tokens, nothing by the hour"
        case NotBilled() | UnknownBilling():
            note = billing.why
    owner, source = _owner(sight, rules, endpoint.labels, deployed.name, endpoint.name, deployed.model)
    subject = Subject(
        name=deployed.name,
        kind=Kind.DEPLOYED_MODEL,
        project_id=endpoint.project_id,
        location=location,
        display_name=deployed.display_name or endpoint.display_name,
        labels=endpoint.labels,
        generation=deployed_generation(deployed),
        digest=deployed.digest,
        created_at=deployed.created_at,
        billed=billed,
        rate=price.value.rate if isinstance(price, Known) else None,
        rate_note=note or _note(price),
        machine=machine,
        owner=owner,
        owner_source=source,
        aliases=(endpoint.display_name,),
        group=group,
    )
    return subject, price


def pool_subject(
    sight: Sight, pool: ResourcePool, rules: Rules | None, members: tuple[str, ...], owner: tuple[str | None, str]
) -> tuple[Subject, Maybe[Priced] | None]:
    """The subject of a pool with its sharers; its price is the pool's, once."""
    location = pool.name.split("/", 4)[3]
    replicas = replicas_of(sight.usages.get(pool.name), pool.min_replicas, None, sight.now_hour)
    price = sight.rate(rules, pool.machine, location, replicas)[0] if rules is not None else None
    subject = Subject(
        name=pool.name,
        kind=Kind.POOL,
        project_id=pool.project_id,
        location=location,
        display_name=pool.name.rsplit("/", 1)[-1],
        labels={},
        generation=iso(pool.created_at) or "",
        digest=pool.digest,
        created_at=pool.created_at,
        billed=True,
        rate=price.value.rate if isinstance(price, Known) else None,
        rate_note=_note(price),
        machine=str(pool.machine),
        owner=owner[0],
        owner_source=owner[1],
        members=members,
    )
    return subject, price


def endpoint_subject(sight: Sight, endpoint: Endpoint, rules: Rules | None) -> Subject:
    """The subject of an endpoint's shell; a shell costs nothing."""
    owner, source = _owner(sight, rules, endpoint.labels, endpoint.name, endpoint.name, "")
    return Subject(
        name=endpoint.name,
        kind=Kind.ENDPOINT,
        project_id=endpoint.project_id,
        location=endpoint.name.split("/", 4)[3],
        display_name=endpoint.display_name,
        labels=endpoint.labels,
        generation=iso(endpoint.created_at) or "",
        digest=endpoint.digest,
        created_at=endpoint.created_at,
        billed=False,
        rate=None,
        rate_note="an empty endpoint costs nothing by the hour",
        owner=owner,
        owner_source=source,
        members=tuple(deployed.name for deployed in endpoint.deployed),
    )


def model_subject(sight: Sight, model: RegistryModel, rules: Rules | None) -> Subject:
    """The subject of a registry model, all versions together."""
    owner, source = _owner(sight, rules, model.labels, model.name, "", model.name)
    return Subject(
        name=model.name,
        kind=Kind.MODEL,
        project_id=model.project_id,
        location=model.name.split("/", 4)[3],
        display_name=model.display_name,
        labels=model.labels,
        generation=f"{iso(model.created_at)}@{model.version}",
        digest=model.digest,
        created_at=model.created_at,
        billed=False,
        rate=None,
        rate_note="a registry model costs nothing by the hour",
        owner=owner,
        owner_source=source,
    )


def job_subject(sight: Sight, job: TuningJob, rules: Rules | None) -> Subject:
    """The subject of a tuning job; it bills by training tokens."""
    creator = sight.snapshot.creators.get(job.name)
    owner, source = owner_of(job.labels, job.submitter, creator, rules.owners) if rules else (None, "")
    return Subject(
        name=job.name,
        kind=Kind.TUNING_JOB,
        project_id=job.project_id,
        location=job.name.split("/", 4)[3],
        display_name=job.display_name,
        labels=job.labels,
        generation=iso(job.created_at) or "",
        digest=f"{job.state_text}",
        created_at=job.created_at,
        billed=False,
        rate=None,
        rate_note="bills by training tokens, nothing by the hour",
        owner=owner,
        owner_source=source,
    )


def iso(at: datetime | None) -> str | None:
    """An instant for evidence."""
    return at.isoformat() if at is not None else None


def _note(price: Maybe[Priced] | None) -> str:
    if price is None:
        return ""
    return price.value.note if isinstance(price, Known) else price.reason


def _owner(
    sight: Sight, rules: Rules | None, labels: Mapping[str, str], name: str, endpoint: str, model: str
) -> tuple[str | None, str]:
    if rules is None:
        return None, ""
    job = sight.job_of(endpoint, model)
    creators = sight.snapshot.creators
    creator = (creators.get(name) or creators.get(endpoint)) if creators else None
    return owner_of(labels, job.submitter if job is not None else None, creator, rules.owners)
