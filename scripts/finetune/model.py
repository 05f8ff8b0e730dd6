"""One example of training data, in the form that every reader produces and every writer starts from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something stands: a file and a line, counted from 1."""

    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A call that the model asked for; `arguments` is JSON text, as the providers send it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn. `weight` 0 means "do not train on this answer"; None means the provider's default, which is to train."""

    role: Role
    text: str = ""
    images: tuple[str, ...] = ()
    calls: tuple[ToolCall, ...] = ()
    call_id: str | None = None
    name: str | None = None
    weight: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A conversation that ends in what the model should say; with `rejected`, also in what it should not."""

    messages: tuple[Message, ...]
    place: Place
    tools: tuple[dict[str, Any], ...] = ()
    rejected: tuple[Message, ...] = ()
    group: str | None = None

    @property
    def system(self) -> str:
        """The system messages, joined."""
        return "\n".join(message.text for message in self.messages if message.role == "system")

    @property
    def prompt(self) -> tuple[Message, ...]:
        """Everything before the last answer; what a model is given at evaluation."""
        return self.messages[: self._answer_at]

    @property
    def answer(self) -> Message | None:
        """The last assistant turn, or None if there is none."""
        return self.messages[self._answer_at] if self._answer_at < len(self.messages) else None

    @property
    def question(self) -> str:
        """The text of the user turns before the answer: what makes two examples "the same input"."""
        return "\n".join(message.text for message in self.prompt if message.role in {"user", "tool"})

    @property
    def context(self) -> str:
        """Everything that the answer depends on, roles included: two examples with the same context should have the same output."""
        lines = [f"{message.role}: {message.text}" for message in self.prompt]
        lines += [f"{call.name}({call.arguments})" for message in self.prompt for call in message.calls]
        return "\n".join(lines)

    @property
    def output(self) -> str:
        """The answer as one text, tool calls included; what "a different output" compares."""
        answer = self.answer
        if answer is None:
            return ""
        calls = [f"{call.name}({call.arguments})" for call in answer.calls]
        return "\n".join(part for part in (answer.text, *calls) if part)

    @property
    def _answer_at(self) -> int:
        last = [index for index, message in enumerate(self.messages) if message.role == "assistant"]
        return last[-1] if last else len(self.messages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A row that could not be read or is wrong, with the code that reports, tests and CI filters share."""

    code: str
    place: Place
    message: str
    fix: str
