"""A kept public map of token prices and last days, read as data: LiteLLM's `model_prices_and_context_window.json` or its like.

Only Vertex AI's Gemini models are taken, their price of input and output tokens and `deprecation_date`; OpenAI tells its own days.
A model that the file names twice with two prices is left out: which one holds is not known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from guard.core.prices import Part, PriceRow

LARGEST = 20_000_000
"""Bytes; the public file has 2 million."""
_MILLION = Decimal(1_000_000)
_KEYS = {Part.INPUT_TOKENS: "input_cost_per_token", Part.OUTPUT_TOKENS: "output_cost_per_token"}
_PROVIDERS = {"vertex_ai", "vertex_ai-language-models"}


@dataclass(frozen=True, slots=True)
class TokenMap:
    """What a file says."""

    rows: tuple[PriceRow, ...] = ()
    last_days: Mapping[str, date] = field(default_factory=dict)


def read_map(path: Path, as_of: date) -> TokenMap:
    """Read a map whose prices were read on a day. Raises ValueError with what is wrong; half a map is none."""
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"{path}: larger than {LARGEST:,} bytes")  # noqa: TRY301  # told like what the reader finds
        data = json.loads(path.read_bytes(), parse_float=Decimal, parse_int=Decimal)
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ValueError(f"{path}: is no JSON that we know: {error}") from error
    if not isinstance(data, dict):
        raise ValueError(f"{path}: found no JSON object. Expected model names with their prices")  # noqa: TRY004  # one kind
    prices: dict[tuple[Part, str], set[Decimal]] = {}
    days: dict[str, set[date]] = {}
    for key, about in data.items():
        name = str(key).removeprefix("vertex_ai/")
        if (
            not isinstance(about, dict)
            or about.get("litellm_provider") not in _PROVIDERS
            or not name.startswith("gemini-")
        ):
            continue
        _take(name, about, prices, days, path)
    source = f"token prices in {path.name}"
    rows = [
        PriceRow(
            part=part, item=name, region="global", amount=found.pop(), source=source, as_of=as_of, unit="1M tokens"
        )
        for (part, name), found in sorted(prices.items())
        if len(found) == 1
    ]
    if not rows:
        raise ValueError(f"{path}: names no Gemini model of Vertex AI with a token price. Expected LiteLLM's price map")
    return TokenMap(tuple(rows), {name: found.pop() for name, found in days.items() if len(found) == 1})


def _take(
    name: str,
    about: Mapping[str, Any],
    prices: dict[tuple[Part, str], set[Decimal]],
    days: dict[str, set[date]],
    path: Path,
) -> None:
    try:
        for part, key in _KEYS.items():
            if key in about and Decimal(about[key]) > 0:
                prices.setdefault((part, name), set()).add((Decimal(about[key]) * _MILLION).normalize())
        if about.get("deprecation_date"):
            days.setdefault(name, set()).add(date.fromisoformat(str(about["deprecation_date"])))
    except (TypeError, ValueError, ArithmeticError) as error:
        raise ValueError(f"{path}: {name}: {error}") from error
