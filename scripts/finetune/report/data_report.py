"""The report on a data set: in the terminal, as JSON and as HTML with histograms, all from one `Survey`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from finetune.checks.survey import Survey
from finetune.findings import Severity
from finetune.report import charts
from finetune.report.page import Section, write_page
from finetune.tokens import vocabulary_for

SHOWN = 30  # findings in the terminal; the HTML and JSON hold them all


def summary(survey: Survey) -> str:
    """One sentence."""
    errors, warnings = survey.findings.count(Severity.ERROR), survey.findings.count(Severity.WARNING)
    verdict = "not ready" if errors else "ready"
    return (
        f"{survey.examples:,} examples, {sum(survey.tokens):,} tokens an epoch, {errors:,} errors, {warnings:,} warnings: "
        f"{verdict} for {survey.target}."
    )


def as_json(survey: Survey) -> dict[str, Any]:
    """Everything, for CI and other programs."""
    name, own = vocabulary_for(survey.model)
    return {
        "summary": summary(survey),
        "target": survey.target,
        "model": survey.model,
        "vocabulary": {"name": name, "exact": own},
        "files": [
            {
                "path": file.path,
                "part": file.part,
                "bytes": file.bytes,
                "rows": file.rows,
                "examples": file.examples,
                "tokens": file.tokens,
            }
            for file in survey.files
        ],
        "labels": None if survey.labels is None else dict(survey.labels.most_common()),
        "languages": dict(survey.languages.most_common()),
        "counts": dict(survey.findings.counts),
        "findings": [
            {
                "code": item.code,
                "severity": item.severity,
                "file": item.place.file,
                "line": item.place.line,
                "message": item.message,
                "fix": item.fix,
            }
            for item in survey.findings.listed()
        ],
    }


def print_text(survey: Survey, console: Console) -> None:
    """Findings first, worst on top, then the figures."""
    listed = survey.findings.listed()
    for item in listed[:SHOWN]:
        console.print(str(item), markup=False)
    total = sum(survey.findings.counts.values())
    if total > SHOWN:
        kinds = ", ".join(f"{code} {number}" for code, number in survey.findings.counts.most_common())
        console.print(f"... {total - SHOWN:,} more; all of them: {kinds}", markup=False)
    for file in survey.files:
        console.print(
            f"{file.part:<11}{file.examples:>9,} examples {file.tokens:>12,} tokens  {file.path}", markup=False
        )
    if survey.labels:
        console.print(
            "labels     " + ", ".join(f"{label!r} {number}" for label, number in survey.labels.most_common(8)),
            markup=False,
        )
    console.print(summary(survey), markup=False)


def write_html(survey: Survey, path: Path) -> None:
    """The report with pictures."""
    name, own = vocabulary_for(survey.model)
    pictures = [charts.histogram(survey.tokens, "Tokens per example")]
    sections = [
        Section(
            title="Tokens per example",
            lines=[f"Counted by {name}{'' if own else ' (an estimate for this model)'}."],
            pictures=pictures,
        ),
        Section(
            title="Messages per example",
            pictures=[
                charts.bars(
                    {str(turns): count for turns, count in sorted(survey.turns.items())}, "Messages per example"
                )
            ],
        ),
    ]
    if survey.labels:
        sections.append(
            Section(
                title="Answers", pictures=[charts.bars(dict(survey.labels), "How often each answer occurs", most=20)]
            )
        )
    sections += [
        Section(title="Languages", pictures=[charts.bars(dict(survey.languages), "Languages")]),
        Section(
            title="Files",
            columns=("Part", "Examples", "Tokens an epoch", "Bytes", "File"),
            rows=[
                (file.part, f"{file.examples:,}", f"{file.tokens:,}", f"{file.bytes:,}", str(file.path))
                for file in survey.files
            ],
        ),
        Section(
            title="Findings",
            lines=[f"{code}: {number:,}" for code, number in survey.findings.counts.most_common()] or ["None."],
            columns=("Severity", "Code", "Place", "What was found", "What to do"),
            rows=[
                (item.severity, item.code, str(item.place), item.message, item.fix) for item in survey.findings.listed()
            ],
        ),
    ]
    write_page(path, title="Data report", lead=summary(survey), sections=sections, foot="Made by validate_data.py.")
