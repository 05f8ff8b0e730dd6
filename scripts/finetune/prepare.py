"""Prepare data: read any form, check, split without leakage, write the target's form. Two passes, bounded memory, atomic files."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from finetune.errors import UserError
from finetune.forms import claude, gemini, openai
from finetune.forms.parse import parse
from finetune.limits import Target
from finetune.model import Example, Message, Place, Problem
from finetune.read import read_rows
from finetune.split import PARTS, Fractions, Grouper, Part

Lossy = Literal["skip", "write"]
WRITERS: dict[Target, Callable[[Example], tuple[dict[str, Any], list[str]]]] = {
    "openai": openai.write,
    "gemini": gemini.write,
    "open": openai.write_open,
    "anthropic": claude.write,
}


@dataclass(slots=True)
class Prepared:
    """What was written: a file a part with its examples and SHA-256, and what was left out and why, by line."""

    target: Target
    seed: int
    files: dict[Part, Path] = field(default_factory=dict)
    examples: dict[Part, int] = field(default_factory=dict)
    sha256: dict[Part, str] = field(default_factory=dict)
    left_out: list[Problem] = field(default_factory=list)
    losses: list[tuple[Place, str]] = field(default_factory=list)
    skipped_for_loss: int = 0


def prepare(
    sources: Sequence[Path],
    folder: Path,
    *,
    target: Target,
    fractions: Fractions,
    seed: int,
    system: str | None = None,
    group_field: str | None = None,
    lossy: Lossy = "skip",
) -> Prepared:
    """Write train.jsonl, validation.jsonl and test.jsonl for one target.

    Args:
        sources: Files in any known form; they may differ.
        folder: Where to write; files of an earlier run are replaced, each whole or not at all.
        target: Which form to write.
        fractions: Shares of the parts.
        seed: The same data, shares and seed give the same files.
        system: A system message for examples that have none.
        group_field: A key of the rows; examples with the same value stay in one part.
        lossy: What to do with an example that the target cannot express whole: skip it, or write what can be; said by
        line either way.

    Raises:
        UserError: Nothing usable was found, or a source cannot be read at all.
    """
    grouper = Grouper()
    left_out: list[Problem] = []
    for found in _examples(sources, group_field):
        if isinstance(found, Problem):
            left_out.append(found)
        else:
            grouper.add(found)
    parts = iter(grouper.assign(fractions, seed))
    out = Prepared(
        target=target, seed=seed, left_out=[problem for problem in left_out if problem.code not in {"bom", "crlf"}]
    )
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        writers = {part: stack.enter_context(_Lines(folder / f"{part}.jsonl")) for part in PARTS}
        for found in _examples(sources, group_field):
            if isinstance(found, Problem):
                continue
            part = next(parts)
            example = found if system is None or found.system else _with_system(found, system)
            row, losses = WRITERS[target](example)
            out.losses += [(example.place, loss) for loss in losses]
            if losses and lossy == "skip":
                out.skipped_for_loss += 1
            else:
                writers[part].write(row)
        if not any(writer.count for writer in writers.values()):
            raise UserError(_nothing(sources, out))
        for part, writer in writers.items():
            writer.keep()
            out.files[part], out.examples[part], out.sha256[part] = writer.path, writer.count, writer.digest.hexdigest()
    return out


def _nothing(sources: Sequence[Path], out: Prepared) -> str:
    names = ", ".join(map(str, sources))
    first = next(
        (f" First problem: {problem.place}: {problem.message}. {problem.fix}." for problem in out.left_out), ""
    )
    if out.skipped_for_loss:
        place, loss = out.losses[0]
        first = (
            f" Every example holds what {out.target} cannot express; the first, {place}: {loss}. Add --lossy "
            "write to write the rest of it."
        )
    return f"{names}: no usable example was found, and nothing was written.{first}"


def _examples(sources: Sequence[Path], group_field: str | None) -> Iterator[Example | Problem]:
    for source in sources:
        for row in read_rows(source):
            yield row if isinstance(row, Problem) else _checked(parse(row, group_field=group_field))


def _checked(found: Example | Problem) -> Example | Problem:
    """An example without question or answer cannot be written in any form; the validator says more about the others."""
    if isinstance(found, Example) and (found.answer is None or not found.prompt):
        return Problem(
            code="no-answer", place=found.place, message="no question or no answer", fix="complete or remove it"
        )
    return found


def _with_system(example: Example, system: str) -> Example:
    return Example(
        messages=(Message(role="system", text=system), *example.messages),
        place=example.place,
        tools=example.tools,
        rejected=example.rejected,
        group=example.group,
    )


class _Lines:
    """A JSONL file that appears under its name only when kept."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self.digest = hashlib.sha256()
        self._unfinished = path.with_name(f".{path.name}.{os.getpid()}")

    def __enter__(self) -> Self:
        self._file = self._unfinished.open("wb")
        return self

    def write(self, row: dict[str, Any]) -> None:
        line = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        self._file.write(line)
        self.digest.update(line)
        self.count += 1

    def keep(self) -> None:
        self._file.close()
        self._unfinished.replace(self.path)

    def __exit__(self, *_exc: object) -> None:
        self._file.close()
        self._unfinished.unlink(missing_ok=True)
