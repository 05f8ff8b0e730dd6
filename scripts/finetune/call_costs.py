"""What one call costs by each path: prompt, few-shot, retrieval, tuned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from finetune.evaluation import variants
from finetune.model import Example
from finetune.prices import ModelPrice
from finetune.retrieval import PASSAGE_WORDS, Library
from finetune.tokens import count_messages, count_text

PASSAGES = 5  # as many as prompt_claude.py sends along
ASKED_OF_DOCUMENTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCosts:
    """USD of an average call; None where a price is unknown. A call to machines of one's own costs 0: they bill by the hour."""

    prompted: Decimal | None
    few_shot: Decimal | None
    retrieval: Decimal | None
    tuned: Decimal | None


def of(
    examples: Sequence[Example],
    *,
    system: str,
    shots: Sequence[Example],
    tuned: ModelPrice,
    untuned: ModelPrice | None,
    documents: Path | None,
) -> CallCosts:
    """The average over the examples: the tuned model is asked with the bare question, the others with more before it.

    Raises:
        UserError: `documents` is no folder with texts.
    """
    number, model = len(examples), tuned.model
    question = sum(count_messages(variants.without_system(item), model) for item in examples) / number
    answer = sum(count_messages((item.answer,), model) for item in examples if item.answer) / number
    prefix = count_messages(variants.prompted_prefix(system), model) if system else 0
    shown = sum(
        count_messages((*variants.without_system(item), *((item.answer,) if item.answer else ())), model)
        for item in shots
    )
    passages = _passage_tokens(examples, documents, model)

    def untuned_call(more: float) -> Decimal | None:
        return untuned.call(question + prefix + more, answer) if untuned is not None else None

    return CallCosts(
        prompted=untuned_call(0),
        few_shot=untuned_call(shown),
        retrieval=untuned_call(passages),
        tuned=Decimal(0) if tuned.provider == "open" else tuned.call(question, answer, tuned=True),
    )


def _passage_tokens(examples: Sequence[Example], documents: Path | None, model: str) -> float:
    """Tokens of the passages that go with a question, on average. Without a folder: passages of full length, whose words take
    as many tokens as those of the examples.
    """
    asked = examples[:ASKED_OF_DOCUMENTS]
    if documents is None:
        words = sum(len(item.question.split()) for item in asked)
        tokens = sum(count_text(item.question, model) for item in asked)
        return PASSAGES * PASSAGE_WORDS * tokens / max(1, words)
    library = Library.of_folder(documents)
    found = (passage for item in asked for passage in library.find(item.question, PASSAGES))
    return sum(count_text(passage.text, model) for passage in found) / len(asked)
