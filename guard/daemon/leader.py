"""One leader: a lease in the ledger with a fencing term, kept by machine time on this side.

The lease is renewed each third of its length; `left()` is what the fence of an act asks, pessimistic by the time the
renewal took.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Callable
from datetime import timedelta
from threading import RLock

from guard.ports.clock import Clock
from guard.ports.errors import GuardError
from guard.ports.ledger import Held, Lease, Ledger
from guard.telemetry import events, logging
from guard.telemetry.metrics import Metrics

LEASE = timedelta(seconds=30)
"""Length of a lease: longer than one call's time-out plus margin, short enough that a successor starts soon."""

ASK_AGAIN_S = 0.5
"""Seconds between two looks at another's lease."""

log = logging.get()


class Leadership:
    """Takes, renews and gives up the lease; knows how much of it is left. Thread-safe."""

    def __init__(self, ledger: Ledger, clock: Clock, metrics: Metrics, *, length: timedelta = LEASE) -> None:
        self._ledger = ledger
        self._clock = clock
        self._metrics = metrics
        self._lease: Lease | None = None
        self._deadline = 0.0
        self._standing_by = False
        self._since = 0.0
        self._lock = RLock()
        self.failed: GuardError | None = None
        """Why the ledger could not be asked at the latest attempt; None where it could."""
        self.length = length
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"

    def ensure(self) -> Lease | None:
        """Hold the lease, taking or renewing it; None if another daemon holds it or the ledger cannot be asked."""
        with self._lock:
            return self._ensure()

    def held(self) -> Lease | None:
        """The lease, renewed where a third of it is over: for each of many acts, whose intent asks the ledger again."""
        with self._lock:
            fresh = self._lease is not None and self.left() > self.length * 2 / 3
            return self._lease if fresh else self._ensure()

    def take(self, pause: Callable[[float], None]) -> Held | None:
        """Take the lease, outlasting one that a daemon left which died; returns who leads if that one is alive.

        A leader that is alive renews its lease each third of its length: what is left of it grows. `pause` waits, in seconds
        of machine time. Raises GuardError if the ledger cannot be asked.
        """
        before: Held | None = None
        while self.ensure() is None:
            held = self._ledger.leader()
            if held and before and held.holder == before.holder and held.left > before.left:
                return held
            before = held
            pause(ASK_AGAIN_S)
        return None

    def _ensure(self) -> Lease | None:
        asked = self._clock.monotonic()
        held = self._lease
        try:
            lease = self._ledger.renew_lease(held, self.length) if held else None
            if lease is None:
                lease = self._ledger.acquire_lease(self.holder, self.length)
        except GuardError as error:
            self.failed = error
            self._metrics.ledger_writable.set(0)
            log.warning(events.LEDGER_FAILED, detail=str(error))
            return held if self.left() > timedelta(0) else None
        self.failed = None
        if lease is None:
            if held is not None:
                log.warning(events.LEADER_LOST, term=held.term)
            elif not self._standing_by:
                log.warning(
                    events.LEADER_STANDBY,
                    detail="another daemon leads on this ledger; this one takes over when it ends",
                )
            self._lease = None
            self._standing_by = True
        else:
            self._standing_by = False
            if held is None or held.term != lease.term:
                self._since = asked
                log.info(events.LEADER_ACQUIRED, term=lease.term, holder=self.holder)
            self._lease = lease
            # Counted from before the call: the answer may have been long on its way.
            self._deadline = asked + lease.expires_in.total_seconds()
        self._metrics.ledger_writable.set(1)
        self._tell()
        return self._lease

    def _tell(self) -> None:
        """A follower tells no figures of the fleet: sums over all daemons would count them twice."""
        if self._lease is None:
            self._metrics.stand_by()
        else:
            self._metrics.leader.set(1)

    def left(self) -> timedelta:
        """Machine time that the lease is still good for."""
        if self._lease is None:
            return timedelta(0)
        return timedelta(seconds=max(0.0, self._deadline - self._clock.monotonic()))

    def held_for(self) -> timedelta:
        """Machine time since this term began."""
        return timedelta(seconds=self._clock.monotonic() - self._since) if self._lease else timedelta(0)

    def release(self) -> None:
        """Give the lease up, so that a successor need not wait."""
        with self._lock:
            held, self._lease = self._lease, None
            self._tell()
        if held is None:
            return
        try:
            self._ledger.release_lease(held)
        except GuardError as error:
            log.warning(events.LEDGER_FAILED, detail=str(error))
