"""How often somebody may try: logins by address, words by person. Counted in this process; one process serves the page."""

from __future__ import annotations

import threading

from pyrate_limiter import BucketFactory, InMemoryBucket, MonotonicClock, Rate, RateItem
from pyrate_limiter import Limiter as Bucketed

LOGINS_PER_MINUTE = 30
"""For one address: a team behind one proxy signs in at nine o'clock, and a guesser of 256 random bits gets nowhere."""
WORDS_PER_MINUTE = 60
"""For one person or token: a script that keeps a fleet's things one by one passes, one that runs wild does not."""
BUCKETS = 10_000
"""So many addresses and people are told apart; beyond that the oldest count is forgotten, which bounds the memory."""
_MINUTE_MS = 60_000


class Limits(BucketFactory):
    """Asks without waiting. Thread-safe."""

    def __init__(self) -> None:
        self._clock = MonotonicClock()
        self._made: dict[str, InMemoryBucket] = {}
        self._limiter = Bucketed(self)
        self._lock = threading.Lock()

    def may_log_in(self, address: str) -> bool:
        return self._take(f"login {address}")

    def may_speak(self, who: str) -> bool:
        return self._take(f"word {who}")

    def wrap_item(self, name: str, weight: int = 1) -> RateItem:
        return RateItem(name, self._clock.now(), weight=weight)

    def get(self, item: RateItem) -> InMemoryBucket:
        bucket = self._made.get(item.name)
        if bucket is None:
            if len(self._made) >= BUCKETS:
                del self._made[next(iter(self._made))]
            most = LOGINS_PER_MINUTE if item.name.startswith("login ") else WORDS_PER_MINUTE
            # No leak is scheduled: that would be a thread; a bucket drops what is old when it is asked.
            bucket = self._made[item.name] = InMemoryBucket([Rate(most, _MINUTE_MS)])
        bucket.leak(item.timestamp)
        return bucket

    def _take(self, name: str) -> bool:
        with self._lock:
            return bool(self._limiter.try_acquire(name, blocking=False))
