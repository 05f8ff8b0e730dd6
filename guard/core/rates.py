"""What one unit of anything that bills costs an hour: a replica of a machine, a stored GiB, one token an hour. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from guard.core.billed import Billed, Metered
from guard.core.prices import Part, PriceBook, Priced
from guard.core.units import HOURS_A_MONTH, Known, Maybe, Money, Rate, Unknown

GLOBAL = "global"
"""Region of a token price that holds wherever no region has its own."""
TUNED = Decimal("1.5")
"""What calls of a tune cost at most, in calls of its base: 1.5 from Gemini 3 on, 1 before
(cloud.google.com/gemini-enterprise-agent-platform/generative-ai/pricing, read 2026-11-24)."""
_PICO = Decimal("0.000000000001")
_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Measure:
    """What a thing's quantity is called, one hour of it, and in a FOCUS export."""

    unit: str
    focus_unit: str
    service: str
    category: str


MEASURES: Mapping[Metered, Measure] = {
    Metered.BUCKET: Measure("GiB h", "GiB-Hours", "Cloud Storage", "Storage"),
    Metered.INPUT_TOKENS: Measure("tokens", "Tokens", "Vertex AI", "AI and Machine Learning"),
    Metered.OUTPUT_TOKENS: Measure("tokens", "Tokens", "Vertex AI", "AI and Machine Learning"),
}
MACHINE = Measure("replica h", "Replica-Hours", "Vertex AI", "AI and Machine Learning")


def measure_of(thing: Billed) -> Measure:
    """How a thing is measured."""
    return MEASURES[thing.kind] if isinstance(thing.kind, Metered) else MACHINE


def price_of(thing: Billed, book: PriceBook, at: datetime) -> Maybe[Priced]:
    """Money an hour for one replica, one GiB, or one token an hour; Unknown where the book has no row for it.

    A token price is that of the base model: the metric counts calls of a base and of its tunes together, so it is a lower bound.
    """
    item = thing.machine.machine_type
    match thing.kind:
        case Metered.BUCKET:
            row = book.find(Part.STORAGE, item, thing.location, at)
            if isinstance(row, Unknown):
                return row
            # A month of 730 hours, as price lists have it; rounded to 1e-12, so that sums of lines are exact decimals.
            per_hour = Money((row.value.amount / HOURS_A_MONTH).quantize(_PICO), row.value.currency)
            return Known(Priced(rate=Rate(per_hour), rows=(row.value,), note=f"{row.value.source}, {row.value.as_of}"))
        case Metered.INPUT_TOKENS | Metered.OUTPUT_TOKENS:
            part = Part.INPUT_TOKENS if thing.kind is Metered.INPUT_TOKENS else Part.OUTPUT_TOKENS
            row = book.find(part, item, thing.location, at)
            if isinstance(row, Unknown):
                row = book.find(part, item, GLOBAL, at)
            if isinstance(row, Unknown):
                return row
            note = (
                f"at least: {row.value.source}, {row.value.as_of}; calls of tunes, which the metric does not tell apart, "
                f"cost up to {TUNED} times that"
            )
            per_token = Money(row.value.amount / _MILLION, row.value.currency)
            return Known(Priced(rate=Rate(per_token), rows=(row.value,), note=note, is_lower_bound=True))
        case _:
            return book.rate(thing.machine, thing.location, Decimal(1), at)
