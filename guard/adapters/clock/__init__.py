"""The clocks: the machine's, and a sandbox's."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import requests

from guard.adapters.worlds import ask_sandbox
from guard.ports.errors import Malformed


class SystemClock:
    """Real time."""

    def now(self) -> datetime:
        """Domain time: the machine's wall clock, aware UTC."""
        return datetime.now(UTC)  # noqa: TID251  # this is the one place that reads it

    def monotonic(self) -> float:
        """Machine time in seconds."""
        return time.monotonic()


class SandboxClock:
    """A sandbox's virtual time as domain time; machine time stays real. Each `now` asks the sandbox."""

    def __init__(self, session: requests.Session, url: str) -> None:
        self._session = session
        self._url = url.rstrip("/")

    def now(self) -> datetime:
        """Domain time, aware UTC. Raises Unavailable where the sandbox is gone, Malformed."""
        said = ask_sandbox(self._session, self._url, "/sandbox/clock").get("now")
        try:
            at = datetime.fromisoformat(str(said))
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            raise Malformed(f"{self._url}/sandbox/clock: now is {said!r}, expected an RFC 3339 time.")
        return at.astimezone(UTC)

    def monotonic(self) -> float:
        """Machine time in seconds."""
        return time.monotonic()
