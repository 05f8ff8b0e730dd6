"""What can be said only of the data set as a whole: size, balance, languages, limits of the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from finetune.checks import languages
from finetune.limits import Limits
from finetune.model import Place, Problem
from finetune.tokens import vocabulary_for

if TYPE_CHECKING:
    from finetune.checks.survey import Survey

GOOD = 100  # "100 to 200 good examples at least": below, prompting usually does as well
COMFORTABLE = 200
SERIOUS = 1000
RARE_LABEL = 10  # times rarer than the most frequent label


def problems(survey: Survey, limits: Limits) -> Iterator[Problem]:
    """Findings about the files and the whole, at line 1 of the file that they concern."""
    for file in survey.files:
        place = Place(file=file.path, line=1)
        if limits.max_file_bytes is not None and file.bytes > limits.max_file_bytes:
            yield _problem(
                "file-too-large",
                place,
                f"{file.bytes:,} bytes, the limit is {limits.max_file_bytes:,}",
                "use fewer or shorter examples",
            )
        if limits.max_examples is not None and file.examples > limits.max_examples:
            yield _problem(
                "too-many", place, f"{file.examples:,} examples, the limit is {limits.max_examples:,}", "draw a sample"
            )
        if (
            file.part == "validation"
            and limits.max_validation_examples is not None
            and file.examples > limits.max_validation_examples
        ):
            yield _problem(
                "validation-share",
                place,
                f"{file.examples:,} validation examples, the limit is {limits.max_validation_examples:,}",
                "move some to train",
            )
        if file.part == "train":
            yield from _size(file.examples, place, limits)
    if survey.files:
        yield from _mixture(survey, Place(file=survey.files[0].path, line=1))


def _problem(code: str, place: Place, message: str, fix: str) -> Problem:
    return Problem(code=code, place=place, message=message, fix=fix)


def _size(examples: int, place: Place, limits: Limits) -> Iterator[Problem]:
    if examples < limits.min_examples:
        yield _problem(
            "too-few",
            place,
            f"{examples} usable examples, the provider wants at least {limits.min_examples}",
            "write more",
        )
    elif examples < GOOD:
        yield _problem(
            "few-examples",
            place,
            f"{examples} examples; 100 to 200 good ones are the least that pays",
            "try few-shot first (advise.py), or write more",
        )
    elif examples < SERIOUS:
        size = "at" if examples <= COMFORTABLE else "above"
        yield _problem(
            "small-data",
            place,
            f"{examples} examples: {size} the 100 to 200 that a first try needs; serious work has thousands",
            "start, evaluate, then add where the model is wrong",
        )


def _mixture(survey: Survey, place: Place) -> Iterator[Problem]:
    labels = survey.labels
    if labels and len(labels) > 1:
        (most, often), (least, seldom) = labels.most_common()[0], labels.most_common()[-1]
        if often >= RARE_LABEL * seldom:
            yield _problem(
                "label-imbalance",
                place,
                f"{most!r} occurs {often} times, {least!r} {seldom}",
                f"add examples of {least!r}, or drop some of {most!r}",
            )
    told = {name: number for name, number in survey.languages.items() if name != languages.UNKNOWN}
    known = sum(told.values())
    rest = {name: number for name, number in told.items() if number >= max(2, known * 0.02)}
    if len(rest) > 1:
        shares = ", ".join(
            f"{name} {number / known:.0%}" for name, number in sorted(rest.items(), key=lambda item: -item[1])
        )
        yield _problem(
            "language-mix",
            place,
            f"several languages: {shares}",
            "fine if meant; otherwise keep to one style and language",
        )
    name, own = vocabulary_for(survey.model)
    if not own:
        yield _problem(
            "estimated-tokens",
            place,
            f"token counts are estimates by {name}: no public vocabulary of {survey.model} is known",
            "count with the provider before you pay",
        )
    if survey.counted < survey.examples:
        yield _problem(
            "sampled",
            place,
            f"{survey.counted:,} of {survey.examples:,} examples were counted token by token, the others by their size",
            "add --exact to count them all",
        )
