"""Staying below the platform's quotas, so that the guard never takes them from the people it guards.

Vertex AI: 600 resource management calls a minute for a project and region (quotas page, read 2026-11-24). Cloud
Monitoring: 6,000 time series queries a minute for a project. The guard takes half of each.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

PER_MINUTE: Mapping[str, int] = {"vertex": 300, "monitoring": 3_000, "logging": 30, "projects": 300, "billing": 120}
"""Most calls a minute by service. Logging's own limit is 60 reads a minute for a project."""

Limiter = Callable[[str, str], None]
"""(service, what the quota is counted by) -> returns when a call may go out."""


def unlimited(_service: str, _key: str) -> None:
    """A sandbox has no quota, and its hours pass in seconds."""


def limited(most: Mapping[str, int] = PER_MINUTE, *, period_ms: int = 60_000) -> Limiter:
    """Make a limiter with a bucket for each service and key, made at its first call; `most` calls a period of machine time."""
    from pyrate_limiter import BucketFactory, InMemoryBucket, MonotonicClock, Rate, RateItem
    from pyrate_limiter import Limiter as Bucketed

    clock = MonotonicClock()

    class Buckets(BucketFactory):
        """Finds the bucket by the name `service key`."""

        def __init__(self) -> None:
            self.made: dict[str, InMemoryBucket] = {}

        def wrap_item(self, name: str, weight: int = 1) -> RateItem:
            return RateItem(name, clock.now(), weight=weight)

        def get(self, item: RateItem) -> InMemoryBucket:
            bucket = self.made.get(item.name)
            if bucket is None:
                service = item.name.partition(" ")[0]
                bucket = self.made[item.name] = InMemoryBucket([Rate(most[service], period_ms)])
                self.schedule_leak(bucket)
            return bucket

    limiter = Bucketed(Buckets())
    lock = threading.Lock()

    def wait(service: str, key: str) -> None:
        # Asked without blocking: the library would hold its lock, and so every other project, while one bucket refills.
        while True:
            with lock:
                if limiter.try_acquire(f"{service} {key}", blocking=False):
                    return
            time.sleep(0.05)

    return wait
