"""Telling people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from guard.core.plan import Notice


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one message: delivered, or why not. A log line is not a delivery."""

    delivered: bool
    detail: str = ""


class Notifier(Protocol):
    """Sends one message (a digest of one or more notices) to one address; never raises."""

    def send(self, to: str, notices: Sequence[Notice]) -> Delivery:
        """Deliver to the channel that `to` (an owner's name or a group of guard.yaml) resolves to."""
        ...

    def reaches(self, to: str) -> bool:
        """True where `to` resolves to a channel."""
        ...
