"""Findings about a data set: every one with file and line, counted without bound and listed up to one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from finetune.model import Place, Problem


class Severity(StrEnum):
    """How bad a finding is. Only errors make the exit code 1, unless --strict asks for warnings too."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


# What a code means for a run; anything not listed is an error.
_WARNINGS = frozenset({
    "contradiction", "duplicate", "few-examples", "label-imbalance", "language-mix", "near-duplicate", "personal-data", "secret",
    "unpaired-negative", "validation-share",
})  # fmt: skip
_NOTES = frozenset({"bom", "crlf", "small-data", "estimated-tokens", "sampled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found, and what to do about it."""

    code: str
    severity: Severity
    place: Place
    message: str
    fix: str

    def __str__(self) -> str:
        return f"{self.place}: {self.severity}: {self.code}: {self.message}. {self.fix[:1].upper()}{self.fix[1:]}."


def severity_of(code: str) -> Severity:
    """The severity of a finding's code."""
    if code in _WARNINGS:
        return Severity.WARNING
    return Severity.NOTE if code in _NOTES else Severity.ERROR


class Findings:
    """Collects findings; of each code the first `keep` are held, all are counted, so that memory stays bounded."""

    def __init__(self, keep: int = 200) -> None:
        self._keep = keep
        self._held: list[Finding] = []
        self.counts: Counter[str] = Counter()

    def add(self, problem: Problem) -> None:
        """Count a problem, and hold it if its code is not full yet."""
        self.counts[problem.code] += 1
        if self.counts[problem.code] <= self._keep:
            self._held.append(
                Finding(
                    code=problem.code,
                    severity=severity_of(problem.code),
                    place=problem.place,
                    message=problem.message,
                    fix=problem.fix,
                )
            )

    def listed(self) -> tuple[Finding, ...]:
        """The findings held, errors first, then by file and line."""
        rank = list(Severity)
        return tuple(
            sorted(
                self._held,
                key=lambda item: (rank.index(item.severity), str(item.place.file), item.place.line, item.code),
            )
        )

    def count(self, severity: Severity) -> int:
        """How many findings of one severity there were, held or not."""
        return sum(number for code, number in self.counts.items() if severity_of(code) is severity)
