"""How things were used: one query a metric and project, never one an endpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from guard.core.units import Window
from guard.core.usage import HourRow
from guard.ports.inventory import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One project's usage over a window of whole hours.

    `rows` maps a canonical deployed model or pool name to its hours; a thing without any series is absent.
    `complete` is False where a page, a metric or a permission was missing: then no hour of the window counts as covered
    and the rows carry `covered=False`. `covered` is the part of the window that is settled and complete: a thing that is
    absent from `rows` had no request in it, and no replicas either.
    """

    project: Project
    window: Window
    complete: bool
    covered: Window | None
    rows: Mapping[str, Sequence[HourRow]]
    problems: tuple[str, ...] = field(default=())


class Traffic(Protocol):
    """Reads usage. A failure is a Reading with `complete=False`, not an exception."""

    def read(self, project: Project, window: Window) -> Reading:
        """Read all metrics of all endpoints and pools of one project over whole hours [start, end)."""
        ...
