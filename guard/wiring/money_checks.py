"""What `tuneguard doctor` tries of money: the sources that guard.yaml names, each read as the daemon reads it, or asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from guard.adapters.connection import Connection
from guard.core.settings import Settings
from guard.core.units import Window
from guard.ports.errors import GuardError, PermissionMissing

LATEST = timedelta(days=3)
"""Of the bill: long enough to hold rows, since the export promises no delay and a day is typical."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyCheck:
    """One source: what was found, or what is wrong with it."""

    name: str
    good: bool
    detail: str
    hint: str = ""


def money_checks(
    settings: Settings, connection: Connection, folder: Path, projects: Sequence[str], now: datetime, *, sandboxed: bool
) -> Iterator[MoneyCheck]:
    """Try each source that guard.yaml names; nothing where it names none. Takes no notice off the subscription."""
    if settings.google is not None:
        subscription = settings.google.subscription
        yield _tried("google budgets", lambda: _subscription(connection, subscription))
    if settings.billing_account is not None:
        account = settings.billing_account
        yield _tried("contract prices", lambda: _contracts(connection, account))
    if settings.bill is not None:
        yield _tried("billing export", lambda: _bill(settings, folder, projects, now, sandboxed=sandboxed))


def _tried(name: str, look: Callable[[], str]) -> MoneyCheck:
    try:
        return MoneyCheck(name=name, good=True, detail=look())
    except GuardError as error:
        return MoneyCheck(name=name, good=False, detail=error.message, hint=error.hint)


def _subscription(connection: Connection, subscription: str) -> str:
    from guard.adapters.billing.pubsub import CONSUME, may_consume

    if not may_consume(connection, subscription):
        raise PermissionMissing(
            f"{subscription} does not exist, or the guard's account may not read it ({CONSUME}).",
            hint="Grant roles/pubsub.subscriber on the subscription, or correct google_budgets in guard.yaml.",
        )
    return f"{subscription} can be read"


def _contracts(connection: Connection, account: str) -> str:
    from guard.adapters.billing.negotiated import contracts

    return f"{len(contracts(connection, account))} SKUs of {account} have a price of their own"


def _bill(settings: Settings, folder: Path, projects: Sequence[str], now: datetime, *, sandboxed: bool) -> str:
    from guard.wiring.bill import bill_source

    assert settings.bill is not None  # noqa: S101  # the caller asks only then
    source = bill_source(folder, sandboxed=sandboxed)(settings.bill)
    if isinstance(source, GuardError):
        raise source
    bill = source.read(projects, Window(now - LATEST, now))
    until = f"{bill.exported_until:%Y-%m-%d %H:%M} UTC" if bill.exported_until else "never"
    return f"{settings.bill}: {len(bill.lines)} lines of the last {LATEST.days} days, exported until {until}"
