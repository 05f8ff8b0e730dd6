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
from finetune import advice, clock, console, trained
from finetune.advice import Advice, Choice, Facts, Goal
from finetune.chat import chat_for
from finetune.checks.survey import survey
from finetune.clients import Place, talking_to
from finetune.console import Output
from finetune.costs import repaid_after_calls, training_cost
from finetune.errors import FINE, UserError
from finetune.evaluation import bootstrap, measure, metrics, variants
from finetune.findings import Severity
from finetune.limits import DEFAULT_MODEL
from finetune.model import Example
from finetune.prices import ModelPrice, PriceBook
from finetune.runs import FOLDER
from finetune.split import Fractions, Grouper
from finetune.tokens import count_messages

app = console.app("advise.py", "Prompt, few-shot, retrieval or tuning? With reasons, and the cost of each.")
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
    goal: Annotated[tuple[Goal, ...], Parameter(help="What you want; may be repeated. Asked for on a terminal.")] = (),
    base: Annotated[
        str | None, Parameter(help="Measure prompt and few-shot with this model on held-out examples.")
    ] = None,
    prompt: Annotated[Path | None, Parameter(help="The system prompt to try.")] = None,
    tune_model: Annotated[str, Parameter(help="Base model that would be tuned; for the costs.")] = DEFAULT_MODEL[
        "openai"
    ],
    calls_a_month: int | None = None,
    good_enough: Annotated[float, Parameter(help="Score that the task needs, 0 to 1.")] = 0.9,
    shots: int = 8,
    limit: Annotated[int, Parameter(help="Held-out examples to ask at most.")] = 100,
    project: str | None = None,
    location: str | None = None,
    prices: Path | None = None,
    seed: int = 7,
    output: Output = "text",
) -> int:
    """Advise; starts nothing. With --base it asks that model, which costs what the calls cost."""
    goals = frozenset(goal) or _ask_goals()
    today = clock.now().date()
    book = PriceBook.load(prices)
    price = book.model(tune_model)
    found = survey([("train", data)], target="openai", model=tune_model)
    examples = trained.examples_of(data)
    if not examples:
        raise UserError(f"{data}: no usable example was found; validate_data.py says why.")
    shown, held = _hold_out(examples, seed)
    drawn = variants.draw(shown, shots, seed)
    system = (
        prompt.read_text(encoding="utf-8").strip()
        if prompt is not None
        else next((item.system for item in examples if item.system), "")
    )
    measured = (
        _measure(base, system, drawn, held[:limit], lambda: Place.of(project, location), data, book)
        if base is not None
        else {}
    )
    facts = _facts(
        found,
        goals,
        good_enough,
        calls_a_month,
        measured,
        drawn,
        system,
        examples,
        price,
        book.find(base or tune_model),
        today,
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


def _facts(
    found: Any,
    goals: frozenset[Goal],
    good_enough: float,
    calls: int | None,
    measured: dict[str, bootstrap.Interval],
    drawn: list[Example],
    system: str,
    examples: list[Example],
    tuned: ModelPrice,
    untuned: ModelPrice | None,
    today: Any,
) -> Facts:
    """The figures behind the advice: the tuned model is asked with the bare question, the others with prompt or
    examples before it.
    """
    number = len(examples)
    question = sum(count_messages(variants.without_system(item), tuned.model) for item in examples) / number
    answer = sum(count_messages((item.answer,), tuned.model) for item in examples if item.answer) / number
    shot = sum(
        count_messages((*variants.without_system(item), *((item.answer,) if item.answer else ())), tuned.model)
        for item in drawn
    )
    prefix = count_messages(variants.prompted_prefix(system), tuned.model) if system else 0
    few_shot_call = untuned.call(question + prefix + shot, answer) if untuned is not None else None
    prompted_call = untuned.call(question + prefix, answer) if untuned is not None else None
    tuned_call = tuned.call(question, answer, tuned=True)
    cost = training_cost(tuned, tokens=sum(found.tokens), examples=number, epochs=None)
    known = cost.high is not None and few_shot_call is not None and tuned_call is not None
    return Facts(
        goals=goals,
        examples=number,
        contradictions=found.findings.counts["contradiction"],
        data_errors=found.findings.count(Severity.ERROR),
        good_enough=good_enough,
        prompted=measured.get("prompted"),
        few_shot=measured.get("few-shot"),
        calls_a_month=calls,
        prompted_call=prompted_call,
        few_shot_call=few_shot_call,
        tuned_call=tuned_call,
        training=cost.high,
        repaid_from=repaid_after_calls(cost.high or Decimal(0), few_shot_call or Decimal(0), tuned_call or Decimal(0))
        if known
        else None,
        base_days_left=(tuned.retires_on - today).days if tuned.retires_on is not None else None,
    )


def _value(given: Advice, facts: Facts, price: ModelPrice, book: PriceBook) -> dict[str, Any]:
    return {
        "choice": given.choice,
        "reasons": given.reasons,
        "measured": {"prompted": facts.prompted, "few-shot": facts.few_shot},
        "costs": {
            "prompted_call": facts.prompted_call,
            "few_shot_call": facts.few_shot_call,
            "tuned_call": facts.tuned_call,
            "training": facts.training,
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
    console.out.print(
        f"A call costs about {console.usd(costs['prompted_call'])} with a prompt, "
        f"{console.usd(costs['few_shot_call'])} with few-shot, "
        f"{console.usd(costs['tuned_call'])} tuned; training about {console.usd(costs['training'])} on {costs['tuned_model']}.",
        markup=False,
    )
    repaid = costs["repaid_from_calls_a_month"]
    if repaid is not None:
        console.out.print(f"Against few-shot, tuning is repaid from {repaid:,} calls a month on.", markup=False)
    console.out.print(f"{value['next']} (as known on {value['known_on']})", markup=False)


if __name__ == "__main__":
    console.run(app)
