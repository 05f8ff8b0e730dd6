"""How long a redeploy takes, and how likely it finds no machines: defaults where nothing was measured. Pure.

No published figure was found for either. The times are our own estimates on the long side (a longer redeploy makes a wrong
removal dearer, hence the wait longer): Google's guides speak of "several minutes" for a CPU model and of up to half an hour
for a large model on accelerators, whose weights are copied first (cloud.google.com/vertex-ai/docs/predictions/deploy-model-api
and the Model Garden notebooks, read 2026-11). They hold until the endpoint's own deploys have been measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from guard.core.model import Machine

CPU = timedelta(minutes=15)
SMALL_GPU = timedelta(minutes=20)
LARGE_GPU = timedelta(minutes=30)
TPU = timedelta(minutes=30)

SCARCITY_CHANCE = 0.05
SCARCITY_DELAY = timedelta(hours=8)
"""Our assumption, not a measurement: one redeploy in twenty finds no accelerators for a working day."""


@dataclass(frozen=True, slots=True)
class Redeploy:
    """Expected minutes without the endpoint after a wrong removal: the redeploy and the risk that machines are gone."""

    time: timedelta
    scarcity: timedelta
    source: str

    @property
    def expected(self) -> timedelta:
        return self.time + self.scarcity


def redeploy_of(machine: Machine | None, *, stated: timedelta | None, measured: timedelta | None) -> Redeploy:
    """Return the redeploy time: a person's figure as it is, else the endpoint's own deploys, else a default by family."""
    if stated is not None:
        return Redeploy(stated, timedelta(0), "as stated in if_wrong")
    scarcity = SCARCITY_DELAY * SCARCITY_CHANCE if machine is not None and machine.is_scarce else timedelta(0)
    if measured is not None:
        return Redeploy(measured, scarcity, "measured on its own deploys")
    return Redeploy(_default(machine), scarcity, "a default by machine family")


def _default(machine: Machine | None) -> timedelta:
    if machine is None or not machine.is_scarce:
        return CPU
    if machine.tpu_topology or machine.machine_type.startswith("ct"):
        return TPU
    small = machine.machine_type.startswith(("g2-", "n1-")) and machine.accelerator_count <= 1
    return SMALL_GPU if small else LARGE_GPU
