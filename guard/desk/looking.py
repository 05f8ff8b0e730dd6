"""A fresh look: the whole cycle up to the plan, nothing written, nothing changed. Who can look is handed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from guard.core.plan import Plan
from guard.core.verdict import Verdict

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a look found: its plan, the verdicts that led to it, and what could not be listed this time."""

    plan: Plan
    verdicts: tuple[Verdict, ...]
    unlisted: tuple[Document, ...] = ()


Looking = Callable[[], Look]
"""Looks now; raises GuardError where the platform cannot be asked."""
