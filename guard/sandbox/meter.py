"""The sandbox's bill: rules and prices of its own, so that a guard's figures have something to be checked against."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from guard.sandbox.deployments import Deployment, PoolRun
from guard.sandbox.world import World

MACHINES: Final[Mapping[str, Decimal]] = {
    name: Decimal(usd)
    for name, usd in {
        "n1-standard-2": "0.1095",
        "n1-standard-4": "0.219",
        "n1-standard-8": "0.438",
        "n1-standard-16": "0.876",
        "n1-highmem-2": "0.137",
        "n1-highmem-4": "0.274",
        "n1-highcpu-4": "0.162",
        "g2-standard-4": "0.813",
        "g2-standard-8": "0.982",
        "g2-standard-12": "1.1507",
        "g2-standard-24": "2.301",
        "g2-standard-48": "4.6028",
        "a2-highgpu-1g": "4.2245",
        "a2-ultragpu-1g": "5.7818",
        "a3-highgpu-1g": "12.6259",
        "a3-highgpu-8g": "101.0074",
        "a3-ultragpu-8g": "96.0156",
        "ct5lp-hightpu-1t": "1.38",
    }.items()
}
"""USD per replica-hour in us-central1, accelerator of the machine family included. The n1 rows are sums of 0.036 a core and
0.005 a GiB (cloud.google.com/vertex-ai/pricing, 2026-09-08); g2-standard-12 and -48, a2 and a3 from github.com/google/skills,
snapshot of 2026-07-08; the other g2 rows and the TPU are Compute Engine list times 1.15, an estimate."""
ACCELERATORS: Final[Mapping[str, Decimal]] = {"NVIDIA_TESLA_T4": Decimal("0.4025")}
"""USD per accelerator-hour on machines that come without: Compute Engine list (0.35) times 1.15, an estimate."""
REGIONS: Final[Mapping[str, Decimal]] = {"europe-west4": Decimal("1.05"), "us-east4": Decimal("1.126")}
"""Factor to us-central1; 1 where nothing is said. Compute Engine ratios of 2026-11."""
_SPOT: Final = Decimal("0.4")
_AUTOMATIC: Final = Decimal("1.375")
"""USD per node-hour of automatic resources (AutoML image classification, cloud.google.com/vertex-ai/pricing, 2026-09)."""
_HOUR: Final = Decimal(3600)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What the meter charges, USD an hour; factors where they say so."""

    machines: Mapping[str, Decimal] = field(default_factory=lambda: MACHINES)
    accelerators: Mapping[str, Decimal] = field(default_factory=lambda: ACCELERATORS)
    regions: Mapping[str, Decimal] = field(default_factory=lambda: REGIONS)
    spot: Decimal = _SPOT
    automatic: Decimal = _AUTOMATIC

    @classmethod
    def of(cls, spec: Any) -> "Prices":
        """The built-in prices with what a scenario adds or replaces."""
        return cls(
            machines={**MACHINES, **spec.machines},
            accelerators={**ACCELERATORS, **spec.accelerators},
            regions={**REGIONS, **spec.regions},
            spot=_SPOT if spec.spot is None else spec.spot,
            automatic=_AUTOMATIC if spec.automatic is None else spec.automatic,
        )

    def hourly(self, run: Deployment | PoolRun) -> Decimal | None:
        """USD per replica-hour, None where the sandbox has no price for the machine."""
        if isinstance(run, Deployment) and run.kind in {"gemini", "pool"}:
            return Decimal(0)
        if isinstance(run, Deployment) and run.kind == "automatic":
            base: Decimal | None = self.automatic
        else:
            base = self.machines.get(run.machine_type)
            if base is not None and run.accelerator_type and run.machine_type.startswith("n1-"):
                each = self.accelerators.get(run.accelerator_type)
                base = None if each is None else base + each * run.accelerator_count
        if base is None:
            return None
        return base * self.regions.get(run.location, Decimal(1)) * (self.spot if run.spot else 1)


def replica_seconds(run: Deployment | PoolRun, since: datetime, until: datetime) -> Decimal:
    """Replicas times seconds of a run within [since, until)."""
    total = Decimal(0)
    end = min(run.ended_at or until, until)
    for position, (at, replicas) in enumerate(run.replica_steps):
        following = run.replica_steps[position + 1][0] if position + 1 < len(run.replica_steps) else end
        span = min(following, end) - max(at, since)
        if span > timedelta(0):
            total += Decimal(span // _MICROSECOND) / 1_000_000 * replicas
    return total


def read(world: World, since: datetime, until: datetime) -> dict[str, Any]:
    """The bill for [since, until): a line a deployed model and a pool, and the total in USD, decimals as strings.

    A machine without a price is listed under `unpriced` and is in no total.
    """
    prices: Prices = world.settings.get("prices") or Prices()
    total = Decimal(0)
    lines: list[dict[str, Any]] = []
    unpriced: list[str] = []
    runs: list[Deployment | PoolRun] = [*world.deployments, *world.pool_runs]
    for run in runs:
        if run.started_at >= until or (run.ended_at is not None and run.ended_at <= since):
            continue
        seconds, hourly = replica_seconds(run, since, until), prices.hourly(run)
        line = _identity(run)
        line["replica_hours"] = _plain(seconds / _HOUR)
        if hourly is None:
            unpriced.append(line["name"])
            line["usd"] = line["usd_per_replica_hour"] = None
        else:
            usd = hourly * seconds / _HOUR
            total += usd
            line["usd"], line["usd_per_replica_hour"] = _plain(usd), _plain(hourly)
        lines.append(line)
    return {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "currency": "USD",
        "lines": lines,
        "unpriced": sorted(set(unpriced)),
        "total_usd": _plain(total),
    }


def _identity(run: Deployment | PoolRun) -> dict[str, Any]:
    parent = f"projects/{run.project_number}/locations/{run.location}"
    common = {
        "project": run.project_id,
        "location": run.location,
        "machine_type": run.machine_type,
        "started_at": run.started_at.isoformat(),
        "ended_at": run.ended_at.isoformat() if run.ended_at else None,
    }
    if isinstance(run, PoolRun):
        return {"name": f"{parent}/deploymentResourcePools/{run.pool_id}", "kind": "pool_machines", **common}
    return {
        "name": f"{parent}/endpoints/{run.endpoint_id}",
        "kind": run.kind,
        "deployed_model_id": run.deployed_model_id,
        "endpoint_display_name": run.endpoint_display_name,
        **common,
    }


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
