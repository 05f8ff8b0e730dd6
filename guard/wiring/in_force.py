"""The configuration in force: re-read when the file changes; a wrong file changes nothing and is told."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock

from guard.adapters.notify.notifier import ChannelNotifier
from guard.config import Config, load
from guard.core.plan import Notice
from guard.core.settings import Settings
from guard.ports.errors import GuardError
from guard.ports.notifier import Delivery
from guard.telemetry import events, logging
from guard.telemetry.metrics import Metrics

log = logging.get()


class InForce:
    """Holds the last valid configuration and the channels that it names. Thread-safe.

    Raises ConfigInvalid when it is made from a wrong file; never afterwards.
    """

    def __init__(self, path: Path, environment: Mapping[str, str], *, loopback_only: bool, metrics: Metrics) -> None:
        self._path = path
        self._environment = environment
        self._loopback_only = loopback_only
        self._metrics = metrics
        self._lock = Lock()
        self._stamp = _stamp(path)
        self._config = load(path, environment)
        self._notifier = ChannelNotifier(self._config.notify, loopback_only=loopback_only)
        log.info(events.CONFIG_LOADED, file=str(path), digest=self._config.settings.digest)

    @property
    def config(self) -> Config:
        with self._lock:
            return self._config

    def settings(self) -> Settings:
        return self.config.settings

    def reload(self) -> str | None:
        """Read the file again if it changed; returns what is wrong with it, or None. The last valid one stays in force."""
        stamp = _stamp(self._path)
        if stamp == self._stamp:
            return None
        self._stamp = stamp
        try:
            config = load(self._path, self._environment)
            notifier = ChannelNotifier(config.notify, loopback_only=self._loopback_only)
        except GuardError as error:
            self._metrics.config_valid.set(0)
            log.warning(events.CONFIG_REJECTED, file=str(self._path), detail=str(error))
            return str(error)
        with self._lock:
            old, self._notifier = self._notifier, notifier
            self._config = config
        old.close()
        self._metrics.config_valid.set(1)
        log.info(events.CONFIG_LOADED, file=str(self._path), digest=config.settings.digest)
        return None

    def refresh(self) -> None:
        """The same for a scheduler: what is wrong with the file is in the log and in the metrics."""
        self.reload()

    def send(self, to: str, notices: Sequence[Notice]) -> Delivery:
        """Deliver through the channels in force (guard.ports.notifier.Notifier)."""
        with self._lock:
            notifier = self._notifier
        return notifier.send(to, notices)

    def reaches(self, to: str) -> bool:
        with self._lock:
            return self._notifier.reaches(to)

    def close(self) -> None:
        self._notifier.close()


def try_channels(config: Config, *, loopback_only: bool) -> None:
    """Raise ConfigInvalid or WorldMismatch for an address under `notify:` that cannot work; nothing is sent."""
    ChannelNotifier(config.notify, loopback_only=loopback_only).close()


def _stamp(path: Path) -> tuple[int, int] | None:
    """What tells one state of a file from another: size and change time; None where it is not there."""
    try:
        found = os.stat(path)  # noqa: PTH116  # one call for both
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
