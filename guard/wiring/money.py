"""Where people's questions about money get their figures: guard.yaml, the same price layers as the daemon's, its standings."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from guard.core.budget import Budget, Standing
from guard.core.catalogue import layered
from guard.core.own_prices import BookOf, book_of_project
from guard.core.settings import Settings
from guard.desk.accounts import Accounting
from guard.ports.ledger import Ledger


def accounting(path: Path, environment: Mapping[str, str] = os.environ) -> Accounting:
    """Everything that a desk needs to answer about money; guard.yaml is read when it is asked for."""
    return Accounting(
        settings=lambda: settings_of(path, environment),
        books=books_of,
        standings=standings_of,
        replay=replay,
        guard_yaml=lambda: _text(path),
    )


def books_of(ledger: Ledger, settings: Settings, now: datetime) -> BookOf:
    """The book of each project: guard.yaml's prices over the catalogue's over the shipped ones."""
    from guard.adapters.billing.shipped import shipped_rows

    return book_of_project(layered(shipped_rows(), ledger.quotes()), settings.rules_of, now.date())


def settings_of(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read guard.yaml for a command; raises ConfigInvalid."""
    from guard.config import load

    return load(path, environment).settings


def standings_of(ledger: Ledger, budgets: Sequence[Budget], book_of: BookOf, now: datetime) -> list[Standing]:
    """How budgets stand, as the daemon adds them up."""
    from guard.daemon.budgets import standings

    return standings(ledger, budgets, book_of, now)


def replay(ledger: Ledger, settings: Settings, waits: Sequence[str]) -> Mapping[str, Any]:
    """Try waits on the ledger's past; raises NotUnderstood for a word that is none."""
    from guard.backtest.errors import TraceInvalid
    from guard.ports.errors import NotUnderstood
    from guard.wiring.trying import try_on_ledger

    try:
        return try_on_ledger(ledger, settings, waits)
    except TraceInvalid as error:
        raise NotUnderstood(str(error), hint="Nothing was replayed.") from error


def _text(path: Path) -> str | None:
    """guard.yaml as it stands, to show a change to it."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
