"""Machines and billing of a deployed model or pool, told from its resources fields."""

from __future__ import annotations

from guard.adapters.vertex.fields import Naming, Raw, flag, integer, part, text
from guard.core.model import (
    Billing,
    HourlyDedicated,
    HourlyPool,
    Machine,
    Provisioning,
    UnknownBilling,
)

DEFAULT_MACHINE = "n1-standard-2"
"""What the platform uses where a machineSpec names none (aiplatform 2.7.0, MachineSpec.machine_type, read 2026-11-24)."""

NO_RESOURCES = UnknownBilling(
    why="it names no machines and its model is not known to be a tuned Gemini; the platform does not say how it bills"
)
_AUTOMATIC = UnknownBilling(
    why="automatic resources: the platform chooses the machines and does not say which, so its price is not known"
)
_UNACCELERATED = {"", "ACCELERATOR_TYPE_UNSPECIFIED"}
_UNRESERVED = {"", "TYPE_UNSPECIFIED", "NO_RESERVATION"}


def billing_of(deployed: Raw, naming: Naming) -> Billing:
    """Tell how a deployed model bills; NO_RESOURCES where that hangs on its model."""
    kinds = [key for key in ("dedicatedResources", "automaticResources", "sharedResources") if deployed.get(key)]
    match kinds:
        case ["dedicatedResources"]:
            return dedicated(part(deployed, "dedicatedResources"))
        case ["sharedResources"]:
            return HourlyPool(pool=naming(text(deployed, "sharedResources")))
        case ["automaticResources"]:
            return _AUTOMATIC
        case []:
            # An empty `dedicatedResources: {}` still says "dedicated": the defaults were left out on the wire.
            return dedicated({}) if "dedicatedResources" in deployed else NO_RESOURCES
        case _:
            return UnknownBilling(why=f"it names several kinds of resources at once: {', '.join(kinds)}")


def dedicated(resources: Raw) -> HourlyDedicated:
    """Read dedicated resources. A minimum that is left out on the wire is 0 (proto3), so only scale to zero has it."""
    least = integer(resources, "minReplicaCount")
    most = integer(resources, "maxReplicaCount") or max(least, 1)
    return HourlyDedicated(
        machine=machine_of(resources),
        min_replicas=least,
        max_replicas=max(most, least),
        scales_to_zero=least == 0 or "scaleToZeroSpec" in resources,
    )


def machine_of(resources: Raw) -> Machine:
    """Read the hardware and how it is bought; spot, flex start and reservations have prices of their own."""
    spec = part(resources, "machineSpec")
    accelerator = text(spec, "acceleratorType")
    return Machine(
        machine_type=text(spec, "machineType") or DEFAULT_MACHINE,
        accelerator_type=None if accelerator in _UNACCELERATED else accelerator,
        accelerator_count=integer(spec, "acceleratorCount"),
        tpu_topology=text(spec, "tpuTopology") or None,
        provisioning=_provisioning(resources, spec),
    )


def _provisioning(resources: Raw, spec: Raw) -> Provisioning:
    if flag(resources, "spot"):
        return Provisioning.SPOT
    if "flexStart" in resources:
        return Provisioning.FLEX_START
    # An affinity that we do not know may use a reservation: then no on-demand price may be put on it.
    if text(part(spec, "reservationAffinity"), "reservationAffinityType") not in _UNRESERVED:
        return Provisioning.RESERVATION
    return Provisioning.ON_DEMAND
