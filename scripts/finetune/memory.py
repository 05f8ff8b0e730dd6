"""Personalise without tuning: a profile of the user, the talk so far, and examples, all put into the prompt
within a token window.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from finetune.errors import UserError
from finetune.model import Example, Message
from finetune.tokens import count_messages

_USER = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(slots=True)
class Person:
    """What the application knows of one user: facts by name, and the turns of the talk so far."""

    name: str
    profile: dict[str, str] = field(default_factory=dict)
    turns: list[Message] = field(default_factory=list)


class Store:
    """A JSON file a user in a folder; written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, name: str) -> Person:
        """A user, known or new.

        Raises:
            UserError: The name cannot be a file's, or the file is damaged.
        """
        path = self._path(name)
        if not path.exists():
            return Person(name)
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            return Person(
                name, dict(data["profile"]), [Message(role=turn["role"], text=turn["text"]) for turn in data["turns"]]
            )
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path}: damaged ({error}). Restore it, or remove it to begin afresh.") from error

    def save(self, person: Person) -> None:
        """Keep what is known now."""
        path = self._path(person.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        data: dict[str, Any] = {
            "profile": person.profile,
            "turns": [{"role": turn.role, "text": turn.text} for turn in person.turns],
        }
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        unfinished.write_text(json.dumps(data, ensure_ascii=False, indent=2), encoding="utf-8")
        unfinished.replace(path)

    def forget(self, name: str) -> bool:
        """Remove everything about a user; False if nothing was known."""
        path = self._path(name)
        if not path.exists():
            return False
        path.unlink()
        return True

    def _path(self, name: str) -> Path:
        if not _USER.fullmatch(name) or name.startswith("."):
            raise UserError(f'--user: found "{name}", expected up to 64 letters, digits, ".", "_" and "-".')
        return self._folder / f"{name}.json"


@dataclass(frozen=True, slots=True)
class Fitted:
    """The messages to send, their tokens, and how many older turns no longer fit."""

    messages: tuple[Message, ...]
    tokens: int
    left_out: int


def compose(
    person: Person, question: str, *, instructions: str, shots: Sequence[Example], model: str, window: int
) -> Fitted:
    """Instructions, profile, examples, then as much of the talk as fits, newest turns first, always in whole question-answer pairs.

    Args:
        person: Profile and history.
        question: The new question.
        instructions: The system prompt.
        shots: Examples, shown before the talk.
        model: Whose vocabulary counts.
        window: Tokens that the prompt may have.

    Raises:
        UserError: Even without any history it does not fit.
    """
    known = "\n".join(f"- {key}: {value}" for key, value in sorted(person.profile.items()))
    system = instructions + (f"\n\nWhat is known about the user:\n{known}" if known else "")
    head = [Message(role="system", text=system)]
    for shot in shots:
        head += [message for message in shot.prompt if message.role != "system"]
        head += [shot.answer] if shot.answer is not None else []
    tail = [Message(role="user", text=question)]
    if count_messages((*head, *tail), model) > window:
        raise UserError(
            f"--window: {window} tokens do not hold the instructions, the profile, {len(shots)} examples and the "
            "question. Raise it."
        )
    start = len(person.turns)
    while start >= 2 and count_messages((*head, *person.turns[start - 2 :], *tail), model) <= window:
        start -= 2
    messages = (*head, *person.turns[start:], *tail)
    return Fitted(messages, count_messages(messages, model), start)
