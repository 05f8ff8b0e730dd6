"""How much of the throttle is used: removals begun in the last 24 hours against what the limits allow. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from guard.core.limits import PERIOD, removal_unit
from guard.core.removal import Act
from guard.core.rules import Limits
from guard.core.verdict import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class CapUse:
    """The throttle's state. `frees_at`: when the oldest removal that counts leaves the 24 hours; None where none counts."""

    used: int
    cap: int
    by_project: Mapping[str, int]  # project id -> removals begun there
    project_cap: int | None
    frees_at: datetime | None

    @property
    def left(self) -> int:
        """How many more may go now."""
        return max(0, self.cap - self.used)


def cap_use(acts: Iterable[Act], limits: Limits, now: datetime) -> CapUse:
    """Count what the throttle counts (limits.throttle): what shares a pool once, restores not at all."""
    begun: dict[str, tuple[str, datetime]] = {}
    for act in acts:
        if act.intended_at is not None and act.intended_at > now - PERIOD and act.key.stage is not Stage.RESTORE:
            begun[removal_unit(act)] = act.project_id, act.intended_at
    oldest = min((at for _, at in begun.values()), default=None)
    return CapUse(
        used=len(begun),
        cap=limits.removals_per_day,
        by_project=dict(sorted(Counter(project for project, _ in begun.values()).items())),
        project_cap=limits.removals_per_project_per_day,
        frees_at=None if oldest is None else oldest + PERIOD,
    )
