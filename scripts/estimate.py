#!/usr/bin/env python3
"""Say what tuning and hosting will cost, by provider and base model, before anything is started."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number
from finetune import clock, console
from finetune.checks.survey import survey
from finetune.costs import default_epochs, hosting_cost, retirement_sentence, training_cost
from finetune.errors import FINE, UserError
from finetune.limits import DEFAULT_MODEL, Target
from finetune.options import MOST_EPOCHS, Prices, Replicas
from finetune.prices import ModelPrice, PriceBook

app = console.app("estimate.py", "Tokens x epochs x price for one base model, or for all that can be tuned today.")


@app.default
def main(
    train: Annotated[Path, Parameter(help="Training examples, in any form that prepare_data.py reads.")],
    *,
    target: Annotated[Target | None, Parameter(help="Only this provider; default: all.")] = None,
    model: Annotated[str | None, Parameter(help="Only this base model.")] = None,
    epochs: Annotated[
        int | None,
        Parameter(
            help="As you will ask for; default: a range around the provider's usual choice.",
            validator=Number(gte=1, lte=MOST_EPOCHS),
        ),
    ] = None,
    machine: Annotated[str | None, Parameter(help="Machine type of an open model's endpoint.")] = None,
    region: Annotated[str, Parameter(help="Where the endpoint stands.")] = "us-central1",
    replicas: Replicas = 1,
    prices: Prices = None,
    output: console.Output = "text",
) -> int:
    """Estimate the cost; starts nothing and asks no provider."""
    book = PriceBook.load(prices)
    today = clock.now().date()
    chosen = _chosen(book, target, model, today)
    found = survey([("train", train)], target=target or "openai", model=chosen[0].model)
    examples, tokens = found.examples, sum(found.tokens)
    if not examples:
        raise UserError(f"{train}: no usable example was found; validate_data.py says why.")
    rows = [_row(price, book, tokens, examples, epochs, machine, region, replicas, today) for price in chosen]
    value = {
        "examples": examples,
        "tokens_per_epoch": tokens,
        "prices_read_on": book.read_on,
        "warning": book.age_warning(today),
        "models": rows,
    }
    console.emit(output, value, lambda: _say(value))
    return FINE


def _chosen(book: PriceBook, target: Target | None, model: str | None, today: Any) -> list[ModelPrice]:
    if model is not None:
        price = book.model(model)
        if price.training is None:
            raise UserError(
                f"{model}: cannot be tuned, as far as is known (no training price). Tunable: {_names(book, today)}."
            )
        return [price]
    targets: tuple[Target, ...] = ("openai", "gemini", "open") if target is None else (target,)
    found = [price for name in targets for price in book.tunable(name, today)]
    if not found:
        raise UserError(
            f"{target}: nothing can be tuned there today. Claude has no tuning on its API: see prompt_claude.py. "
            f"Tunable: {_names(book, today)}."
        )
    first = DEFAULT_MODEL[target or "openai"]
    return sorted(found, key=lambda price: price.model != first)


def _names(book: PriceBook, today: Any) -> str:
    return ", ".join(
        price.model for provider in ("openai", "gemini", "open") for price in book.tunable(provider, today)
    )


def _row(
    price: ModelPrice,
    book: PriceBook,
    tokens: int,
    examples: int,
    epochs: int | None,
    machine: str | None,
    region: str,
    replicas: int,
    today: Any,
) -> dict[str, Any]:
    cost = training_cost(price, tokens=tokens, examples=examples, epochs=epochs)
    hosting = None
    if price.provider == "open":
        name = machine or price.machine or "g2-standard-12"
        hosting = hosting_cost(name, book.machine(name, region), replicas)
    return {
        "provider": price.provider,
        "model": price.model,
        "training": cost,
        "usual_epochs": default_epochs(examples),
        "hosting": hosting,
        "tuned_input_per_million": price.tuned_input,
        "tuned_output_per_million": price.tuned_output,
        "retirement": retirement_sentence(price, today),
        "note": price.note,
        "price_source": price.source,
        "price_read_on": price.read_on,
    }


def _say(value: dict[str, Any]) -> None:
    console.out.print(f"{value['examples']:,} examples, {value['tokens_per_epoch']:,} tokens an epoch", markup=False)
    for row in value["models"]:
        cost = row["training"]
        span = (
            f"{cost.epochs_low}" if cost.epochs_low == cost.epochs_high else f"{cost.epochs_low} to {cost.epochs_high}"
        )
        money = (
            console.usd(cost.low) if cost.low == cost.high else f"{console.usd(cost.low)} to {console.usd(cost.high)}"
        )
        console.out.print(f"\n{row['model']} ({row['provider']}): training {money}", markup=False)
        console.out.print(
            f"  {cost.tokens_per_epoch:,} tokens x {span} epochs x {console.usd(cost.usd_per_million)} per 1M tokens",
            markup=False,
        )
        if row["hosting"] is not None:
            host = row["hosting"]
            console.out.print(
                f"  endpoint on {host.replicas} x {host.machine}, called or not: {console.usd(host.hour)} an hour, "
                f"{console.usd(host.day)} a day, {console.usd(host.month)} a month",
                markup=False,
            )
        elif row["tuned_input_per_million"] is not None:
            console.out.print(
                f"  calls {console.usd(row['tuned_input_per_million'])} in, "
                f"{console.usd(row['tuned_output_per_million'])} out per 1M tokens; "
                "no charge is known while nobody calls",
                markup=False,
            )
        for line in (row["retirement"], row["note"]):
            if line:
                console.out.print(f"  {line}", markup=False)
        console.out.print(f"  price of {row['price_read_on']}: {row['price_source']}", markup=False)
    if value["warning"]:
        console.out.print(f"\n{value['warning']}", markup=False)


if __name__ == "__main__":
    console.run(app)
