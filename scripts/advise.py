#!/usr/bin/env python3
"""Is tuning the right answer? Asks about the task, reads the data, measures prompt and few-shot, and says what to
do and what it costs.
"""

from __future__ import annotations

import hashlib
import sys
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number
from finetune import advice, call_costs, clock, console, trained
from finetune.advice import Advice, Choice, Facts, Goal
from finetune.chat import chat_for
from finetune.checks.survey import survey
from finetune.clients import Place, talking_to
from finetune.console import Output
from finetune.costs import hosting_cost, repaid_after_calls, training_cost
from finetune.errors import FINE, UserError
from finetune.evaluation import bootstrap, measure, metrics, variants
from finetune.findings import Severity
from finetune.limits import DEFAULT_MODEL
from finetune.model import Example
from finetune.options import Location, Prices, Project, Seed, Shots
from finetune.prices import ModelPrice, PriceBook
from finetune.runs import FOLDER
from finetune.split import Fractions, Grouper
from finetune.text import read_text

app = console.app("advise.py", "Prompt, few-shot, retrieval or tuning? With reasons, and the cost of each.")
REGION = "us-central1"
NEXT = {
    Choice.PROMPT: "Next: evaluate.py --base MODEL --prompt FILE measures a prompt; personalise.py keeps state in it.",
    Choice.FEW_SHOT: "Next: evaluate.py --base MODEL --shots-from FILE; prompt_claude.py does it with caching.",
    Choice.RETRIEVAL: "Next: prompt_claude.py ask QUESTION --documents FOLDER answers from documents, with citations.",
    Choice.TUNE: "Next: prepare_data.py, estimate.py, then tune_openai.py, tune_gemini.py or tune_open_model.py.",
    Choice.MEND_DATA: "Next: validate_data.py FILE --html report.html shows what to mend, line by line.",
}


@app.default
def main(
    data: Annotated[Path, Parameter(help="Examples in any form that prepare_data.py reads.")],
    *,
    goal: Annotated[
        tuple[Goal, ...], Parameter(help="What you want; may be repeated. Asked for on a terminal.", negative="")
    ] = (),
    base: Annotated[
        str | None, Parameter(help="Measure prompt and few-shot with this model on held-out examples.")
    ] = None,
    prompt: Annotated[Path | None, Parameter(help="The system prompt to try.")] = None,
    tune_model: Annotated[str, Parameter(help="Base model that would be tuned; for the costs.")] = DEFAULT_MODEL[
        "openai"
    ],
    calls_a_month: Annotated[
        int | None, Parameter(help="Calls expected, for what the shorter prompt saves.", validator=Number(gte=0))
    ] = None,
    good_enough: Annotated[
        float, Parameter(help="Score that the task needs, 0 to 1.", validator=Number(gte=0, lte=1))
    ] = 0.9,
    documents: Annotated[
        Path | None,
        Parameter(help="Folder that retrieval would look in; for its cost. Default: passages of full length."),
    ] = None,
    shots: Shots = 8,
    limit: Annotated[int, Parameter(help="Held-out examples to ask at most.", validator=Number(gte=1))] = 100,
    project: Project = None,
    location: Location = None,
    prices: Prices = None,
    seed: Seed = 7,
    output: Output = "text",
) -> int:
    """Advise; starts nothing. With --base it asks that model, which costs what the calls cost."""
    goals = frozenset(goal) or _ask_goals()
    today = clock.now().date()
    book = PriceBook.load(prices)
    price = _tunable(book, tune_model, today)
    found = survey([("train", data)], target="openai", model=tune_model)
    examples = trained.examples_of(data)
    if not examples:
        raise UserError(f"{data}: no usable example was found; validate_data.py says why.")
    shown, held = _hold_out(examples, seed)
    drawn = variants.draw(shown, shots, seed)
    system = (
        read_text(prompt).strip() if prompt is not None else next((item.system for item in examples if item.system), "")
    )
    measured = (
        _measure(base, system, drawn, held[:limit], lambda: Place.of(project, location), data, book)
        if base is not None
        else {}
    )
    calls = call_costs.of(
        examples, system=system, shots=drawn, tuned=price, untuned=book.find(base or tune_model), documents=documents
    )
    training = training_cost(price, tokens=sum(found.tokens), examples=len(examples), epochs=None).high
    hosting = _hosting(book, price, location)
    facts = Facts(
        goals=goals,
        examples=len(examples),
        contradictions=found.findings.counts["contradiction"],
        data_errors=found.findings.count(Severity.ERROR),
        good_enough=good_enough,
        prompted=measured.get("prompted"),
        few_shot=measured.get("few-shot"),
        calls_a_month=calls_a_month,
        prompted_call=calls.prompted,
        few_shot_call=calls.few_shot,
        retrieval_call=calls.retrieval,
        tuned_call=calls.tuned,
        training=training,
        hosting=hosting,
        repaid_from=repaid_after_calls(training, calls.few_shot, calls.tuned, hosting),
        base_days_left=(price.retires_on - today).days if price.retires_on is not None else None,
    )
    given = advice.advise(facts)
    value = _value(given, facts, price, book)
    console.emit(output, value, lambda: _say(given, value))
    return FINE


def _ask_goals() -> frozenset[Goal]:
    if not sys.stdin.isatty():
        raise UserError(f"--goal: what is wanted is not known. Give one or more of {', '.join(Goal)}.")
    for number, item in enumerate(Goal, start=1):
        console.err.print(f"{number}  {advice.MEANING[item]}", markup=False)
    answer = input("What do you want? Numbers, with spaces between: ")
    chosen = [list(Goal)[int(part) - 1] for part in answer.split() if part.isdigit() and 1 <= int(part) <= len(Goal)]
    if not chosen:
        raise UserError(f'found "{answer}", expected numbers from 1 to {len(Goal)}.')
    return frozenset(chosen)


def _hold_out(examples: list[Example], seed: int) -> tuple[list[Example], list[Example]]:
    """Four fifths to draw from, a fifth to measure on, nothing alike in both."""
    grouper = Grouper()
    for example in examples:
        grouper.add(example)
    parts = grouper.assign(Fractions(0.8, 0.0, 0.2), seed)
    shown = [example for example, part in zip(examples, parts, strict=True) if part == "train"]
    held = [example for example, part in zip(examples, parts, strict=True) if part == "test"]
    return shown, held or shown[-1:]


def _measure(
    base: str, system: str, drawn: list[Example], held: list[Example], place: Any, data: Path, book: PriceBook
) -> dict[str, bootstrap.Interval]:
    """Scores of prompt and few-shot; replies are kept, so that a second run with other flags asks nothing twice."""
    chat, price = chat_for(base, place), book.find(base)
    score = next(iter(metrics.choose(held, pattern=None, schema=None).values()))
    folder = FOLDER / "advice" / hashlib.blake2b(str(data.resolve()).encode(), digest_size=6).hexdigest()
    tried = [variants.prompted(chat, price, system)] if system else [variants.base(chat, price)]
    tried.append(variants.few_shot(chat, price, system or None, drawn))
    out = {}
    with console.progress("Asking") as show:
        for variant in tried:
            with talking_to(base, f"asking the {variant.name} variant"):
                replies = measure.ask_all(
                    variant,
                    held,
                    folder,
                    parallel=4,
                    progress=lambda done, name=variant.name: show(name, done / len(held)),  # type: ignore[misc]  # the default binds the name
                )
            key = "few-shot" if variant.name == "few-shot" else "prompted"
            out[key] = bootstrap.mean([score(example, reply) for example, reply in zip(held, replies, strict=True)])
    return out


def _tunable(book: PriceBook, name: str, today: Any) -> ModelPrice:
    """The price of a model that can be tuned today.

    Raises:
        UserError: It cannot, or it is not known.
    """
    price = book.model(name)
    if price not in book.tunable(price.provider, today):
        wanted = ", ".join(
            item.model for target in ("openai", "gemini", "open") for item in book.tunable(target, today)
        )
        raise UserError(f"--tune-model: {name} cannot be tuned on {today}, as far as is known. Tunable: {wanted}.")
    return price


def _hosting(book: PriceBook, price: ModelPrice, location: str | None) -> Decimal | None:
    """USD a month for the machines that a tuned model needs; 0 where its calls are all that is billed."""
    if price.provider != "open":
        return Decimal(0)
    machine = price.machine or ""
    return hosting_cost(machine, book.machine(machine, location or REGION)).month


def _value(given: Advice, facts: Facts, price: ModelPrice, book: PriceBook) -> dict[str, Any]:
    return {
        "choice": given.choice,
        "reasons": given.reasons,
        "measured": {"prompted": facts.prompted, "few-shot": facts.few_shot},
        "costs": {
            "prompted_call": facts.prompted_call,
            "few_shot_call": facts.few_shot_call,
            "retrieval_call": facts.retrieval_call,
            "tuned_call": facts.tuned_call,
            "training": facts.training,
            "hosting_a_month": facts.hosting,
            "repaid_from_calls_a_month": facts.repaid_from,
            "tuned_model": price.model,
            "prices_read_on": book.read_on,
        },
        "next": NEXT[given.choice],
        "known_on": book.read_on,
    }


def _say(given: Advice, value: dict[str, Any]) -> None:
    head = "Tune." if given.choice is Choice.TUNE else f"Don't tune: {given.choice}."
    console.out.print(head, markup=False)
    for reason in given.reasons:
        console.out.print(f"  {'+' if reason.speaks_for_tuning else '-'} {reason.sentence}", markup=False)
    costs = value["costs"]
    hosting = costs["hosting_a_month"]
    machines = "" if hosting == 0 else f" and its machines {console.usd(hosting)} a month, called or not"
    console.out.print(
        f"A call costs about {console.usd(costs['prompted_call'])} with a prompt, "
        f"{console.usd(costs['few_shot_call'])} with few-shot, "
        f"{console.usd(costs['retrieval_call'])} with retrieval (passages in the prompt), "
        f"{console.usd(costs['tuned_call'])} tuned; training about {console.usd(costs['training'])} on "
        f"{costs['tuned_model']}{machines}.",
        markup=False,
    )
    repaid = costs["repaid_from_calls_a_month"]
    if repaid is not None:
        console.out.print(f"Against few-shot, tuning is repaid from {repaid:,} calls a month on.", markup=False)
    console.out.print(f"{value['next']} (as known on {value['known_on']})", markup=False)


if __name__ == "__main__":
    console.run(app)
