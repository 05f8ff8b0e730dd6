"""What each target accepts; figures and sources live in data/limits.json."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from importlib import resources
from typing import Literal

Target = Literal["openai", "gemini", "open", "anthropic"]
TARGETS: tuple[Target, ...] = ("openai", "gemini", "open", "anthropic")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bytes of one file, examples, tokens of one example; None where no limit is known."""

    max_file_bytes: int | None
    min_examples: int
    max_examples: int | None
    max_tokens_per_example: int
    max_validation_examples: int | None
    source: str


@functools.cache
def limits_of(target: Target) -> Limits:
    """The limits of one target, as known on the date in the file."""
    data = json.loads(resources.files("finetune").joinpath("data", "limits.json").read_text(encoding="utf-8"))
    return Limits(**data["targets"][target])


# The cheapest base of each target that can be used on the day the price file was read.
DEFAULT_MODEL: dict[Target, str] = {
    "openai": "gpt-4.1-mini-2025-04-14",
    "gemini": "gemini-3.1-flash-lite",
    "open": "meta/llama3_1@llama-3.1-8b-instruct",
    "anthropic": "claude-haiku-5-5",
}
