"""The path without tuning: a prompt for Claude built of instructions, format and examples in XML tags, cached as one prefix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from typing import Any

from finetune.model import Example
from finetune.prices import MILLION, ModelPrice
from finetune.retrieval import Passage

# Prices relative to input: writing into the cache for five minutes or an hour. Source: LiteLLM 1.110.2, read 2026-11-24.
WRITE = {"5m": Decimal("1.25"), "1h": Decimal(2)}
BATCH = Decimal("0.5")
# Shortest prefix that is cached, in tokens. Source: Anthropic, prompt caching guide, read 2026-11-24; the 5-5 models
# are not verified.
CACHE_FROM = {
    "claude-opus-5": 512,
    "claude-opus-5-5": 512,
    "claude-sonnet-5-5": 1024,
    "claude-sonnet-4-6": 1024,
    "claude-haiku-4-5": 4096,
    "claude-haiku-5-5": 4096,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What every question is asked with. `system` ends in the cache mark, if caching is wanted."""

    system: list[dict[str, Any]]

    def request(
        self, model: str, question: str, *, max_tokens: int, passages: Sequence[Passage] = ()
    ) -> dict[str, Any]:
        """A request body for messages, token counts and batches alike. Passages stand above the question, each citable."""
        content: list[dict[str, Any]] = [_result(passage) for passage in passages]
        content.append({"type": "text", "text": question})
        return {
            "model": model,
            "max_tokens": max_tokens,
            "system": self.system,
            "messages": [{"role": "user", "content": content}],
        }


def build(
    instructions: str, examples: Sequence[Example], *, answer_format: str | None = None, cache: str | None = "5m"
) -> Prompt:
    """Instructions, format and examples, each in tags of its own; what is the same for every question stands first, so
    that it is cached.

    Args:
        instructions: What to do.
        examples: Worked examples from the data set.
        answer_format: The form of the answer, if it is fixed.
        cache: "5m", "1h", or None for no caching.
    """
    parts = [f"<instructions>\n{instructions.strip()}\n</instructions>"]
    if answer_format:
        parts.append(f"<format>\nFormat: {answer_format.strip()}\n</format>")
    if examples:
        shown = "\n".join(_example(example) for example in examples)
        parts.append(f"<examples>\n{shown}\n</examples>")
    block: dict[str, Any] = {"type": "text", "text": "\n\n".join(parts)}
    if cache is not None:
        block["cache_control"] = {"type": "ephemeral", "ttl": cache}
    return Prompt(system=[block])


def _example(example: Example) -> str:
    question, answer = escape(example.question, quote=False), escape(example.output, quote=False)
    return f"<example>\n<input>{question}</input>\n<output>{answer}</output>\n</example>"


def _result(passage: Passage) -> dict[str, Any]:
    return {
        "type": "search_result",
        "source": passage.source,
        "title": passage.heading,
        "content": [{"type": "text", "text": passage.text}],
        "citations": {"enabled": True},
    }


def cost(price: ModelPrice | None, usage: Any, *, ttl: str = "5m", batch: bool = False) -> Decimal | None:
    """USD of one answer from its usage, cache writes and reads at their own rates; None where a price is unknown."""
    if price is None or price.input is None or price.output is None:
        return None
    written, read = usage.cache_creation_input_tokens or 0, usage.cache_read_input_tokens or 0
    if read and price.cached is None:
        return None
    total = (
        usage.input_tokens * price.input
        + written * price.input * WRITE[ttl]
        + read * (price.cached or Decimal(0))
        + usage.output_tokens * price.output
    ) / MILLION
    return Decimal(total * BATCH if batch else total)


def cache_note(model: str, usage: Any, *, wanted: bool) -> str | None:
    """Why nothing was cached, since the service does not say: below the shortest prefix it silently does not."""
    if not wanted or usage.cache_creation_input_tokens or usage.cache_read_input_tokens:
        return None
    shortest = CACHE_FROM.get(model)
    least = f"{shortest:,} tokens" if shortest else "a minimum that is not known for this model"
    return f"Nothing was cached: {model} caches prefixes from {least} on. Add examples, or turn caching off."
