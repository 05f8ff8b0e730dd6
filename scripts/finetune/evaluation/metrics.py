"""Scores of one answer against the expected one, each from 0 to 1. Which of them apply is decided by the data."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from finetune.chat import Reply
from finetune.model import Example, ToolCall

Score = Callable[[Example, Reply], float]
MEANING = {
    "exact": "the whole answer is as expected, spaces aside",
    "contains": "the expected answer stands somewhere in the answer",
    "form": "the answer has the asked-for form (pattern or JSON schema)",
    "fields": "share of the expected JSON fields that are right",
    "tools": "the right tools with the right arguments",
    "f1": "words in common (F1)",
    "chrf": "characters in common (chrF, sacrebleu)",
    "rouge": "longest common run of words (ROUGE-L, rouge-score)",
}
LONG_ANSWER = 6  # words; from here on text is compared by overlap, too
_WORD = re.compile(r"\w+")


def exact(example: Example, reply: Reply) -> float:
    """Equal but for white space."""
    return float(" ".join(reply.output.split()) == " ".join(example.output.split()))


def contains(example: Example, reply: Reply) -> float:
    """The expected text is in the answer, whatever stands around it."""
    return float(" ".join(example.output.split()).lower() in " ".join(reply.output.split()).lower())


def f1(example: Example, reply: Reply) -> float:
    """Harmonic mean of the shares of words that the two have in common."""
    wanted, given = Counter(_WORD.findall(example.output.lower())), Counter(_WORD.findall(reply.output.lower()))
    common = sum((wanted & given).values())
    return 2 * common / (sum(wanted.values()) + sum(given.values())) if common else 0.0


def chrf(example: Example, reply: Reply) -> float:
    """Sacrebleu's sentence chrF."""
    import sacrebleu

    return float(sacrebleu.sentence_chrf(reply.output, [example.output]).score) / 100


def rouge() -> Score:
    """rouge-score's ROUGE-L F-measure with stemming."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rougeL"], use_stemmer=True)
    return lambda example, reply: float(scorer.score(example.output, reply.output)["rougeL"].fmeasure)


def tools(example: Example, reply: Reply) -> float:
    """The same calls with equal arguments, in any order; an answer that should not call a tool must not."""
    answer = example.answer
    return float(answer is not None and sorted(map(_plain_call, answer.calls)) == sorted(map(_plain_call, reply.calls)))


def _plain_call(call: ToolCall) -> str:
    try:
        arguments = json.loads(call.arguments or "{}")
    except json.JSONDecodeError:
        arguments = call.arguments
    return json.dumps([call.name, arguments], sort_keys=True)


def fields(example: Example, reply: Reply) -> float:
    """Share of the expected top-level JSON fields that have the expected value; 0 if the answer is not a JSON object."""
    wanted, given = _json(example.output), _json(reply.text)
    if not isinstance(wanted, dict) or not isinstance(given, dict):
        return 0.0
    right = sum(key in given and given[key] == value for key, value in wanted.items())
    return float(right) / max(1, len(wanted))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return None


def form(pattern: re.Pattern[str] | None, schema: Mapping[str, Any] | None) -> Score:
    """Whether the answer matches a pattern whole, or a JSON schema."""
    if pattern is not None:
        return lambda _example, reply: float(pattern.fullmatch(reply.text.strip()) is not None)
    import jsonschema

    wanted = schema or {}
    validator = jsonschema.validators.validator_for(wanted)(wanted)
    return lambda _example, reply: float((data := _json(reply.text)) is not None and validator.is_valid(data))


def choose(
    examples: Sequence[Example], *, pattern: re.Pattern[str] | None, schema: Mapping[str, Any] | None
) -> dict[str, Score]:
    """The scores that mean something on these examples."""
    chosen: dict[str, Score] = {"exact": exact}
    if any(example.answer is not None and example.answer.calls for example in examples):
        chosen["tools"] = tools
    if pattern is not None or schema is not None:
        chosen["form"] = form(pattern, schema)
    if all(isinstance(_json(example.output), dict) for example in examples):
        chosen["fields"] = fields
    words = sum(len(_WORD.findall(example.output)) for example in examples) / max(1, len(examples))
    if words >= LONG_ANSWER:
        chosen |= {"f1": f1, "chrf": chrf, "rouge": rouge()}
    else:
        chosen["contains"] = contains
    return chosen


def corpus_bleu(examples: Sequence[Example], replies: Sequence[Reply]) -> float:
    """Sacrebleu's corpus BLEU, 0 to 100; means little on a few short texts."""
    import sacrebleu

    return float(
        sacrebleu.corpus_bleu([reply.output for reply in replies], [[example.output for example in examples]]).score
    )
