"""A glance at the ledger: the latest look without its plan, and a stamp that changes whenever there is something new to tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from guard.core.billed import Billed
from guard.core.plan import Approval


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """`stamp` differs after a look, an arrow of an act, or a person's word; renewing a lease leaves it alone."""

    cycle_id: str | None
    taken_at: datetime | None
    mode: str
    stamp: str


class Glances(Protocol):
    """What a page asks of the ledger, each cheap however large the fleet is."""

    def glance(self) -> Glance: ...
    def approvals(self) -> Sequence[Approval]:
        """What people have approved, oldest first; those that are over too, until they are thinned out."""
        ...

    def billed_thing(self, name: str) -> Billed | None:
        """One thing that bills or billed by the hour."""
        ...
