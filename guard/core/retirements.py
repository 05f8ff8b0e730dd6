"""The last day of the base models that tunes on Vertex AI stand on. Pure.

A tune goes with its base. OpenAI says the days itself (guard.core.tunes); Google's are written here, and are an indication only:
read the model's page before you plan by them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

LAST_DAYS: Mapping[str, date] = {
    "gemini-2.5-pro": date(2026, 10, 20),
    "gemini-2.5-flash": date(2026, 10, 20),
    "gemini-2.5-flash-lite": date(2026, 10, 20),
    "gemini-3.7-flash": date(2027, 1, 28),
    "gemini-3.1-flash-lite": date(2027, 5, 7),
    "gemini-3.5-flash": date(2027, 5, 19),
    "gemini-3.5-flash-lite": date(2027, 7, 21),
}
SOURCE = "LiteLLM's price map, deprecation_date of vertex_ai models, read 2026-11-24"


NOTHING: Mapping[str, date] = {}


def last_day(base: str, known: Mapping[str, date] = NOTHING) -> date | None:
    """The last day of a base model, by its name or a resource name that ends with it (`@version` or `-001` aside); None where no
    day is known. `known` are days that a person gave (token_prices in guard.yaml), which win.

    >>> last_day("publishers/google/models/gemini-3.5-flash@001")
    datetime.date(2027, 5, 19)
    >>> last_day("llama3_1@llama-3.1-8b") is None
    True
    """
    name = base.rsplit("/", 1)[-1].partition("@")[0]
    plain = name.removesuffix("-001")
    return known.get(name) or known.get(plain) or LAST_DAYS.get(plain)
