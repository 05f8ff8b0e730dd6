"""The sandbox's bill: rules and prices of its own, so that a guard's figures have something to be checked against."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from guard.sandbox.billing.shapes import MACHINES
from guard.sandbox.billing.tariff import SPOT, Sku, Tariff
from guard.sandbox.deployments import Deployment, PoolRun
from guard.sandbox.world import World

_AUTOMATIC: Final = Decimal("1.375")
"""USD per node-hour of automatic resources (AutoML image classification, cloud.google.com/vertex-ai/pricing, 2026-09)."""
_HOUR: Final = Decimal(3600)
_MICROSECOND: Final = timedelta(microseconds=1)

Bill = tuple[tuple[Sku, Decimal], ...] | Decimal
"""What one replica-hour is billed by: rows of the tariff with their quantities, or USD that the scenario says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What the meter charges: the tariff's rows, and in their place what a scenario says of a machine (USD an hour)."""

    tariff: Tariff = field(default_factory=Tariff)
    machines: Mapping[str, Decimal] = field(default_factory=dict)
    accelerators: Mapping[str, Decimal] = field(default_factory=dict)
    regions: Mapping[str, Decimal] = field(default_factory=dict)
    spot: Decimal = SPOT
    automatic: Decimal = _AUTOMATIC
    account: str = ""

    @classmethod
    def of(cls, spec: Any) -> "Prices":
        """The built-in prices with what a scenario adds or replaces."""
        spot = SPOT if spec.spot is None else spec.spot
        tariff = Tariff(regions=spec.regions, spot=spot)
        for pattern, share in spec.contract.items():
            tariff.agree(pattern, share)
        return cls(
            tariff=tariff,
            machines=spec.machines,
            accelerators=spec.accelerators,
            regions=spec.regions,
            spot=spot,
            automatic=_AUTOMATIC if spec.automatic is None else spec.automatic,
            account=spec.account,
        )

    def bill(self, run: Deployment | PoolRun) -> Bill | None:
        """What one replica-hour is billed by; None where the sandbox has no price for the machine."""
        if isinstance(run, Deployment) and run.kind in {"gemini", "pool"}:
            return Decimal(0)
        if isinstance(run, Deployment) and run.kind == "automatic":
            return self.automatic * self._factor(run)
        own = self.accelerators.get(run.accelerator_type) if run.machine_type.startswith("n1-") else None
        if run.machine_type in self.machines:
            attached = Decimal(0) if own is None else own * run.accelerator_count
            return (self.machines[run.machine_type] + attached) * self._factor(run)
        rows = _rows(self.tariff, run)
        if rows is None or own is None:
            return rows
        # The scenario prices the accelerator: the machine's own rows still count.
        return sum((sku.billed(run.started_at) * count for sku, count in rows if sku.group != "GPU"), Decimal(0)) + (
            own * run.accelerator_count * self._factor(run)
        )

    def hourly(self, run: Deployment | PoolRun, at: datetime) -> Decimal | None:
        """USD per replica-hour at an instant."""
        bill = self.bill(run)
        return sum((sku.billed(at) * count for sku, count in bill), Decimal(0)) if isinstance(bill, tuple) else bill

    def _factor(self, run: Deployment | PoolRun) -> Decimal:
        return self.regions.get(run.location, Decimal(1)) * (self.spot if run.spot else 1)


def _rows(tariff: Tariff, run: Deployment | PoolRun) -> tuple[tuple[Sku, Decimal], ...] | None:
    """The tariff's rows for one replica, or None where a part of it has none."""
    shape = MACHINES.get(run.machine_type)
    if shape is None:
        return None
    wanted = [(f"{shape.family} Core", Decimal(shape.cores)), (f"{shape.family} Ram", Decimal(shape.gib))]
    if shape.accelerator:
        wanted.append((shape.accelerator, Decimal(shape.accelerators)))
    elif run.accelerator_type:
        wanted.append((run.accelerator_type, Decimal(run.accelerator_count)))
    rows: list[tuple[Sku, Decimal]] = []
    for what, count in wanted:
        if not count:
            continue
        found = tariff.parts(what, run.location, spot=run.spot)
        if not found:
            return None
        rows += [(sku, count) for sku in found]
    return tuple(rows)


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
    """The bill for [since, until): a line a deployed model and a pool, a line a SKU, and the total in USD, decimals as strings.

    A machine without a price is listed under `unpriced` and is in no total. The price an hour is that at the end.
    """
    prices: Prices = world.settings.get("prices") or Prices()
    edges = [since, *prices.tariff.changed_between(since, until), until]
    total = Decimal(0)
    lines: list[dict[str, Any]] = []
    unpriced: list[str] = []
    by_sku: dict[tuple[str, str, str], list[Decimal]] = {}
    runs: list[Deployment | PoolRun] = [*world.deployments, *world.pool_runs]
    for run in runs:
        if run.started_at >= until or (run.ended_at is not None and run.ended_at <= since):
            continue
        seconds, bill = replica_seconds(run, since, until), prices.bill(run)
        line = _identity(run)
        line["replica_hours"] = _plain(seconds / _HOUR)
        if bill is None:
            unpriced.append(line["name"])
            line["usd"] = line["usd_per_replica_hour"] = None
            lines.append(line)
            continue
        usd = Decimal(0)
        for start, end in pairwise(edges):
            hours = replica_seconds(run, start, end) / _HOUR
            if isinstance(bill, Decimal):
                usd += bill * hours
                continue
            for sku, count in bill:
                cost = sku.billed(start) * count * hours
                usd += cost
                entry = by_sku.setdefault((sku.id, run.project_id, run.location), [Decimal(0), Decimal(0)])
                entry[0] += count * hours
                entry[1] += cost
        total += usd
        line["usd"], line["usd_per_replica_hour"] = _plain(usd), _plain(prices.hourly(run, until) or Decimal(0))
        lines.append(line)
    return {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "currency": "USD",
        "lines": lines,
        "skus": _sku_lines(prices.tariff, by_sku),
        "unpriced": sorted(set(unpriced)),
        "total_usd": _plain(total),
    }


def _sku_lines(tariff: Tariff, by_sku: Mapping[tuple[str, str, str], list[Decimal]]) -> list[dict[str, str]]:
    """The same bill by SKU, project and location, as an invoice has it: no resource is named."""
    known = {sku.id: sku for sku in tariff.skus}
    return [
        {
            "sku": sku_id,
            "description": known[sku_id].description,
            "service": known[sku_id].service,
            "project": project,
            "location": location,
            "unit": known[sku_id].unit,
            "quantity": _plain(quantity),
            "usd": _plain(usd),
        }
        for (sku_id, project, location), (quantity, usd) in sorted(by_sku.items())
        if quantity
    ]


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
