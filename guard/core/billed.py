"""What bills by the hour, as remembered for its cost: the machine, who owns it, from when to when it was there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from guard.core.model import HourlyDedicated, Kind, Machine, Provisioning, Snapshot
from guard.core.names import endpoint_of
from guard.core.verdict import Verdict


class Metered(StrEnum):
    """What bills by a metered quantity rather than by machines; the guard counts it and never touches it."""

    BUCKET = "bucket"  # GiB of one storage class of a bucket
    INPUT_TOKENS = "input_tokens"  # tokens asked of one model in one location
    OUTPUT_TOKENS = "output_tokens"


@dataclass(frozen=True, slots=True, kw_only=True)
class Billed:
    """A deployed model on machines of its own, or a pool; or something metered, whose `machine` bears the name of what is priced
    (a storage class, a model). `gone_at` is the first look that did not show it any more.
    """

    name: str
    kind: Kind | Metered
    project_id: str
    location: str
    display_name: str
    machine: Machine
    labels: Mapping[str, str]
    owner: str | None
    policy: str
    created_at: datetime | None
    seen_at: datetime
    gone_at: datetime | None = None

    @property
    def on_machines(self) -> bool:
        """True for what runs on machines, false for what is metered."""
        return isinstance(self.kind, Kind)

    @property
    def endpoint(self) -> str:
        """The endpoint of a deployed model; a pool's own name."""
        return endpoint_of(self.name)


def billed_now(snapshot: Snapshot, verdicts: Iterable[Verdict], now: datetime) -> dict[str, Billed]:
    """Return everything in a snapshot that bills by the hour, by name."""
    machines = {pool.name: pool.machine for pool in snapshot.pools} | {
        deployed.name: deployed.billing.machine
        for endpoint in snapshot.endpoints
        for deployed in endpoint.deployed
        if isinstance(deployed.billing, HourlyDedicated)
    }
    found: dict[str, Billed] = {}
    for verdict in verdicts:
        subject = verdict.subject
        machine = machines.get(subject.name)
        if not subject.billed or machine is None:
            continue
        found[subject.name] = Billed(
            name=subject.name,
            kind=subject.kind,
            project_id=subject.project_id,
            location=subject.location,
            display_name=subject.aliases[0] if subject.aliases and subject.aliases[0] else subject.display_name,
            machine=machine,
            labels=subject.labels,
            owner=subject.owner,
            policy=verdict.policy or "",
            created_at=subject.created_at,
            seen_at=now,
        )
    return found


def remembered(
    known: Mapping[str, Billed], there: Mapping[str, Billed], listed: Iterable[str], now: datetime
) -> list[Billed]:
    """Return what has to be written: new things, changed ones, and those that are gone.

    A thing is gone only where its location was listed completely (`listed`: `projects/N/locations/L`).
    """
    changed = []
    for name, thing in there.items():
        old = known.get(name)
        new = thing if old is None else replace(thing, seen_at=old.seen_at)
        if new != old:
            changed.append(new)
    complete = frozenset(listed)
    for name, old in known.items():
        if old.gone_at is None and name not in there and "/".join(name.split("/", 4)[:4]) in complete:
            changed.append(replace(old, gone_at=now))
    return changed


def machine_document(machine: Machine) -> dict[str, Any]:
    """A machine as JSON."""
    return {
        "type": machine.machine_type,
        "accelerator": machine.accelerator_type,
        "accelerators": machine.accelerator_count,
        "topology": machine.tpu_topology,
        "provisioning": machine.provisioning.value,
    }


def machine_from(document: Mapping[str, Any]) -> Machine:
    """The machine of a document."""
    return Machine(
        machine_type=document["type"],
        accelerator_type=document["accelerator"],
        accelerator_count=document["accelerators"],
        tpu_topology=document["topology"],
        provisioning=Provisioning(document["provisioning"]),
    )
