"""What every tuning script does before it spends: check the data, say the price, remember what is trained on, ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from finetune import console, trained
from finetune.checks.survey import Survey, survey
from finetune.costs import TrainingCost, retirement_sentence, training_cost
from finetune.errors import FINE, UserError
from finetune.findings import Severity
from finetune.limits import Target
from finetune.prices import ModelPrice, PriceBook
from finetune.runs import Run, sha256_of


@dataclass(frozen=True, slots=True)
class Start:
    """What is about to be started."""

    found: Survey
    price: ModelPrice
    cost: TrainingCost


def look(
    run: Run,
    *,
    target: Target,
    model: str,
    train: Path,
    validation: Path | None,
    epochs: int | None,
    book: PriceBook,
    today: date,
) -> Start:
    """Check the files, note their hashes and the price in the run's record.

    Raises:
        UserError: The data has errors, or differs from what the run was started with.
    """
    files = [("train", train)] + ([("validation", validation)] if validation is not None else [])
    with console.progress("Checking the data") as show:
        show(str(train), None)
        found = survey(files, target=target, model=model)
    if found.findings.count(Severity.ERROR):
        first = next(item for item in found.findings.listed() if item.severity is Severity.ERROR)
        raise UserError(
            f"{first}\nThe data has {found.findings.count(Severity.ERROR):,} errors; nothing was started. "
            "validate_data.py lists them."
        )
    price = book.model(model)
    if price.training is None:
        raise UserError(
            f"{model}: cannot be tuned, as far as is known. Tunable: {', '.join(p.model for p in book.tunable(target, today))}."
        )
    cost = training_cost(price, tokens=found.files[0].tokens, examples=found.files[0].examples, epochs=epochs)
    run.fix(
        "data",
        {
            file.part: {
                "path": file.path,
                "sha256": sha256_of(file.path),
                "examples": file.examples,
                "tokens": file.tokens,
            }
            for file in found.files
        },
    )
    if not run.begun:
        run.fix(
            "prices",
            {
                "training": price.training,
                "estimate_low": cost.low,
                "estimate_high": cost.high,
                "source": price.source,
                "read_on": price.read_on,
            },
        )
        trained.remember(run, [file.path for file in found.files])
    return Start(found, price, cost)


def agreed(
    run: Run,
    *,
    target: Target,
    model: str,
    train: Path,
    validation: Path | None,
    epochs: int | None,
    prices: Path | None,
    now: datetime,
    yes: bool,
    also: str = "",
) -> bool:
    """Check the data, say the price and ask, unless the job was created already; True if it may go on.

    Raises:
        UserError: The data has errors, or differs from what the run was started with; the model is not tunable.
    """
    if run.result("create job") is not None:
        return True
    ready = look(
        run,
        target=target,
        model=model,
        train=train,
        validation=validation,
        epochs=epochs,
        book=PriceBook.load(prices),
        today=now.date(),
    )
    return say_and_ask(ready, now.date(), yes=yes, also=also)


def detached(record: Run, job: str, script: str, output: console.Output) -> int:
    """Say how to go on with a job that nobody waits for."""
    console.emit(
        output,
        record.data,
        lambda: console.out.print(f"{job}; go on with: {script} follow --run {record.name}", markup=False),
    )
    return FINE


def job_of(record: Run, script: str, key: str) -> str:
    """The job that a run has, by the `key` of its creation's result.

    Raises:
        UserError: It has none yet.
    """
    made = record.result("create job")
    if made is None:
        raise UserError(
            f"{record.folder}: the run has no job yet. Begin with: {script} start --run {record.name} --train FILE"
        )
    return str(made[key])


def say_and_ask(start: Start, today: date, *, yes: bool, also: str = "") -> bool:
    """Show what it will cost and until when it lasts; True if the person agrees."""
    cost = start.cost
    money = console.usd(cost.low) if cost.low == cost.high else f"{console.usd(cost.low)} to {console.usd(cost.high)}"
    span = f"{cost.epochs_low}" if cost.epochs_low == cost.epochs_high else f"{cost.epochs_low} to {cost.epochs_high}"
    console.err.print(
        f"{start.found.files[0].examples:,} examples, {cost.tokens_per_epoch:,} tokens x {span} epochs on "
        f"{start.price.model}: {money} "
        f"(prices of {start.price.read_on})",
        markup=False,
    )
    for line in (retirement_sentence(start.price, today), start.price.note, also):
        if line:
            console.err.print(line, markup=False)
    return console.confirm("Start?", yes=yes)


def cost_of(model: str, tokens: int | None) -> Decimal | None:
    """USD of the tokens that were really trained on, by today's price of the base model; None where it has none."""
    price = PriceBook.load().find(model)
    return trained_cost(price, tokens) if price is not None else None


def trained_cost(price: ModelPrice, tokens: int | None) -> Decimal | None:
    """USD of the tokens that were really trained on."""
    if tokens is None or price.training is None:
        return None
    return price.training * tokens / 1_000_000
