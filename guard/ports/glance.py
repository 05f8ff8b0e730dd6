"""A glance at the ledger: the latest look without its plan, and a stamp that changes whenever there is something new to tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """`stamp` differs after a look, an arrow of an act, or a person's word; renewing a lease leaves it alone."""

    cycle_id: str | None
    taken_at: datetime | None
    mode: str
    stamp: str


class Glances(Protocol):
    """Cheap enough to be asked every few seconds by every open page."""

    def glance(self) -> Glance: ...
