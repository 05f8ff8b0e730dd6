#!/usr/bin/env python3
"""Compare base, prompted, few-shot and tuned on examples that none has seen: quality, cost, latency, and what is proven."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number
from finetune import clock, console, similar, trained, tuned
from finetune.chat import chat_for
from finetune.clients import Place, talking_to
from finetune.console import Output
from finetune.errors import FINE, UserError
from finetune.evaluation import measure, metrics, outcome, variants
from finetune.evaluation.variants import Variant
from finetune.model import Example
from finetune.options import Location, Prices, Project, Seed
from finetune.prices import PriceBook
from finetune.report import comparison
from finetune.runs import FOLDER, Run, sha256_of
from finetune.text import read_text

app = console.app("evaluate.py", "Measure variants of a model on held-out examples, and compare runs.")


@app.default
def main(
    *,
    run: Annotated[
        str, Parameter(help="The run whose model is compared; a new name compares prompts only (with --base).")
    ],
    test: Annotated[Path, Parameter(help="Examples that no variant was trained on.")],
    base: Annotated[str | None, Parameter(help="Untuned model to compare with; default: the run's base.")] = None,
    prompt: Annotated[Path | None, Parameter(help="System prompt of the prompted and few-shot variants.")] = None,
    shots_from: Annotated[
        Path | None, Parameter(help="Where few-shot examples are drawn from; default: the run's training file.")
    ] = None,
    shots: Annotated[
        int, Parameter(help="Number of few-shot examples; 0 leaves the variant out.", validator=Number(gte=0))
    ] = 8,
    checkpoint: Annotated[
        int | None, Parameter(help="Step of the checkpoint to use in place of the final model.")
    ] = None,
    pattern: Annotated[
        str | None, Parameter(help="Regular expression that a well-formed answer matches whole.")
    ] = None,
    schema: Annotated[Path | None, Parameter(help="JSON schema of a well-formed answer.")] = None,
    limit: Annotated[int | None, Parameter(help="Use only so many examples.", validator=Number(gte=1))] = None,
    project: Project = None,
    location: Location = None,
    prices: Prices = None,
    parallel: Annotated[int, Parameter(help="Questions asked at a time.", validator=Number(gte=1))] = 4,
    seed: Seed = 7,
    html: Annotated[Path | None, Parameter(help="Where the report goes; default: runs/NAME/evaluation.html.")] = None,
    output: Output = "text",
) -> int:
    """Evaluate. Replies are kept in the run's folder: run it again after Ctrl-C and only what is missing is asked."""
    record = Run.open(run) if (FOLDER / run / "run.json").exists() else Run.start(run, provider="none", now=clock.now())
    examples = _unseen(record, test)[:limit]
    book = PriceBook.load(prices)
    shown = _shots(record, shots_from, shots, seed, examples)
    system = (
        read_text(prompt).strip()
        if prompt is not None
        else next((example.system for example in examples if example.system), None)
    )

    def place() -> Place:
        return tuned.place_of(record) if "project" in record.data["parameters"] else Place.of(project, location)

    with talking_to("the provider", "preparing the comparison"):
        chosen = _variants(record, base, system, shown, checkpoint, place, book)
    scores = metrics.choose(examples, pattern=_pattern(pattern), schema=_schema(schema))
    folder = record.folder / "replies" / sha256_of(test)[:12]
    asked = []
    with console.progress("Asking") as show:
        for variant in chosen:
            with talking_to(variant.chat.model, f"asking the {variant.name} variant"):
                replies = measure.ask_all(
                    variant,
                    examples,
                    folder,
                    parallel=parallel,
                    progress=lambda done, name=variant.name: show(
                        f"{name} {done}/{len(examples)}", done / len(examples)
                    ),  # type: ignore[misc]  # the default binds the name
                )
            asked.append((variant, replies))
    found = outcome.judge(examples, asked, scores, seed=seed)
    report = html or record.folder / "evaluation.html"
    results = record.data["results"]
    best = (results.get("alarm") or {}).get("best_step")
    comparison.write_html(found, report, title=f"Evaluation of {run}", curve=results.get("curve", []), best_step=best)
    record.note(
        evaluation={
            "test": test,
            "test_digest": _digest(examples),
            "at": clock.now(),
            "report": report,
            **found.as_json(),
        }
    )
    console.emit(output, record.data["results"]["evaluation"], lambda: comparison.print_table(found, console.out))
    console.err.print(f"Report: {report}", markup=False)
    return FINE


def _unseen(record: Run, test: Path) -> list[Example]:
    """The test examples; refused if the run's model has seen any of them.

    Raises:
        UserError: It has, or there are none.
    """
    examples = trained.examples_of(test)
    if not examples:
        raise UserError(f"{test}: no usable example was found; validate_data.py says why.")
    for part, held in record.data["data"].items():
        if held["sha256"] == sha256_of(test):
            raise UserError(
                f"{test}: this is the run's {part} file. The model knows the answers; evaluate on the test file "
                "that prepare_data.py made."
            )
    known = trained.seen(record, examples)
    if known:
        raise UserError(
            f"{known[0].place}: {len(known)} of {len(examples)} examples were trained on in the run {record.name}; "
            "figures on them mean nothing. "
            "Split again with prepare_data.py, or remove them."
        )
    return examples


def _digest(examples: list[Example]) -> str:
    """A mark of what is asked and expected, the same for the same examples in any provider's form."""
    lines = sorted(similar.fingerprint(f"{example.question}\x1f{example.output}") for example in examples)
    return hashlib.blake2b(repr(lines).encode(), digest_size=12).hexdigest()


def _shots(record: Run, path: Path | None, number: int, seed: int, examples: list[Example]) -> list[Example]:
    held = record.data["data"].get("train", {}).get("path")
    source = path or (Path(held) if held else None)
    if number <= 0 or source is None or not source.exists():
        return []
    contexts = {example.context for example in examples}
    return variants.draw([item for item in trained.examples_of(source) if item.context not in contexts], number, seed)


def _variants(
    record: Run,
    base: str | None,
    system: str | None,
    shown: list[Example],
    checkpoint: int | None,
    place: Any,
    book: PriceBook,
) -> list[Variant]:
    """Base, prompted, few-shot where they can be asked, then tuned if the run has a model."""
    name = base or (record.data["parameters"].get("model") if record.data["provider"] in {"openai", "gemini"} else None)
    out: list[Variant] = []
    if name is not None:
        chat, price = chat_for(name, place), book.find(name)
        out.append(variants.base(chat, price))
        if system:
            out.append(variants.prompted(chat, price, system))
        if shown:
            out.append(variants.few_shot(chat, price, system, shown))
    if record.data["results"].get("model"):
        out.append(
            variants.tuned(tuned.chat_of(record, checkpoint), book.find(record.data["parameters"].get("model", "")))
        )
    if not out:
        raise UserError(
            f"{record.folder}: nothing to ask. The run has no finished model; name an untuned one with --base."
        )
    return out


def _pattern(text: str | None) -> re.Pattern[str] | None:
    try:
        return re.compile(text) if text is not None else None
    except re.error as error:
        raise UserError(f"--pattern: {error}. Expected a regular expression.") from error


def _schema(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        data = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise UserError(f"{path}:{error.lineno}: not JSON ({error.msg}).") from error
    if not isinstance(data, dict):
        raise UserError(f"{path}: expected a JSON schema, an object.")
    return data


@app.command
def compare(
    *runs: Annotated[str, Parameter(help="Names of runs that were evaluated.")], output: Output = "text"
) -> int:
    """Put the evaluations of several runs side by side, best first."""
    rows = []
    for name in runs:
        record = Run.open(name)
        found = record.data["results"].get("evaluation")
        if found is None:
            raise UserError(
                f"{record.folder}: the run was not evaluated yet. Begin with: evaluate.py --run {name} --test FILE"
            )
        metric = next(iter(found["metrics"]))
        last = found["variants"][-1]
        rows.append(
            {
                "run": name,
                "model": last["model"],
                "test_digest": found["test_digest"],
                "examples": record.data["data"].get("train", {}).get("examples", "-"),
                "epochs": record.data["parameters"].get("epochs")
                or ("-" if record.data["provider"] == "none" else "auto"),
                "metric": metric,
                "variant": last["name"],
                "score": round(last["scores"][metric]["value"], 3),
                "cost": record.data["results"].get("cost_usd")
                or ("-" if record.data["provider"] == "none" else "unknown"),
                "usd_per_1000": last["usd_per_1000"] or "unknown",
            }
        )
        record.close()
    rows.sort(key=lambda row: -row["score"])
    same = len({row["test_digest"] for row in rows}) == 1

    def text() -> None:
        comparison.print_runs(rows, console.out)
        if not same:
            console.out.print(
                "The runs were evaluated on different examples: their figures cannot be compared.", markup=False
            )

    console.emit(output, {"comparable": same, "runs": rows}, text)
    return FINE


if __name__ == "__main__":
    console.run(app)
