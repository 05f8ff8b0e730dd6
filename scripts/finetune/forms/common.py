"""What the forms share: the error that names a row's fault, and the small readers of messages."""

from __future__ import annotations

import json
from typing import Any

from finetune.model import Message, Role, ToolCall

ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "context": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "model": "assistant",
    "gpt": "assistant",
    "bot": "assistant",
    "tool": "tool",
    "function": "tool",
    "observation": "tool",
}


class FormError(ValueError):
    """A row has a form's keys but not its contents; `code` is the finding's code, `fix` what to do."""

    def __init__(self, code: str, message: str, fix: str) -> None:
        super().__init__(message)
        self.code = code
        self.fix = fix


def text_of(value: Any, where: str) -> str:
    """A text, or a FormError that says what stands there instead; numbers and booleans are written out as JSON would."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    raise FormError(
        "content-type", f"{where}: found {type(value).__name__}, expected text", "write the content as one string"
    )


def role_of(value: Any, where: str) -> Role:
    """The role by any of its names (author, from, role)."""
    role = ROLES.get(value.strip().lower()) if isinstance(value, str) else None
    if role is None:
        raise FormError(
            "role-unknown",
            f"{where}: found {value!r}, expected system, user, assistant or tool",
            "rename the role; authors such as 'bot' or 'human' are understood",
        )
    return role


def listed(value: Any, where: str) -> list[Any]:
    """A list, or a FormError."""
    if not isinstance(value, list):
        raise FormError(
            "content-type", f"{where}: found {type(value).__name__}, expected a list", "write it as a JSON list"
        )
    return value


def chat_message(data: Any, where: str) -> Message:
    """One message of the OpenAI family: role or author, content as text or parts, tool calls, weight."""
    if not isinstance(data, dict):
        raise FormError(
            "content-type", f"{where}: found {type(data).__name__}, expected an object", "write role and content"
        )
    role = role_of(data.get("role", data.get("author", data.get("from"))), f"{where}.role")
    weight = data.get("weight")
    if weight not in {None, 0, 1}:
        raise FormError(
            "weight", f"{where}.weight: found {weight!r}, expected 0 or 1", "use 0 to leave the answer out of training"
        )
    content = data.get("content", data.get("value"))
    text, images = (
        (parts_of(content, where)) if isinstance(content, list) else (text_of(content, f"{where}.content"), ())
    )
    calls = tuple(
        _call(item, f"{where}.tool_calls[{index}]") for index, item in enumerate(data.get("tool_calls") or [])
    )
    if not calls and data.get("function_call"):
        calls = (_call({"function": data["function_call"]}, f"{where}.function_call"),)
    return Message(
        role=role,
        text=text,
        images=images,
        calls=calls,
        call_id=data.get("tool_call_id"),
        name=data.get("name"),
        weight=weight,
    )


def parts_of(parts: list[Any], where: str) -> tuple[str, tuple[str, ...]]:
    """Text and image addresses of a list of content parts; a part of another kind is an error, not a silent loss."""
    texts: list[str] = []
    images: list[str] = []
    for index, part in enumerate(parts):
        kind = part.get("type") if isinstance(part, dict) else None
        if kind in {"text", "input_text"}:
            texts.append(text_of(part.get("text"), f"{where}.content[{index}].text"))
        elif kind == "image_url" and isinstance(part.get("image_url"), dict):
            images.append(text_of(part["image_url"].get("url"), f"{where}.content[{index}].image_url.url"))
        else:
            raise FormError(
                "part-unknown",
                f"{where}.content[{index}]: found a part of type {kind!r}",
                "use text and image_url parts only",
            )
    return "\n".join(texts), tuple(images)


def _call(data: Any, where: str) -> ToolCall:
    function = data.get("function") if isinstance(data, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise FormError(
            "tool-call",
            f"{where}: no function name",
            'write {"id", "type": "function", "function": {"name", "arguments"}}',
        )
    return ToolCall(
        id=str(data.get("id") or ""), name=function["name"], arguments=json_text(function.get("arguments", {}))
    )


def json_text(value: Any) -> str:
    """Arguments as JSON text, whether they came as text or as an object; text is kept as it is."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def numbered(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Give calls without an id one (call_1, call_2, ...), and answers without one the oldest call still open."""
    out: list[Message] = []
    open_ids: list[str] = []
    count = 0
    for message in messages:
        if message.calls:
            calls = []
            for call in message.calls:
                count += 1
                calls.append(
                    call if call.id else ToolCall(id=f"call_{count}", name=call.name, arguments=call.arguments)
                )
            open_ids += [call.id for call in calls]
            message = replace_calls(message, tuple(calls))  # noqa: PLW2901  # the numbered message takes the place of the bare one
        elif message.role == "tool":
            call_id = message.call_id or (open_ids[0] if open_ids else None)
            if call_id in open_ids:
                open_ids.remove(call_id)
            message = Message(role="tool", text=message.text, call_id=call_id, name=message.name)  # noqa: PLW2901  # same
        out.append(message)
    return tuple(out)


def replace_calls(message: Message, calls: tuple[ToolCall, ...]) -> Message:
    """The same message with other tool calls."""
    return Message(
        role=message.role,
        text=message.text,
        images=message.images,
        calls=calls,
        name=message.name,
        weight=message.weight,
    )
