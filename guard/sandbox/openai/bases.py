"""Base models of the sandbox, with the dates and prices that hold on 2026-11-24 (USD per 1,000,000 tokens).

Sources: OpenAI deprecations page (mirror of 2026-10-14) and price list as carried by LiteLLM 1.110.2. The sandbox bills by these,
whatever the scripts believe.
"""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Base:
    """A base model; `training` None means that it cannot be tuned."""

    shutdown_date: str | None
    input: Decimal
    output: Decimal
    training: Decimal | None = None
    tuned_input: Decimal | None = None
    tuned_output: Decimal | None = None
    created: int = 1_700_000_000


def _base(shutdown: str | None, plain: tuple[str, str], tuned: tuple[str, str, str] | None = None) -> Base:
    """A base from (input, output) and, if it can be tuned, (training, tuned input, tuned output)."""
    training, tuned_input, tuned_output = (Decimal(price) for price in tuned) if tuned else (None, None, None)
    return Base(shutdown, Decimal(plain[0]), Decimal(plain[1]), training, tuned_input, tuned_output)


BASES = {
    "gpt-4.1-2025-04-14": _base("2027-01-14", ("2", "8"), ("25", "3", "12")),
    "gpt-4.1-mini-2025-04-14": _base("2027-01-14", ("0.40", "1.60"), ("5", "0.80", "3.20")),
    "gpt-4o-2024-08-06": _base("2027-01-14", ("2.50", "10"), ("25", "3.75", "15")),
    "gpt-4o-mini-2024-07-18": _base("2027-01-14", ("0.15", "0.60"), ("3", "0.30", "1.20")),
    "gpt-4.1-nano-2025-04-14": _base("2026-10-23", ("0.10", "0.40"), ("1.50", "0.20", "0.80")),
    "gpt-6-luna": _base(None, ("0.10", "0.50")),
}


def base_name(model: str) -> str:
    """The base behind a model id."""
    return model.split(":")[1] if model.startswith("ft:") else model
