#!/usr/bin/env python3
"""Check training data against a provider's limits and against common sense; every finding has a file and a line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from finetune import console
from finetune.checks.survey import Survey, survey
from finetune.errors import FINE, FOUND_SOMETHING
from finetune.findings import Severity
from finetune.limits import DEFAULT_MODEL, Target
from finetune.options import Validation
from finetune.report import data_report

app = console.app(
    "validate_data.py",
    "Check training data. Exit code 1 if there are errors (with --strict: or warnings), 0 if not, 2 if the files "
    "cannot be used at all.",
)


@app.default
def main(
    train: Annotated[
        Path, Parameter(help="Examples as .jsonl, .json or .csv, in any form that prepare_data.py reads.")
    ],
    *,
    validation: Validation = None,
    test: Annotated[Path | None, Parameter(help="Examples kept for the evaluation.")] = None,
    target: Annotated[Target, Parameter(help="Whose limits hold.")] = "openai",
    model: Annotated[
        str | None, Parameter(help="Base model whose vocabulary counts; default: the target's cheapest.")
    ] = None,
    html: Annotated[Path | None, Parameter(help="Write the report with histograms here, too.")] = None,
    exact: Annotated[
        bool, Parameter(help="Count every example by the vocabulary, however many there are.", negative="")
    ] = False,
    strict: Annotated[bool, Parameter(help="Warnings count as errors.", negative="")] = False,
    output: console.Output = "text",
) -> int:
    """Check one file, or train, validation and test against each other."""
    files = [
        (part, path)
        for part, path in (("train", train), ("validation", validation), ("test", test))
        if path is not None
    ]
    total = sum(path.stat().st_size for _, path in files if path.is_file())
    with console.progress("Checking") as show:
        found = survey(
            files,
            target=target,
            model=model or DEFAULT_MODEL[target],
            exact=exact,
            progress=lambda examples: show(f"{examples:,} examples of {total / 1e6:,.0f} MB", None),
        )
    if html is not None:
        data_report.write_html(found, html)
        console.err.print(f"Report: {html}", markup=False)
    console.emit(output, data_report.as_json(found), lambda: data_report.print_text(found, console.out))
    return exit_code(found, strict=strict)


def exit_code(found: Survey, *, strict: bool) -> int:
    """1 if something must be mended first."""
    bad = found.findings.count(Severity.ERROR) + (found.findings.count(Severity.WARNING) if strict else 0)
    return FOUND_SOMETHING if bad else FINE


if __name__ == "__main__":
    console.run(app)
