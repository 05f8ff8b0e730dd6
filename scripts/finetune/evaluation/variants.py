"""The variants that are compared: base, prompted, few-shot, tuned; and the messages that each is asked with."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from finetune.chat import Chat
from finetune.model import Example, Message
from finetune.prices import ModelPrice


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A name, a model, and how an example becomes a conversation. `mark` changes whenever the messages would."""

    name: str
    chat: Chat
    messages: Callable[[Example], tuple[Message, ...]]
    mark: str
    price: ModelPrice | None
    tuned: bool = False


def without_system(example: Example) -> tuple[Message, ...]:
    """The prompt, its system messages left out."""
    return tuple(message for message in example.prompt if message.role != "system")


def base(chat: Chat, price: ModelPrice | None) -> Variant:
    """The model with the question alone."""
    return Variant(name="base", chat=chat, messages=without_system, mark="base", price=price)


def prompted_prefix(system: str) -> tuple[Message, ...]:
    """What a system prompt puts before every question."""
    return (Message(role="system", text=system),)


def prompted(chat: Chat, price: ModelPrice | None, system: str) -> Variant:
    """The model with a system prompt."""

    def messages(example: Example) -> tuple[Message, ...]:
        return (*prompted_prefix(system), *without_system(example))

    return Variant(name="prompted", chat=chat, messages=messages, mark=_mark(system), price=price)


def few_shot(chat: Chat, price: ModelPrice | None, system: str | None, shots: Sequence[Example]) -> Variant:
    """The model with a system prompt, if there is one, and worked examples before the question."""
    shown = [message for shot in shots for message in (*without_system(shot), *((shot.answer,) if shot.answer else ()))]

    def messages(example: Example) -> tuple[Message, ...]:
        start = (Message(role="system", text=system),) if system else ()
        return (*start, *shown, *without_system(example))

    return Variant(
        name="few-shot",
        chat=chat,
        messages=messages,
        mark=_mark(system or "", *(shot.context + shot.output for shot in shots)),
        price=price,
    )


def tuned(chat: Chat, price: ModelPrice | None) -> Variant:
    """The tuned model, asked as it was trained: with the example's own messages."""
    return Variant(
        name="tuned", chat=chat, messages=lambda example: example.prompt, mark="tuned", price=price, tuned=True
    )


def draw(examples: Sequence[Example], number: int, seed: int) -> list[Example]:
    """Few-shot examples: short ones first choice, every answer represented before any comes twice, the same for the same seed."""
    dice = random.Random(seed)  # noqa: S311  # a sample, not a secret
    pool = sorted(examples, key=lambda example: (len(example.context), example.context))[
        : max(number, len(examples) // 2)
    ]
    dice.shuffle(pool)
    rounds: dict[str, int] = {}
    ranked: list[tuple[int, int, Example]] = []
    for example in pool:
        rounds[example.output] = rounds.get(example.output, 0) + 1
        ranked.append((rounds[example.output], len(ranked), example))
    return [example for _, _, example in sorted(ranked, key=lambda item: item[:2])[:number]]


def _mark(*texts: str) -> str:
    return hashlib.blake2b("\x1f".join(texts).encode(), digest_size=8).hexdigest()
