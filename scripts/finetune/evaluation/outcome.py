"""What the comparison found, as values; and the sentences that say what is proven and what is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from statistics import mean as average
from statistics import median, quantiles
from typing import Any

from finetune.chat import Reply
from finetune.evaluation import bootstrap
from finetune.evaluation.bootstrap import Interval
from finetune.evaluation.metrics import MEANING, Score, corpus_bleu
from finetune.evaluation.variants import Variant
from finetune.model import Example

FEW = 30  # examples; below, intervals are wide and the report says so


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One variant: scores with intervals, tokens, USD per 1,000 calls (None: no price known), machine seconds."""

    name: str
    model: str
    scores: dict[str, Interval]
    input_tokens: float
    output_tokens: float
    usd_per_1000: Decimal | None
    median_seconds: float
    slow_seconds: float
    tokens_counted: bool
    bleu: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All variants, and the differences of the last to each of the others by metric."""

    examples: int
    metrics: tuple[str, ...]
    variants: tuple[Measured, ...]
    differences: dict[str, dict[str, Interval]]

    def sentences(self) -> list[str]:
        """What the figures prove, for people."""
        last = self.variants[-1].name
        metric = self.metrics[0]
        out = []
        for other, by_metric in self.differences.items():
            gap = by_metric[metric]
            if gap.proven:
                word = "better" if gap.value > 0 else "worse"
                out.append(
                    f"{last} is {word} than {other}: {metric} {gap.value:+.2f} (95 % interval {gap.low:+.2f} to {gap.high:+.2f})."
                )
            else:
                out.append(
                    f"No difference between {last} and {other} is proven: {metric} {gap.value:+.2f} ({gap.low:+.2f} "
                    f"to {gap.high:+.2f})."
                )
        if self.examples < FEW:
            out.append(f"Only {self.examples} examples: intervals are wide; use at least 100 for a decision.")
        if any(not item.tokens_counted for item in self.variants):
            out.append("Some token counts are estimates: an endpoint of ours does not count them.")
        return out

    def as_json(self) -> dict[str, Any]:
        """Everything, for other programs and for comparing runs."""
        return {
            "examples": self.examples,
            "metrics": {name: MEANING[name] for name in self.metrics},
            "variants": [asdict(item) for item in self.variants],
            "differences": {
                "of": self.variants[-1].name,
                "to": {
                    other: {name: asdict(gap) for name, gap in gaps.items()} for other, gaps in self.differences.items()
                },
            },
            "sentences": self.sentences(),
        }


def judge(
    examples: Sequence[Example],
    asked: Sequence[tuple[Variant, Sequence[Reply]]],
    scores: Mapping[str, Score],
    *,
    seed: int,
) -> Outcome:
    """Score every reply and compare the last variant with the others."""
    table = {
        variant.name: {
            name: [score(example, reply) for example, reply in zip(examples, replies, strict=True)]
            for name, score in scores.items()
        }
        for variant, replies in asked
    }
    last = asked[-1][0].name
    return Outcome(
        examples=len(examples),
        metrics=tuple(scores),
        variants=tuple(
            _measured(
                variant,
                examples,
                replies,
                {name: bootstrap.mean(row, seed=seed) for name, row in table[variant.name].items()},
            )
            for variant, replies in asked
        ),
        differences={
            variant.name: {
                name: bootstrap.difference(table[last][name], table[variant.name][name], seed=seed) for name in scores
            }
            for variant, _ in asked[:-1]
        },
    )


def _measured(
    variant: Variant, examples: Sequence[Example], replies: Sequence[Reply], scores: dict[str, Interval]
) -> Measured:
    asked, given = average(reply.input_tokens for reply in replies), average(reply.output_tokens for reply in replies)
    one = variant.price.call(asked, given, tuned=variant.tuned) if variant.price is not None else None
    seconds = [reply.seconds for reply in replies]
    return Measured(
        name=variant.name,
        model=variant.chat.model,
        scores=scores,
        input_tokens=asked,
        output_tokens=given,
        usd_per_1000=None if one is None else (one * 1000).quantize(Decimal("0.000001")),
        median_seconds=median(seconds),
        slow_seconds=quantiles(seconds, n=20)[-1] if len(seconds) > 1 else seconds[0],
        tokens_counted=all(reply.counted for reply in replies),
        bleu=corpus_bleu(examples, replies) if "chrf" in scores else None,
    )
