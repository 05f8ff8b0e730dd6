"""Things that are used as one: a pool and the models that share it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from guard.core.counts import Counts
from guard.core.model import HourlyPool, Snapshot
from guard.core.usage import Usage, merge


def together(usages: Mapping[str, Usage], pool: str, members: Sequence[str]) -> Usage | None:
    """The use of the group: a call to any sharer is a call; an hour is covered only where it is for every one of them.

    Replicas and witnesses are those of the same machines, whether monitoring tells them by pool or by deployed model.
    """
    records = [usages.get(name) for name in members]
    own = usages.get(pool)
    present = [record for record in (*records, own) if record is not None]
    if not present:
        return None
    result = present[0]
    for record in present[1:]:
        result = merge(result, record)
    origin = result.origin
    covered = 0 if any(record is None for record in records) else ~0
    for record in present:
        covered &= record.rebased(origin).covered
    counts: dict[int, int] = {}
    for record in present:
        for hour, count in record.counts.items():
            counts[hour] = counts.get(hour, 0) + count
    return replace(result, covered=max(0, covered), counts=Counts(counts))


def sharers_of(snapshot: Snapshot) -> dict[str, tuple[str, ...]]:
    """Return what shares each pool, by the pool's name: the deployed models seen on it, and those that it names itself."""
    found: dict[str, set[str]] = {pool.name: set(pool.sharers or ()) for pool in snapshot.pools}
    for endpoint in snapshot.endpoints if found else ():
        for deployed in endpoint.deployed:
            if isinstance(deployed.billing, HourlyPool) and deployed.billing.pool in found:
                found[deployed.billing.pool].add(deployed.name)
    return {name: tuple(sorted(members)) for name, members in found.items()}


def by_group(usages: Mapping[str, Usage], groups: Mapping[str, Sequence[str]]) -> Mapping[str, Usage]:
    """Return the records of what is judged by itself: each pool's is that of its group, its sharers have none of their own."""
    shared = {name for members in groups.values() for name in members}
    found = {name: usage for name, usage in usages.items() if name not in shared}
    for pool, members in groups.items():
        joined = together(usages, pool, members)
        if joined is not None:
            found[pool] = joined
    return found
