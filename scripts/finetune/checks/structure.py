"""Is one example well formed: roles and their order, empty contents, tool calls that fit the tools."""

from __future__ import annotations

import json
from collections.abc import Iterator

from finetune.model import Example, Message, Problem


def problems(example: Example) -> Iterator[Problem]:
    """What is wrong with one example, in the order of its messages."""
    messages = example.messages
    if not messages:
        yield _problem(
            example, "no-messages", "the example has no messages", "write at least a user and an assistant message"
        )
        return
    if not any(message.role == "assistant" for message in messages):
        yield _problem(
            example, "no-answer", "no assistant message: there is nothing to learn", "add the answer that you want"
        )
    elif all(message.weight == 0 for message in messages if message.role == "assistant"):
        yield _problem(
            example, "no-answer", "every assistant message has weight 0: nothing is trained", "give one answer weight 1"
        )
    if not any(message.role == "user" for message in messages):
        yield _problem(example, "no-question", "no user message", "add what the user says")
    yield from _order(example)
    for index, message in enumerate(messages):
        if not message.text.strip() and not message.calls and not message.images:
            yield _problem(
                example,
                "empty-content",
                f"message {index + 1} ({message.role}) is empty",
                "fill it in, or remove the example",
            )
        if "\ufffd" in message.text or "\x00" in message.text:
            yield _problem(
                example,
                "broken-text",
                f"message {index + 1} holds replacement or NUL characters",
                "read the source with its right encoding",
            )
    yield from _tools(example)


def _problem(example: Example, code: str, message: str, fix: str) -> Problem:
    return Problem(code=code, place=example.place, message=message, fix=fix)


def _order(example: Example) -> Iterator[Problem]:
    """System first; then a user turn; no two user or assistant turns in a row (calls apart); the last one is the answer."""
    previous: Message | None = None
    for index, message in enumerate(example.messages):
        where = f"message {index + 1}"
        if message.role == "system" and previous is not None and previous.role != "system":
            yield _problem(example, "role-order", f"{where}: a system message after the talk began", "put it first")
        elif (
            previous is not None
            and message.role == previous.role
            and message.role in {"user", "assistant"}
            and not previous.calls
        ):
            yield _problem(
                example,
                "role-order",
                f"{where}: two {message.role} messages in a row",
                "join them, or add the turn between",
            )
        elif message.role == "assistant" and (previous is None or previous.role == "system"):
            yield _problem(example, "role-order", f"{where}: the assistant speaks first", "begin with a user message")
        previous = message
    if previous is not None and previous.role != "assistant":
        yield _problem(
            example,
            "role-order",
            f"the last message is the {previous.role}'s",
            "end with the assistant's answer; what follows it teaches nothing",
        )


def _tools(example: Example) -> Iterator[Problem]:
    declared = {tool.get("function", {}).get("name") for tool in example.tools}
    asked: set[str] = set()
    for index, message in enumerate(example.messages):
        for call in message.calls:
            asked.add(call.id)
            if call.name not in declared:
                yield _problem(
                    example,
                    "tool-unknown",
                    f"message {index + 1} calls {call.name!r}, which the example's tools do not declare",
                    "add the tool's declaration, or correct the name",
                )
            try:
                json.loads(call.arguments or "{}")
            except json.JSONDecodeError as error:
                yield _problem(
                    example,
                    "tool-arguments",
                    f"message {index + 1}: arguments of {call.name!r} are not JSON ({error.msg})",
                    "write JSON",
                )
        if message.role == "tool" and message.call_id not in asked:
            yield _problem(
                example,
                "role-order",
                f"message {index + 1} answers a tool call that was not made",
                "put it right after the call that it answers",
            )
