#!/usr/bin/env python3
"""Personalise a model without tuning it: a profile, the talk so far, and examples in the prompt. One interface
over three providers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number
from finetune import console, memory, trained
from finetune.chat import chat_for
from finetune.clients import Place, talking_to
from finetune.console import Output
from finetune.errors import FINE, FOUND_SOMETHING, UserError
from finetune.evaluation import variants
from finetune.limits import DEFAULT_MODEL
from finetune.memory import Store
from finetune.model import Message
from finetune.options import Location, Project, Seed, Shots

app = console.app(
    "personalise.py",
    "What most people want from tuning is state that the application keeps and puts into the prompt. This is how.",
)
User = Annotated[str, Parameter(help="Whose profile and talk.")]
Folder = Annotated[Path, Parameter(name="--store", help="Folder of the profiles.")]
DEFAULT_FOLDER = Path("profiles")


@app.command
def ask(
    question: Annotated[str, Parameter(help="What the user says.")],
    *,
    user: User,
    model: Annotated[str, Parameter(help="gpt-..., gemini-... or claude-...")] = DEFAULT_MODEL["openai"],
    instructions: Annotated[
        str, Parameter(help="The system prompt.")
    ] = "You are a helpful assistant. Use what is known about the user.",
    examples: Annotated[Path | None, Parameter(help="Data set whose examples show the style.")] = None,
    shots: Shots = 4,
    window: Annotated[
        int,
        Parameter(
            help="Tokens that the prompt may have; older turns that do not fit stay out.", validator=Number(gte=1)
        ),
    ] = 4000,
    project: Project = None,
    location: Location = None,
    store: Folder = DEFAULT_FOLDER,
    seed: Seed = 7,
    output: Output = "text",
) -> int:
    """Ask with everything that is known about the user; the talk is remembered."""
    keeper = Store(store)
    person = keeper.load(user)
    drawn = variants.draw(trained.examples_of(examples), shots, seed) if examples is not None else []
    fitted = memory.compose(person, question, instructions=instructions, shots=drawn, model=model, window=window)
    with talking_to(model, "asking"):
        reply = chat_for(model, lambda: Place.of(project, location)).ask(fitted.messages)
    person.turns += [Message(role="user", text=question), Message(role="assistant", text=reply.text)]
    keeper.save(person)
    value = {"text": reply.text, "prompt_tokens": fitted.tokens, "turns_left_out": fitted.left_out, "model": model}
    console.emit(output, value, lambda: console.out.print(reply.text, markup=False))
    if fitted.left_out:
        console.err.print(f"{fitted.left_out} older turns did not fit into {window} tokens", markup=False)
    return FINE


@app.command
def remember(fact: Annotated[str, Parameter(help="NAME=VALUE.")], *, user: User, store: Folder = DEFAULT_FOLDER) -> int:
    """Keep a fact about the user, written NAME=VALUE; it stands in every prompt from now on."""
    name, separator, value = fact.partition("=")
    if not separator or not name.strip() or not value.strip():
        raise UserError(f'found "{fact}", expected NAME=VALUE, such as language=Spanish.')
    keeper = Store(store)
    person = keeper.load(user)
    person.profile[name.strip()] = value.strip()
    keeper.save(person)
    return FINE


@app.command
def show(*, user: User, store: Folder = DEFAULT_FOLDER, output: Output = "text") -> int:
    """Show what is kept about a user."""
    person = Store(store).load(user)
    value = {"profile": person.profile, "turns": [{"role": turn.role, "text": turn.text} for turn in person.turns]}

    def text() -> None:
        for name, known in person.profile.items():
            console.out.print(f"{name}: {known}", markup=False)
        console.out.print(f"{len(person.turns)} turns", markup=False)

    console.emit(output, value, text)
    return FINE


@app.command
def forget(*, user: User, store: Folder = DEFAULT_FOLDER) -> int:
    """Remove everything that is kept about a user."""
    known = Store(store).forget(user)
    console.out.print(f"{user}: {'forgotten' if known else 'nothing was kept'}", markup=False)
    return FINE if known else FOUND_SOMETHING


if __name__ == "__main__":
    console.run(app)
