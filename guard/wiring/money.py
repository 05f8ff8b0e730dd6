"""The price book that commands answer from: the same layers as the daemon's, with each project's own prices on top."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from guard.core.catalogue import layered
from guard.core.prices import PriceBook, override_rows
from guard.core.settings import Settings
from guard.ports.ledger import Ledger

BookOf = Callable[[str], PriceBook]
"""Project id -> the prices that hold there."""


def books_of(ledger: Ledger, settings: Settings, now: datetime) -> BookOf:
    """The book of each project: guard.yaml's prices over the catalogue's over the shipped ones."""
    from guard.adapters.billing.shipped import shipped_rows

    book = layered(shipped_rows(), ledger.quotes())
    known: dict[int, PriceBook] = {}

    def of(project_id: str) -> PriceBook:
        rules = settings.rules_of(project_id)
        if id(rules) not in known:
            own = override_rows(rules.price_overrides, source="prices in guard.yaml", as_of=now.date())
            known[id(rules)] = book.overridden_by(own) if own else book
        return known[id(rules)]

    return of


def settings_of(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read guard.yaml for a command; raises ConfigInvalid."""
    from guard.config import load

    return load(path, environment).settings
