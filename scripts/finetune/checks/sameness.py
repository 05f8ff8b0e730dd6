"""Duplicates, contradictions and leakage between files, from fingerprints; some 160 bytes an example, however long its text."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np

from finetune import similar
from finetune.findings import Findings
from finetune.model import Example, Place, Problem


class Sameness:
    """See every example once, then judge."""

    def __init__(self) -> None:
        self._questions = array("Q")
        self._outputs = array("Q")
        self._lines = array("L")
        self._file = array("H")
        self._files: list[tuple[Path, str]] = []
        self._signatures = similar.Signatures()

    def begin(self, path: Path, part: str) -> None:
        """The examples that follow stand in this file."""
        self._files.append((path, part))

    def see(self, example: Example) -> None:
        """Note one example."""
        self._questions.append(similar.fingerprint(example.context))
        self._outputs.append(similar.fingerprint(example.output) ^ hash(bool(example.rejected)))
        self._lines.append(example.place.line)
        self._file.append(len(self._files) - 1)
        self._signatures.add(example.question)

    def judge(self, findings: Findings) -> None:
        """Add what is the same, or nearly."""
        for rows in self._equal_questions():
            self._judge_equal(rows, findings)
        if len(self._signatures):
            self._judge_near(findings)
        if len(self._questions) > len(self._signatures):
            findings.add(
                Problem(
                    code="sampled",
                    place=self._place(len(self._signatures)),
                    message=(
                        "from here on examples were compared for exact duplicates only (the first "
                        f"{similar.LIMIT:,} for near ones too)"
                    ),
                    fix="nothing to do; split the file to compare more",
                )
            )

    def _place(self, row: int) -> Place:
        return Place(file=self._files[self._file[row]][0], line=self._lines[row])

    def _part(self, row: int) -> str:
        return self._files[self._file[row]][1]

    def _equal_questions(self) -> Iterator[list[int]]:
        keys = np.frombuffer(self._questions, dtype=np.uint64) if self._questions else np.array([], dtype=np.uint64)
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        again = np.flatnonzero(ordered[1:] == ordered[:-1])  # only keys seen twice are walked in Python
        for _, run in groupby(((int(ordered[at]), int(at)) for at in again), key=lambda pair: pair[0]):
            places = [at for _, at in run]
            yield [int(row) for row in order[places[0] : places[-1] + 2]]

    def _judge_equal(self, rows: list[int], findings: Findings) -> None:
        first = rows[0]
        for row in rows[1:]:
            if self._part(row) != self._part(first):
                findings.add(self._leak(row, first, "has the same input as"))
            elif self._outputs[row] != self._outputs[first]:
                findings.add(
                    Problem(
                        code="contradiction",
                        place=self._place(row),
                        message=f"the same input as {self._place(first)}, with another output",
                        fix="decide which one is right and remove the other; the model would learn a coin toss",
                    )
                )
            else:
                findings.add(
                    Problem(
                        code="duplicate",
                        place=self._place(row),
                        message=f"a copy of {self._place(first)}",
                        fix="remove it; it only adds weight and cost",
                    )
                )

    def _judge_near(self, findings: Findings) -> None:
        parents = self._signatures.clusters()
        for row in np.flatnonzero(parents != np.arange(len(parents))).tolist():
            first = int(parents[row])
            if self._questions[row] == self._questions[first]:
                continue
            if self._part(row) != self._part(first):
                findings.add(self._leak(row, first, "is nearly the same as"))
            else:
                findings.add(
                    Problem(
                        code="near-duplicate",
                        place=self._place(row),
                        message=f"nearly the same input as {self._place(first)}",
                        fix="keep the better one, unless the small difference is what the model shall learn",
                    )
                )

    def _leak(self, row: int, first: int, how: str) -> Problem:
        return Problem(
            code="leakage",
            place=self._place(row),
            message=f"{self._part(row)} {how} {self._place(first)} in {self._part(first)}",
            fix="split again with prepare_data.py, which keeps such examples together; figures on leaked examples mean nothing",
        )
