"""The price list of the sandbox's cloud: SKU rows with their history. The meter bills by them, the catalogue serves them.

On-demand prediction rows are all-in. Spot is billed by a Compute Engine row and a management fee row of 15 % of the list
price. The same fee rows stand beside the on-demand rows, where adding them would count the fee twice: the trap that public
price tools fall into. Prices are whole nanos of a dollar, as the catalogue can say no less.

Figures: N1, A3 and H100 rows as in cloud.google.com/vertex-ai/pricing and cloud.google.com/skus (2025-08 to 2026-09); G2 and A2
rows are solved so that the machines cost what github.com/google/skills prints (2026-07-08); the rest are estimates.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Final

from guard.sandbox.vertex.names import LOCATIONS

VERTEX: Final = "C7E2-9256-1C43"
COMPUTE: Final = "6F81-5844-456A"
SERVICES: Final = {VERTEX: "Vertex AI", COMPUTE: "Compute Engine"}

NANO: Final = Decimal("0.000000001")
_FEE: Final = Decimal("0.15") / Decimal("1.15")
"""Share of an all-in price that is the management fee: 15 % of the list price, which the all-in price holds 1.15 times."""

SPOT: Final = Decimal("0.4")
"""Factor of a Spot price, fee included."""

_PARTS: Final[Mapping[str, tuple[str, str]]] = {
    "n1": ("0.036", "0.005"),
    "g2": ("0.02874", "0.003368125"),
    "a2": ("0.03635265", "0.00487255"),
    "a3": ("0.0293227", "0.0025534"),
}
"""USD per vCPU hour and per GiB hour, all-in."""
_ACCELERATORS: Final[Mapping[str, tuple[str, str]]] = {
    "NVIDIA_TESLA_T4": ("Nvidia Tesla T4 GPU", "0.4025"),
    "NVIDIA_L4": ("Nvidia L4 GPU", "0.64415"),
    "NVIDIA_TESLA_A100": ("Nvidia Tesla A100 GPU", "3.37410145"),
    "NVIDIA_A100_80GB": ("Nvidia Tesla A100 80GB GPU", "4.51723465"),
    "NVIDIA_H100_80GB": ("Nvidia H100 80gb GPU", "11.2660142"),
    "NVIDIA_H200_141GB": ("NVIDIA H200 141GB GPU", "10.2387098"),
    "TPU_V5E": ("Cloud TPU v5e Chips", "1.38"),
}
"""Words of the description, and USD per accelerator hour, all-in."""
_PLACES: Final[Mapping[str, tuple[str, str]]] = {
    "europe-west4": ("Netherlands", "1.05"),
    "us-east4": ("Northern Virginia", "1.126"),
}
"""Regions with rows of their own: the name in the description, and the factor to us-central1 (Compute Engine, 2026-11)."""
_AREAS: Final[Mapping[str, tuple[str, ...]]] = {
    "Americas": ("us-", "northamerica-", "southamerica-"),
    "EMEA": ("europe-", "me-", "africa-"),
    "APAC": ("asia-", "australia-"),
}


@dataclass(slots=True, kw_only=True)
class Sku:
    """One row: what it prices, where, and what it cost from when on (USD a unit)."""

    service: str
    description: str
    regions: tuple[str, ...]
    steps: list[tuple[datetime | None, Decimal]]
    usage_type: str = "OnDemand"
    group: str = ""
    unit: str = "h"
    tiers: tuple[tuple[int, Decimal], ...] = ()  # in place of the steps: (from so many units on, USD)
    contract: Decimal = Decimal(1)  # share of the list price that the billing account has agreed on
    id: str = field(init=False)

    def __post_init__(self) -> None:
        digest = hashlib.sha256(f"{self.service} {self.description} {self.unit} {self.regions}".encode()).hexdigest()
        self.id = "-".join(digest[start : start + 4].upper() for start in (0, 4, 8))

    def usd(self, at: datetime) -> Decimal:
        """The price in force at an instant."""
        return [usd for since, usd in self.steps if since is None or since <= at][-1]

    def billed(self, at: datetime) -> Decimal:
        """What the billing account pays at an instant, in whole nanos of a dollar."""
        return (self.usd(at) * self.contract).quantize(NANO)


class Tariff:
    """All rows of a world."""

    def __init__(self, *, regions: Mapping[str, Decimal] | None = None, spot: Decimal = SPOT) -> None:
        self.skus: list[Sku] = []
        self._spot = spot
        self._own = _own_places(regions or {})
        self._billed: dict[tuple[str, str, bool], tuple[Sku, ...]] = {}
        for place, regions_there, factor in self._places():
            for family, prices in _PARTS.items():
                for part, unit, price in zip(("Core", "Ram"), ("h", "GiBy.h"), prices, strict=True):
                    # A2 lacks "Predefined" in Google's own texts; the fee and training texts are worded otherwise again.
                    words = f"{family.upper()} {'' if family == 'a2' else 'Predefined '}Instance {part}"
                    group = "CPU" if part == "Core" else "RAM"
                    self._trio(f"{family} {part}", words, group, unit, place, regions_there, Decimal(price) * factor)
            for kind, (words, price) in _ACCELERATORS.items():
                self._trio(kind, words, "GPU", "h", place, regions_there, Decimal(price) * factor)
        self.skus += _traps()

    def parts(self, what: str, region: str, *, spot: bool) -> tuple[Sku, ...]:
        """The rows that are billed for a part (`n1 Core`, `NVIDIA_L4`) in a region; none where there are none."""
        return self._billed.get((what, region, spot), ())

    def change(self, pattern: str, factor: Decimal, at: datetime) -> int:
        """Multiply the price of every row whose description fits, from `at` on; returns how many there are.

        Raises ValueError where none fits.
        """
        found = [sku for sku in self.skus if fnmatchcase(sku.description, pattern) and sku.steps]
        if not found:
            raise ValueError(f"no SKU's description fits {pattern!r}")
        for sku in found:
            sku.steps.append((at, (sku.steps[-1][1] * factor).quantize(NANO)))
        return len(found)

    def agree(self, pattern: str, share: Decimal) -> int:
        """Let the billing account pay a share of the list price for every row whose description fits; returns how many."""
        found = [sku for sku in self.skus if fnmatchcase(sku.description, pattern) and sku.steps]
        if not found:
            raise ValueError(f"no SKU's description fits {pattern!r}")
        for sku in found:
            sku.contract = share
        return len(found)

    def changed_between(self, since: datetime, until: datetime) -> list[datetime]:
        """The instants within (since, until) at which some price changes."""
        return sorted({at for sku in self.skus for at, _ in sku.steps if at is not None and since < at < until})

    def _trio(
        self, what: str, words: str, group: str, unit: str, place: str, regions: tuple[str, ...], usd: Decimal
    ) -> None:
        """One part on demand, its management fee, and the Compute Engine row of its Spot price."""
        fee = (usd * _FEE).quantize(NANO)
        prefix = "Vertex AI: Online/Batch Prediction"
        listed = _sku(VERTEX, f"{prefix} {words} running in {place}", regions, usd, group, unit)
        charged = _sku(VERTEX, f"{prefix} management fee on {words} in {place}", regions, fee, group, unit)
        spot = _sku(
            COMPUTE,
            f"Spot Preemptible {words} running in {place}",
            regions,
            (usd * self._spot).quantize(NANO) - fee,
            group,
            unit,
            # Google marks some Spot rows as on demand (H100 here), so a mapping that trusts usageType is wrong.
            usage_type="OnDemand" if "H100" in words else "Preemptible",
        )
        host = _sku(COMPUTE, f"{words} running in {place}", regions, usd - fee, group, unit)
        self.skus += [listed, charged, spot, host]
        for region in regions:
            if place in _AREAS and region in self._own:
                continue  # the area's rows name the region too, but its own rows are billed
            self._billed[what, region, False] = (listed,)
            self._billed[what, region, True] = (spot, charged)

    def _places(self) -> Iterator[tuple[str, tuple[str, ...], Decimal]]:
        """Name in the description, regions, factor. An area lists every region in it, also one with rows of its own."""
        for area, prefixes in _AREAS.items():
            yield area, tuple(one for one in LOCATIONS if one.startswith(prefixes)), Decimal(1)
        for region, (name, factor) in self._own.items():
            yield name, (region,), factor


def _own_places(given: Mapping[str, Decimal]) -> dict[str, tuple[str, Decimal]]:
    """Region -> its name and factor: the built-in ones with what a scenario says."""
    own = {region: (name, Decimal(factor)) for region, (name, factor) in _PLACES.items()}
    return own | {region: (own.get(region, (region, factor))[0], factor) for region, factor in given.items()}


def _sku(
    service: str,
    description: str,
    regions: tuple[str, ...],
    usd: Decimal,
    group: str,
    unit: str,
    usage_type: str = "OnDemand",
) -> Sku:
    return Sku(
        service=service,
        description=description,
        regions=regions,
        steps=[(None, usd.quantize(NANO))],
        usage_type=usage_type,
        group=group,
        unit=unit,
    )


def _traps() -> Iterable[Sku]:
    """Rows that no machine of the sandbox is billed by, each a mistake that some public tool made."""
    iowa: Sequence[tuple[str, str, str, str, str]] = (
        (VERTEX, "Vertex AI: Training/Pipelines on A3 Instance Core in Iowa", "0.0293227", "OnDemand", "h"),
        (VERTEX, "Vertex AI: Online/Batch Prediction NVIDIA B200 GPU running in Iowa", "0", "OnDemand", "h"),
        (VERTEX, "Vertex AI: Online/Batch Prediction C3 Predefined Instance Core running in Iowa", "28.5", "OnDemand", "mo"),
        (VERTEX, "Vertex AI: Online/Batch Prediction E2 Predefined Instance Core running in Iowa", "0.0251", "OnDemand", "h"),
        (VERTEX, "Vertex AI: Online/Batch Prediction E2 Predefined Instance  Core running in Iowa", "0.0293", "OnDemand", "h"),
        (COMPUTE, "Commitment v1: N1 Cpu in Iowa for 1 Year", "0.019915", "Commit1Yr", "h"),
        (COMPUTE, "DWS Defined Duration A3 Predefined Instance Core running in Iowa", "0.0146", "OnDemand", "h"),
    )  # fmt: skip
    for service, description, usd, usage_type, unit in iowa:
        yield _sku(service, description, ("us-central1",), Decimal(usd), "CPU", unit, usage_type)
    yield Sku(
        service=VERTEX,
        description="Gemini 3.5 Flash Tuning Tokens - Predictions",
        regions=("global",),
        steps=[],
        unit="count",
        tiers=((0, Decimal(0)), (1_000_000, Decimal("0.00001"))),
    )
