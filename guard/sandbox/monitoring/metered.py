"""What lies in the buckets, sampled once a day, and tokens of a publisher's models: series of their own resources."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

import numpy as np

from guard.sandbox.monitoring.window import Mask, Minutes, Numbers
from guard.sandbox.storage.shelves import shelves_of
from guard.sandbox.world import World

DAY: Final = 1440
TOKENS_A_CALL: Final = {"input": 400, "output": 150}
"""Tokens of a call, the sandbox's own figures; every call has the same number."""

Row = tuple[str, str, Mapping[str, str], Mapping[str, str], Numbers, Mask]
"""Owner, location, metric labels, resource labels, values, present."""


def stored(world: World, project_number: str, minutes: Minutes) -> Iterator[Row]:
    """Bytes of each bucket by storage class, with one point a day, at its first minute (UTC)."""
    project = world.project(project_number)
    if project is None:
        return
    sampled = np.arange(minutes.first, minutes.last) % DAY == 0
    for bucket in shelves_of(world).buckets(project):
        classes: defaultdict[str, Numbers] = defaultdict(lambda: np.zeros(len(minutes), dtype=np.int64))
        for storage_class, size, since in bucket.held():
            low, high = minutes.within(since, None)
            classes[storage_class][low:high] += size
        began = datetime.fromisoformat(str(bucket.document["timeCreated"])).astimezone(UTC)
        low, high = minutes.within(began, None)
        there = np.zeros(len(minutes), dtype=bool)
        there[low:high] = True
        location = str(bucket.document["location"]).lower()
        for storage_class, values in classes.items():
            yield (
                f"projects/_/buckets/{bucket.name}",
                location,
                {"storage_class": storage_class, "type": "live-object"},
                {"project_id": project.id, "bucket_name": bucket.name, "location": location},
                np.where(sampled & there, values, 0),
                sampled & there,
            )


def tokens(calls: Numbers, present: Mask) -> Iterator[tuple[str, Numbers, Mask]]:
    """Type, values and presence of the tokens that calls used; only calls that were answered are counted."""
    for kind, each in TOKENS_A_CALL.items():
        yield kind, calls * each, present
