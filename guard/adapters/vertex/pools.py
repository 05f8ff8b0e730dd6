"""Deployment resource pools from raw documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from guard.adapters.vertex.fields import Naming, Raw, digest, instant, part, required
from guard.adapters.vertex.machines import dedicated
from guard.core.model import Endpoint, HourlyPool, ResourcePool


def pool_from(raw: Raw, project_id: str, naming: Naming) -> ResourcePool:
    """Read one pool; who shares it is told by the endpoints (`sharers_of`), so here it is not known."""
    machines = dedicated(part(raw, "dedicatedResources"))
    return ResourcePool(
        name=naming(required(raw, "name")),
        project_id=project_id,
        machine=machines.machine,
        min_replicas=machines.min_replicas,
        max_replicas=machines.max_replicas,
        created_at=instant(raw, "createTime"),
        sharers=None,
        digest=digest({key: raw[key] for key in ("name", "dedicatedResources", "createTime") if key in raw}, naming),
    )


def sharers_of(endpoints: Iterable[Endpoint]) -> Mapping[str, tuple[str, ...]]:
    """Map each pool to the deployed models on it, by the endpoints' own word."""
    found: dict[str, list[str]] = {}
    for endpoint in endpoints:
        for deployed in endpoint.deployed:
            if isinstance(deployed.billing, HourlyPool):
                found.setdefault(deployed.billing.pool, []).append(deployed.name)
    return {pool: tuple(sorted(names)) for pool, names in found.items()}
