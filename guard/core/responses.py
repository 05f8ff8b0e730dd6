"""What a budget's crossing may do beside being told, as guard.yaml names it, and what it does to one policy while it holds. Pure.

A response only makes a named policy stricter with itself: its waits shorter (never below floor and notice), its tuning jobs to be
cancelled, its acts to wait for a person's word. What may be removed at all, notices, second look and limits stay what they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, TypeAlias

from guard.core.units import short

if TYPE_CHECKING:
    from guard.core.budget import Selector

Shortening: TypeAlias = Decimal | timedelta
"""A share of the wait, above 0 and up to 1, or the wait itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shorten:
    """The waits of these policies become shorter."""

    policies: tuple[str, ...]
    to: Shortening


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelJobs:
    """Running tuning jobs of these policies are cancelled; `names` are patterns of their display names (empty: all)."""

    policies: tuple[str, ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What one threshold's crossing does. `at` is the threshold as text; `ask` names the policies whose acts wait for a word."""

    at: str
    shorten: tuple[Shorten, ...] = ()
    cancel_jobs: tuple[CancelJobs, ...] = ()
    ask: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = [f"waits of {_listed(one.policies)} become {_length(one.to)}" for one in self.shorten]
        parts += [
            f"tuning jobs of {_listed(one.policies)}{f' called {_listed(one.names)}' if one.names else ''} are to be cancelled"
            for one in self.cancel_jobs
        ]
        parts += [f"acts of {_listed(self.ask)} wait for a person's yes"] if self.ask else []
        return "; ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressure:
    """What an open crossing does to one policy. `to` None leaves waits alone, `cancels` None leaves jobs alone."""

    budget: str
    threshold: str
    since: datetime
    selector: Selector
    to: Shortening | None = None
    cancels: tuple[str, ...] | None = None
    asks: bool = False

    def __str__(self) -> str:
        return f"budget {self.budget} stands above {self.threshold} (since {self.since:%Y-%m-%d %H:%M} UTC)"

    def shortened(self, wait: timedelta) -> timedelta:
        """The wait under this pressure; never longer than it was."""
        match self.to:
            case None:
                return wait
            case timedelta():
                return min(wait, self.to)
            case _:
                return wait * float(self.to)

    def cancels_job(self, display_name: str) -> bool:
        """True for a tuning job of this name."""
        patterns = self.cancels
        return patterns is not None and (
            not patterns or any(fnmatchcase(display_name, pattern) for pattern in patterns)
        )


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names)


def _length(to: Shortening) -> str:
    return short(to) if isinstance(to, timedelta) else f"{(to * 100).normalize():f}% of what they were"
