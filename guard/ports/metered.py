"""What bills by a metered quantity beside machines: stored bytes and tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from guard.core.billed import Metered
from guard.core.units import Window
from guard.ports.inventory import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Metering:
    """One thing's quantity by hour number: GiB that lay there, or tokens of that hour."""

    kind: Metered
    name: str  # canonical, with project number and location
    display_name: str
    location: str
    item: str  # storage class or model: what is priced
    hours: Mapping[int, float]


class MeteredSource(Protocol):
    """Reads only."""

    def read(self, project: Project, window: Window) -> Sequence[Metering]:
        """Read whole hours [start, end) of one project, each settled hour of each thing. Raises GuardError; half is none."""
        ...
