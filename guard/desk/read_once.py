"""A ledger whose long reads are made once: the sums of one answer all walk through the same month of the same things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

from guard.core.billed import Billed
from guard.ports.ledger import Ledger

Means = Mapping[str, Mapping[int, Decimal]]


def read_once(ledger: Ledger) -> Ledger:
    """Wrap a ledger for the length of one answer."""
    return cast("Ledger", _ReadOnce(ledger))


class _ReadOnce:
    """Keeps what bills and its replicas; everything else passes."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._billed: Sequence[Billed] | None = None
        self._means: dict[int, Means] = {}

    def billed(self) -> Sequence[Billed]:
        if self._billed is None:
            self._billed = self._ledger.billed()
        return self._billed

    def replicas(self, *, from_hour: int, subjects: Sequence[str] | None = None) -> Means:
        if subjects is not None:
            return self._ledger.replicas(from_hour=from_hour, subjects=subjects)
        if from_hour not in self._means:
            self._means[from_hour] = self._ledger.replicas(from_hour=from_hour)
        return self._means[from_hour]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)
