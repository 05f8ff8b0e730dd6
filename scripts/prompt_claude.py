#!/usr/bin/env python3
"""Claude without tuning: system prompt, XML tags, few-shot from your data, prompt caching, batches, and documents
with citations.
"""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter
from cyclopts.validators import Number
from finetune import claude_prompt, clock, console, trained
from finetune.clients import anthropic_client, talking_to
from finetune.console import Output
from finetune.errors import FINE, FOUND_SOMETHING, UserError
from finetune.evaluation import variants
from finetune.limits import DEFAULT_MODEL
from finetune.model import Example
from finetune.options import MaxTokens, Poll, Prices, Seed, Shots
from finetune.prices import PriceBook
from finetune.retrieval import Library
from finetune.runs import Run
from finetune.text import read_text

app = console.app(
    "prompt_claude.py",
    "Claude cannot be tuned on its API (known on 2026-11-24). This is the path in its place: prompt, examples, "
    "caching, batches, documents.",
)
Model = Annotated[str, Parameter(help="Model at Anthropic.")]
Instructions = Annotated[Path | None, Parameter(help="File with the instructions.")]
Examples = Annotated[Path | None, Parameter(help="Data set from which few-shot examples are drawn.")]
Cache = Annotated[Literal["5m", "1h", "off"], Parameter(help="How long the prompt stays cached.")]
DEFAULT = "Answer the question. Keep to the format of the examples, if there are any."


def _prompt(
    instructions: Path | None, examples: Path | None, shots: int, answer_format: str | None, cache: str, seed: int
) -> claude_prompt.Prompt:
    text = read_text(instructions) if instructions is not None else DEFAULT
    drawn: list[Example] = variants.draw(trained.examples_of(examples), shots, seed) if examples is not None else []
    return claude_prompt.build(text, drawn, answer_format=answer_format, cache=None if cache == "off" else cache)


@app.command
def ask(
    question: Annotated[str, Parameter(help="What is asked.")],
    *,
    model: Model = DEFAULT_MODEL["anthropic"],
    instructions: Instructions = None,
    examples: Examples = None,
    shots: Shots = 8,
    answer_format: Annotated[str | None, Parameter(name="--format", help="Form of the answer.")] = None,
    documents: Annotated[Path | None, Parameter(help="Folder whose texts answer the question, with citations.")] = None,
    passages: Annotated[int, Parameter(help="How many passages go along.", validator=Number(gte=1))] = 5,
    cache: Cache = "5m",
    max_tokens: MaxTokens = 1024,
    seed: Seed = 7,
    prices: Prices = None,
    output: Output = "text",
) -> int:
    """Count the tokens, ask one question, show answer, citations and cost."""
    prompt = _prompt(instructions, examples, shots, answer_format, cache, seed)
    found = Library.of_folder(documents).find(question, passages) if documents is not None else []
    if documents is not None and not found:
        nothing: dict[str, Any] = {
            "model": model,
            "text": None,
            "citations": [],
            "counted_before": None,
            "usage": None,
            "usd": None,
        }
        told = "No passage shares a word with the question; nothing was sent."
        console.emit(output, {**nothing, "why": told}, lambda: console.out.print(told, markup=False))
        return FOUND_SOMETHING
    body = prompt.request(model, question, max_tokens=max_tokens, passages=found)
    price = PriceBook.load(prices).find(model)
    client = anthropic_client()
    with talking_to("Anthropic", "counting the tokens"):
        counted = client.messages.count_tokens(
            **{key: value for key, value in body.items() if key != "max_tokens"}
        ).input_tokens
    before = price.call(counted, max_tokens) if price is not None else None
    console.err.print(f"{counted:,} tokens in, at most {max_tokens:,} out: at most {console.usd(before)}", markup=False)
    with talking_to("Anthropic", "asking"), client.messages.stream(**body) as stream:
        if output == "text":
            for piece in stream.text_stream:
                console.out.print(piece, end="", markup=False)
            console.out.print()
        message = stream.get_final_message()
    spent = claude_prompt.cost(price, message.usage, ttl=cache if cache != "off" else "5m")
    value = {
        "model": model,
        "text": "".join(block.text for block in message.content if block.type == "text"),
        "citations": _citations(message),
        "counted_before": counted,
        "usage": message.usage.model_dump(exclude_none=True),
        "usd": spent,
    }
    note = claude_prompt.cache_note(model, message.usage, wanted=cache != "off")

    def text() -> None:
        for item in _citations(message):
            console.out.print(f'  [{item["source"]}] "{item["text"]}"', markup=False)

    console.emit(output, value, text)
    read = message.usage.cache_read_input_tokens or 0
    console.err.print(f"{console.usd(spent)}; {read:,} tokens read from the cache", markup=False)
    if note:
        console.err.print(note, markup=False)
    return FINE


def _citations(message: Any) -> list[dict[str, str]]:
    return [
        {"source": str(getattr(item, "source", "") or getattr(item, "document_title", "")), "text": item.cited_text}
        for block in message.content
        if block.type == "text"
        for item in block.citations or ()
    ]


@app.command
def batch(
    *,
    run: Annotated[str, Parameter(help="Name of the run; the batch goes on from its record.")],
    questions: Annotated[Path, Parameter(help="Examples whose questions are asked.")],
    model: Model = DEFAULT_MODEL["anthropic"],
    instructions: Instructions = None,
    examples: Examples = None,
    shots: Shots = 8,
    answer_format: Annotated[str | None, Parameter(name="--format", help="Form of the answer.")] = None,
    cache: Cache = "1h",
    max_tokens: MaxTokens = 1024,
    seed: Seed = 7,
    poll: Poll = 10.0,
    prices: Prices = None,
    output: Output = "text",
) -> int:
    """Ask many questions at half the price, within a day; run it again to go on waiting."""
    import anthropic

    now = clock.now()
    record = Run.start(run, provider="anthropic", now=now)
    record.fix("parameters", {"model": model, "questions": questions, "shots": shots, "max_tokens": max_tokens})
    prompt = _prompt(instructions, examples, shots, answer_format, cache, seed)
    asked = trained.examples_of(questions)
    if not asked:
        raise UserError(f"{questions}: no usable example was found; validate_data.py says why.")
    client = anthropic_client()
    mark = f"{record.key[:12]}-"
    rows: Any = [
        {"custom_id": f"{mark}{number}", "params": prompt.request(model, example.question, max_tokens=max_tokens)}
        for number, example in enumerate(asked)
    ]

    def find() -> dict[str, Any] | None:
        """A batch carries no mark of ours but the ids of its requests, readable once it ended; until then, its
        size and time must do.
        """
        since = datetime.fromisoformat(record.data["steps"]["create batch"]["at"])
        for item in client.messages.batches.list(limit=20):
            if item.processing_status == "ended":
                mine = any(row.custom_id.startswith(mark) for row in client.messages.batches.results(item.id))
            else:
                mine = item.created_at >= since and item.request_counts.processing == len(rows)
            if mine:
                return {"id": item.id}
        return None

    def do() -> dict[str, Any]:
        return {"id": client.with_options(max_retries=0).messages.batches.create(requests=rows).id}

    with talking_to("Anthropic", "creating the batch"):
        batch_id = record.once("create batch", find=find, do=do, now=now, lost=(anthropic.APIConnectionError,))["id"]
    with talking_to("Anthropic", "waiting for the batch"), console.progress("Batch") as show:
        while (state := client.messages.batches.retrieve(batch_id)).processing_status != "ended":
            show(f"{state.processing_status}, {state.request_counts.processing} left", None)
            time.sleep(poll)
        answers = {item.custom_id: item.result for item in client.messages.batches.results(batch_id)}
    price = PriceBook.load(prices).find(model)
    lines: list[dict[str, Any]] = []
    total: Any = None
    for number, example in enumerate(asked):
        result = answers.get(f"{mark}{number}")
        message = getattr(result, "message", None)
        text = "".join(block.text for block in message.content if block.type == "text") if message is not None else None
        one = (
            claude_prompt.cost(price, message.usage, ttl="1h" if cache == "1h" else "5m", batch=True)
            if message is not None
            else None
        )
        total = one if total is None else total + (one or 0)
        lines.append(
            {
                "line": example.place.line,
                "question": example.question,
                "answer": text,
                "status": getattr(result, "type", "missing"),
            }
        )
    record.note(batch=batch_id, answers=len(lines), usd=total)
    console.emit(
        output,
        {"batch": batch_id, "usd": total, "answers": lines},
        lambda: console.out.print(
            "\n".join(f"{row['line']}: {row['answer'] or row['status']}" for row in lines), markup=False
        ),
    )
    console.err.print(f"{len(lines)} answers, {console.usd(total)}", markup=False)
    return FINE if all(row["status"] == "succeeded" for row in lines) else FOUND_SOMETHING


if __name__ == "__main__":
    console.run(app)
