#!/usr/bin/env python3
"""Turn raw examples into what a provider tunes on: convert, split without leakage, check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from finetune import console
from finetune.checks.survey import survey
from finetune.errors import FINE, FOUND_SOMETHING, UserError
from finetune.findings import Severity
from finetune.limits import DEFAULT_MODEL, Target
from finetune.options import Seed
from finetune.prepare import Lossy, Prepared, prepare
from finetune.report import data_report
from finetune.split import Fractions

app = console.app(
    "prepare_data.py",
    "Read JSONL, JSON or CSV with instruction pairs, chats, Alpaca, ShareGPT with tool calls, OpenAI chat or DPO, "
    "Gemini contents or "
    "TRL rows, and write train.jsonl, validation.jsonl and test.jsonl for one target.",
)
SHOWN = 20


@app.default
def main(
    *sources: Annotated[Path, Parameter(help="Files of raw examples: .jsonl, .json or .csv.")],
    to: Annotated[Path, Parameter(help="Folder for the files; those of an earlier run are replaced.")],
    target: Annotated[Target, Parameter(help="Whose form is written.")] = "openai",
    split: Annotated[str, Parameter(help="Shares of train/validation/test.")] = "80/10/10",
    seed: Seed = 7,
    system: Annotated[str | None, Parameter(help="System message for examples without one.")] = None,
    group_field: Annotated[str | None, Parameter(help="Key of the rows; equal values stay in one part.")] = None,
    lossy: Annotated[
        Lossy, Parameter(help="Examples that the target cannot express whole: skip, or write what can be.")
    ] = "skip",
    model: Annotated[
        str | None, Parameter(help="Base model whose vocabulary counts; default: the target's cheapest.")
    ] = None,
    output: console.Output = "text",
) -> int:
    """Prepare data. Exit code 1 if the result has errors, so that CI stops before a job is paid for."""
    if not sources:
        raise UserError("No file was named. Expected at least one .jsonl, .json or .csv file of raw examples.")
    with console.progress("Preparing") as show:
        show("two passes over the data", None)
        made = prepare(
            sources,
            to,
            target=target,
            fractions=Fractions.parse(split),
            seed=seed,
            system=system,
            group_field=group_field,
            lossy=lossy,
        )
        files = [(part, path) for part, path in made.files.items() if made.examples[part]]
        found = survey(files, target=target, model=model or DEFAULT_MODEL[target])
    value = {
        "files": {
            part: {"path": path, "examples": made.examples[part], "sha256": made.sha256[part]}
            for part, path in made.files.items()
        },
        "seed": seed,
        "left_out": [
            {"file": item.place.file, "line": item.place.line, "code": item.code, "message": item.message}
            for item in made.left_out
        ],
        "losses": [{"file": place.file, "line": place.line, "lost": loss} for place, loss in made.losses],
        "skipped_for_loss": made.skipped_for_loss,
        "check": data_report.as_json(found),
    }

    def text() -> None:
        _say(made, lossy)
        data_report.print_text(found, console.out)

    console.emit(output, value, text)
    return FOUND_SOMETHING if found.findings.count(Severity.ERROR) else FINE


def _say(made: Prepared, lossy: Lossy) -> None:
    for item in made.left_out[:SHOWN]:
        console.out.print(f"{item.place}: left out: {item.message}. {item.fix}.", markup=False)
    word = "left out" if lossy == "skip" else "written without"
    for place, loss in made.losses[:SHOWN]:
        console.out.print(f"{place}: {word}: {made.target} cannot express {loss}", markup=False)
    more = max(0, len(made.left_out) - SHOWN) + max(0, len(made.losses) - SHOWN)
    if more:
        console.out.print(f"... {more:,} more lines of this kind; --output json lists them all", markup=False)


if __name__ == "__main__":
    console.run(app)
