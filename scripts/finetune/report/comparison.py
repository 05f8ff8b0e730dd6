"""The comparison in the terminal and as HTML with pictures; of one run, and of several runs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from finetune.console import usd
from finetune.evaluation.outcome import Outcome
from finetune.report import charts
from finetune.report.page import Section, write_page


def print_table(outcome: Outcome, console: Console) -> None:
    """One row a variant, then what is proven."""
    table = Table(show_edge=False)
    table.add_column("variant")
    for name in outcome.metrics:
        table.add_column(f"{name} (95 %)", justify="right")
    for name in ("tokens in", "out", "$ per 1,000", "median s"):
        table.add_column(name, justify="right")
    for row in _rows(outcome):
        table.add_row(*row)
    console.print(table)
    for sentence in outcome.sentences():
        console.print(sentence, markup=False)


def _rows(outcome: Outcome) -> list[list[str]]:
    return [
        [
            item.name,
            *(
                f"{item.scores[name].value:.2f} ({item.scores[name].low:.2f}-{item.scores[name].high:.2f})"
                for name in outcome.metrics
            ),
            f"{item.input_tokens:.0f}",
            f"{item.output_tokens:.0f}",
            usd(item.usd_per_1000),
            f"{item.median_seconds:.3f}",
        ]
        for item in outcome.variants
    ]


def write_html(outcome: Outcome, path: Path, *, title: str, curve: list[dict[str, Any]], best_step: int | None) -> None:
    """The report: a picture a metric, the loss curve of the run if there is one, the table."""
    sections = [
        Section(
            title=name,
            pictures=[
                charts.intervals(
                    {
                        item.name: (item.scores[name].low, item.scores[name].value, item.scores[name].high)
                        for item in outcome.variants
                    },
                    name,
                )
            ],
        )
        for name in outcome.metrics
    ]
    costs = {item.name: float(item.usd_per_1000) for item in outcome.variants if item.usd_per_1000 is not None}
    sections.append(Section(title="USD per 1,000 calls", pictures=[charts.bars(costs, "USD per 1,000 calls")]))
    if curve:
        series = {"training": [(point["step"], point["train_loss"]) for point in curve]}
        valid = [(point["step"], point["valid_loss"]) for point in curve if point["valid_loss"] is not None]
        if valid:
            series["validation"] = valid
        sections.append(
            Section(title="Loss of the tuning job", pictures=[charts.lines(series, "Loss by step", mark=best_step)])
        )
    columns = ("Variant", *outcome.metrics, "Tokens in", "Tokens out", "$ per 1,000 calls", "Median s")
    sections.append(Section(title="Figures", lines=outcome.sentences(), columns=columns, rows=_rows(outcome)))
    lead = f"{outcome.examples} examples that no variant was trained on. " + (outcome.sentences() or [""])[0]
    write_page(
        path,
        title=title,
        lead=lead,
        sections=sections,
        foot="Intervals: paired bootstrap, 10,000 resamples. Made by evaluate.py.",
    )


def print_runs(rows: list[dict[str, Any]], console: Console) -> None:
    """Several runs side by side, best on top."""
    table = Table(show_edge=False)
    for name in (
        "run",
        "variant",
        "metric",
        "score",
        "trained on",
        "epochs",
        "training $",
        "$ per 1,000 calls",
        "model",
    ):
        table.add_column(name)
    for row in rows:
        table.add_row(
            *(
                str(row[name])
                for name in ("run", "variant", "metric", "score", "examples", "epochs", "cost", "usd_per_1000", "model")
            )
        )
    console.print(table)
