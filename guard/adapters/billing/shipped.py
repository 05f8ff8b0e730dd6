"""The price rows that ship with the package.

They were checked on 2026-11-24 against stored public copies. Left out on purpose: rows whose only public copy comes from a
project under a non-commercial licence (G2 4 and 8, T4, L4, TPU estimates), and every ratio between regions.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Any

from guard.core.model import Provisioning
from guard.core.prices import UNITS, Basis, Confidence, Part, PriceBook, PriceRow


@lru_cache(maxsize=1)
def shipped_rows() -> tuple[PriceRow, ...]:
    """Read the shipped rows."""
    data = json.loads(files(__package__).joinpath("shipped_prices.json").read_text(encoding="utf-8"))
    return tuple(_row(raw, data["sources"][raw["source"]], data["currency"]) for raw in data["rows"])


def load_price_book(overrides: Iterable[PriceRow] = ()) -> PriceBook:
    """Make the price book: shipped rows, over which the rows of guard.yaml (`overrides`) win."""
    return PriceBook(shipped_rows(), overrides)


def _row(raw: Mapping[str, str], source: Mapping[str, Any], currency: str) -> PriceRow:
    part = Part(raw["part"])
    return PriceRow(
        part=part,
        item=raw["item"],
        region=raw["region"],
        amount=Decimal(raw["amount"]),
        source=source["url"],
        as_of=date.fromisoformat(source["as_of"]),
        unit=raw.get("unit", UNITS[part][0]),
        currency=currency,
        basis=Basis(source["basis"]),
        confidence=Confidence(raw.get("confidence", source["confidence"])),
        provisioning=Provisioning(raw.get("provisioning", Provisioning.ON_DEMAND)),
    )
