"""What the stack itself costs a month, part by part. Pure; an unknown price is said, never counted as 0."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from infra.settings import Settings

HOURS_A_MONTH: Final = Decimal(730)
"""The convention of Google's own price lists."""
BOOK: Final = Path(__file__).resolve().parents[1] / "guard" / "adapters" / "billing" / "shipped_prices.json"
"""The guard's own price book, read as data: infra imports nothing of the guard."""
REGION: Final = "us-central1"
"""Where the book's prices of a stack's parts hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """One row of the book that prices a part of a stack: USD for one `unit`, where it was read, and when."""

    amount: Decimal
    unit: str
    source: str
    as_of: str
    basis: str
    confidence: str


@lru_cache(maxsize=1)
def prices() -> Mapping[str, Price]:
    """The book's rows for a stack's parts, by item."""
    book = json.loads(BOOK.read_text(encoding="utf-8"))
    found = {}
    for row in book["rows"]:
        if row["part"] == "stack" and row["region"] == REGION:
            source = book["sources"][row["source"]]
            found[row["item"]] = Price(
                amount=Decimal(row["amount"]),
                unit=row["unit"],
                source=source["url"],
                as_of=source["as_of"],
                basis=source["basis"],
                confidence=source["confidence"],
            )
    return found


def _read() -> str:
    """The day of the oldest price."""
    return min(price.as_of for price in prices().values())


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """One part: `quantity` of the price `key`; `monthly` in the book's currency, None where the book has no price."""

    name: str
    key: str
    quantity: Decimal
    monthly: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyCost:
    """The lines and what is in no line because it depends on use."""

    currency: str
    lines: tuple[CostLine, ...]
    by_use: tuple[str, ...]

    @property
    def known(self) -> Decimal:
        """The sum of what has a price: a lower bound."""
        return sum((line.monthly for line in self.lines if line.monthly is not None), Decimal(0))

    @property
    def unpriced(self) -> tuple[str, ...]:
        return tuple(line.name for line in self.lines if line.monthly is None)

    def document(self) -> dict[str, Any]:
        """The stack output `monthlyCost`: amounts as text, so that they stay exact."""
        return {
            "atLeast": str(_cents(self.known)),
            "currency": self.currency,
            "basis": f"list price, {REGION}, read {_read()}",
            "lines": {line.name: str(_cents(line.monthly)) for line in self.lines if line.monthly is not None},
            "unpriced": list(self.unpriced),
            "byUse": list(self.by_use),
        }

    def sentence(self) -> str:
        """One line for the terminal."""
        gaps = f"; no price known for {', '.join(self.unpriced)}" if self.unpriced else ""
        parts = ", ".join(f"{line.name} {_cents(line.monthly)}" for line in self.lines if line.monthly is not None)
        return (
            f"This stack costs at least {_cents(self.known)} {self.currency} a month ({parts or 'nothing that runs'}{gaps}; "
            f"list prices of {REGION}, {_read()}). By use: {', '.join(self.by_use) or 'nothing'}."
        )


def monthly_cost(settings: Settings) -> MonthlyCost:
    """Price what `settings` would run, whether or not anybody uses it."""
    lines: list[CostLine] = []
    if settings.home == "vm":
        lines += [
            _line("machine", f"vm/{settings.machine}", HOURS_A_MONTH),
            _line("ledger disk", "disk/pd-balanced", Decimal(10)),
            _line("boot disk", "disk/pd-standard", Decimal(10)),
            _line("external address", "address/external", HOURS_A_MONTH),
        ]
    if settings.home == "worker_pool":
        lines += [
            _line("worker pool", "run/vcpu", HOURS_A_MONTH),
            _line("worker pool's memory", "run/gib", HOURS_A_MONTH / 2),
            _line("database", f"sql/{settings.database_tier}", HOURS_A_MONTH),
            _line("database disk", "sql/ssd", Decimal(10)),
        ]
    secrets = len(settings.secrets)
    if secrets:
        lines.append(_line("secrets", "secret/version", Decimal(secrets)))
    return MonthlyCost(currency="USD", lines=tuple(lines), by_use=tuple(_by_use(settings)))


def _by_use(settings: Settings) -> Iterable[str]:
    if settings.buckets:
        yield "bucket storage"
    if settings.images:
        yield "image storage"
    if settings.page:
        yield "page requests"
    if settings.endpoints:
        yield "models deployed to the endpoints (the guard's business)"


def _line(name: str, key: str, quantity: Decimal) -> CostLine:
    price = prices().get(key)
    return CostLine(name=name, key=key, quantity=quantity, monthly=None if price is None else price.amount * quantity)


def _cents(amount: Decimal | None) -> Decimal:
    return (amount or Decimal(0)).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
