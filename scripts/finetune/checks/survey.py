"""One pass over files that belong together: every check, and the figures for the report, in memory that hardly
grows with the text.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from finetune import tokens
from finetune.checks import languages, private, structure, whole
from finetune.checks.sameness import Sameness
from finetune.findings import Findings
from finetune.forms.parse import parse
from finetune.limits import Limits, Target, limits_of
from finetune.model import Example, Problem
from finetune.read import read_rows

MOST_LABELS = 1000  # distinct answers that are still counted one by one; more than these are free text for sure
LABEL_CHARS = 80
EXACT_TOKENS = 20_000  # examples counted by the vocabulary; beyond, only those that could be too long are, the others by their size


@dataclass(slots=True)
class FileFigures:
    """What one file holds; `tokens` are those of one epoch."""

    path: Path
    part: str
    bytes: int
    rows: int = 0
    examples: int = 0
    tokens: int = 0


@dataclass(slots=True)
class Survey:
    """The outcome: findings and figures."""

    target: Target
    model: str
    findings: Findings = field(default_factory=Findings)
    files: list[FileFigures] = field(default_factory=list)
    tokens: array[int] = field(default_factory=lambda: array("L"))
    counted: int = 0
    counted_characters: int = 0
    turns: Counter[int] = field(default_factory=Counter)
    answers: Counter[str] | None = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    with_tools: int = 0

    @property
    def examples(self) -> int:
        """Examples over all files."""
        return len(self.tokens)

    @property
    def labels(self) -> Counter[str] | None:
        """How often each answer occurs, if the answers are labels: few, short, repeated; else None."""
        if not self.answers or len(self.answers) > max(2, self.examples // 4) or len(self.answers) > 50:
            return None
        return self.answers if all(len(answer) <= LABEL_CHARS for answer in self.answers) else None


def survey(
    files: Iterable[tuple[str, Path]],
    *,
    target: Target,
    model: str,
    exact: bool = False,
    progress: Callable[[int], None] = lambda _examples: None,
) -> Survey:
    """Check files that belong together (train, validation, test) against one target and against each other.

    Args:
        files: Part and path of each; leakage is looked for between different parts.
        target: Whose limits hold.
        model: Whose vocabulary counts.
        exact: Count every example by the vocabulary, however many there are.
        progress: Called every 1,000 examples with their number so far.
    """
    out = Survey(target=target, model=model)
    limits = limits_of(target)
    same = Sameness()
    for part, path in files:
        same.begin(path, part)
        figures = FileFigures(path=path, part=part, bytes=path.stat().st_size if path.exists() else 0)
        out.files.append(figures)
        for row in read_rows(path):
            if isinstance(row, Problem):
                out.findings.add(row)
                continue
            figures.rows += 1
            example = parse(row)
            if isinstance(example, Problem):
                out.findings.add(example)
                continue
            figures.examples += 1
            figures.tokens += _look_at(out, example, limits, exact=exact)
            same.see(example)
            if out.examples % 1000 == 0:
                progress(out.examples)
    same.judge(out.findings)
    for problem in whole.problems(out, limits):
        out.findings.add(problem)
    return out


def _look_at(out: Survey, example: Example, limits: Limits, *, exact: bool) -> int:
    """Check one example by itself and add it to the figures; its tokens."""
    for problem in (*structure.problems(example), *private.problems(example)):
        out.findings.add(problem)
    number = _tokens(out, example, limits.max_tokens_per_example, exact=exact)
    if number > limits.max_tokens_per_example:
        out.findings.add(
            Problem(
                code="too-long",
                place=example.place,
                message=f"{number:,} tokens, the limit is {limits.max_tokens_per_example:,}; the rest would be cut off",
                fix="shorten or divide it",
            )
        )
    out.tokens.append(number)
    out.turns[len(example.messages)] += 1
    out.with_tools += bool(example.tools)
    if out.examples <= languages.SAMPLE:
        out.languages[languages.of(f"{example.question}\n{example.output}")] += 1
    if out.answers is not None:
        out.answers[example.output[: LABEL_CHARS + 1]] += 1
        if len(out.answers) > MOST_LABELS:
            out.answers = None
    return number


def _tokens(out: Survey, example: Example, limit: int, *, exact: bool) -> int:
    size = sum(len(message.text) + sum(len(call.arguments) for call in message.calls) for message in example.messages)
    if (
        exact or out.counted < EXACT_TOKENS or size > limit
    ):  # a token has at least one byte, and all but never more than four characters
        number = tokens.count_example(example, out.model)
        out.counted += 1
        out.counted_characters += size
        return number
    return round(size * sum(out.tokens[:EXACT_TOKENS]) / max(1, out.counted_characters))
