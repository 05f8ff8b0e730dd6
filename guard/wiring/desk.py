"""Chooses whom people's questions and words go to: the ledger, or the API of the machine that TUNEGUARD_URL names."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from guard.desk import LedgerDesk
from guard.ports.clock import Clock
from guard.ports.desk import Desk
from guard.wiring import clock_of_environment, open_existing_ledger
from guard.wiring.looking import look_now
from guard.wiring.money import accounting

URL = "TUNEGUARD_URL"
TOKEN = "TUNEGUARD_TOKEN"  # noqa: S105  # the variable's name


def desk_of(path: Path, environment: Mapping[str, str] = os.environ, *, writes: bool = False) -> Desk:
    """Open the desk: over the API at TUNEGUARD_URL if that is set, else on the ledger that guard.yaml (or TUNEGUARD_LEDGER) names.

    Args:
        path: guard.yaml.
        environment: Where TUNEGUARD_* are read from.
        writes: A word will be said: the ledger's world and the environment's have to be the same.

    Raises:
        GuardError: The ledger, or the world that it belongs to, cannot be used.
    """
    if environment.get(URL):
        from guard.adapters.remote import RemoteDesk
        from guard.adapters.remote.wire import Wire
        from guard.telemetry import logging

        logging.set_up(level="error")  # else a repeated question is told on standard output, amid the answer
        return RemoteDesk(Wire(environment[URL], environment.get(TOKEN)))
    ledger = open_existing_ledger(path, environment, writes=writes)
    return LedgerDesk(
        ledger,
        _LazyClock(environment),
        accounting(path, environment),
        lambda: look_now(path, environment),
        user=user,
    )


@contextmanager
def desk(path: Path, environment: Mapping[str, str] = os.environ, *, writes: bool = False) -> Iterator[Desk]:
    """The same, closed at the end."""
    one = desk_of(path, environment, writes=writes)
    try:
        yield one
    finally:
        one.close()


def user() -> str:
    """The user of this machine."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


class _LazyClock:
    """The clock of the environment's world, which is connected to when the time is first asked for."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._inner: Clock | None = None

    def now(self) -> datetime:
        return self._clock().now()

    def monotonic(self) -> float:
        return self._clock().monotonic()

    def _clock(self) -> Clock:
        if self._inner is None:
            self._inner = clock_of_environment(self._environment)
        return self._inner
