#!/usr/bin/env python3
"""Ask the model that a run made."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter
from finetune import console, options, tuned
from finetune.clients import talking_to
from finetune.console import Output
from finetune.errors import FINE, UserError
from finetune.model import Message
from finetune.prices import PriceBook
from finetune.runs import Run

app = console.app("predict.py", "Ask the model that a run made, or one of its checkpoints.")


@app.default
def main(
    text: Annotated[str, Parameter(help='The question; "-" reads it from standard input.')],
    *,
    run: options.Run,
    system: Annotated[str | None, Parameter(help="System message before the question.")] = None,
    checkpoint: Annotated[int | None, Parameter(help="Step of the checkpoint to ask.")] = None,
    prices: options.Prices = None,
    output: Output = "text",
) -> int:
    """Ask one question; the answer goes to standard output, tokens and price to standard error."""
    record = Run.open(run)
    question = sys.stdin.read() if text == "-" else text
    if not question.strip():
        raise UserError("The question is empty.")
    messages = (*((Message(role="system", text=system),) if system else ()), Message(role="user", text=question))
    with talking_to(record.data["provider"], "asking the model"):
        chat = tuned.chat_of(record, checkpoint)
        reply = chat.ask(messages)
    price = PriceBook.load(prices).find(record.data["parameters"].get("model", ""))
    cost = price.call(reply.input_tokens, reply.output_tokens, tuned=True) if price is not None else None
    value = {
        "model": chat.model,
        "text": reply.text,
        "input_tokens": reply.input_tokens,
        "output_tokens": reply.output_tokens,
        "usd": cost,
        "seconds": reply.seconds,
    }
    console.emit(output, value, lambda: console.out.print(reply.text, markup=False))
    console.err.print(
        f"{reply.input_tokens} tokens in, {reply.output_tokens} out, {console.usd(cost)}, {reply.seconds:.2f} s",
        markup=False,
    )
    return FINE


if __name__ == "__main__":
    console.run(app)
