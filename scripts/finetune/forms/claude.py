"""Anthropic's form: `system` beside the messages, turns that alternate, tools as tool_use and tool_result blocks.

Claude cannot be tuned on its API; these rows are few-shot material for prompt_claude.py. Source: anthropic 2.13.0, read 2026-11-24.
"""

from __future__ import annotations

import json
from typing import Any

from finetune.forms.common import FormError, listed, role_of, text_of
from finetune.model import Example, Message, ToolCall


def blocks(message: Message) -> list[dict[str, Any]]:
    """The content blocks of one turn."""
    if message.role == "tool":
        return [{"type": "tool_result", "tool_use_id": message.call_id or "", "content": message.text}]
    out: list[dict[str, Any]] = [{"type": "text", "text": message.text}] if message.text else []
    for url in message.images:
        if url.startswith("data:") and ";base64," in url:
            kind, data = url.removeprefix("data:").split(";base64,", 1)
            out.append({"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}})
        else:
            out.append({"type": "image", "source": {"type": "url", "url": url}})
    out += [{"type": "tool_use", "id": call.id, "name": call.name, "input": _arguments(call)} for call in message.calls]
    return out


def _arguments(call: ToolCall) -> Any:
    try:
        return json.loads(call.arguments or "{}")
    except json.JSONDecodeError:
        return {"raw": call.arguments}


def turns(messages: tuple[Message, ...]) -> list[dict[str, Any]]:
    """Alternating turns; neighbours of one side are merged, plain text stays plain."""
    out: list[dict[str, Any]] = []
    for message in messages:
        if message.role == "system":
            continue
        role = "assistant" if message.role == "assistant" else "user"
        if out and out[-1]["role"] == role:
            out[-1]["content"] += blocks(message)
        else:
            out.append({"role": role, "content": blocks(message)})
    for turn in out:
        if len(turn["content"]) == 1 and turn["content"][0]["type"] == "text":
            turn["content"] = turn["content"][0]["text"]
    return out


def tools_of(example: Example) -> list[dict[str, Any]]:
    """Tools in Anthropic's words: `input_schema` in place of `parameters`."""
    out = []
    for tool in example.tools:
        function = tool.get("function", tool)
        schema = function.get("parameters") or {"type": "object", "properties": {}}
        out.append(
            {"name": function.get("name", ""), "description": function.get("description", ""), "input_schema": schema}
        )
    return out


def write(example: Example) -> tuple[dict[str, Any], list[str]]:
    """One few-shot row, and what it cannot say."""
    losses = [
        "weight 0 on an answer (a few-shot example shows every answer)" for item in example.messages if item.weight == 0
    ]
    if example.rejected:
        losses.append("a rejected answer")
    losses += [
        f"arguments of {call.name} that are not JSON"
        for item in example.messages
        for call in item.calls
        if not _is_json(call.arguments)
    ]
    losses += [
        "an image in Cloud Storage" for item in example.messages for url in item.images if url.startswith("gs://")
    ]
    row: dict[str, Any] = {"system": example.system} if example.system else {}
    row["messages"] = turns(example.messages)
    if example.tools:
        row["tools"] = tools_of(example)
    return row, losses


def _is_json(text: str) -> bool:
    try:
        json.loads(text or "{}")
    except json.JSONDecodeError:
        return False
    return True


def messages_of(rows: list[Any]) -> tuple[Message, ...]:
    """Read the turns back; a turn with tool results becomes one tool message each."""
    out: list[Message] = []
    for index, row in enumerate(rows):
        where = f"messages[{index}]"
        role = role_of(row.get("role"), f"{where}.role")
        content = row.get("content")
        if isinstance(content, str):
            out.append(Message(role=role, text=content))
            continue
        texts: list[str] = []
        images: list[str] = []
        calls: list[ToolCall] = []
        for block in listed(content, f"{where}.content"):
            kind = block.get("type")
            if kind == "text":
                texts.append(text_of(block.get("text"), where))
            elif kind == "tool_result":
                out.append(
                    Message(role="tool", text=_result_text(block.get("content")), call_id=block.get("tool_use_id"))
                )
            elif kind == "tool_use":
                arguments = json.dumps(block.get("input", {}), ensure_ascii=False)
                calls.append(ToolCall(id=block.get("id", ""), name=block.get("name", ""), arguments=arguments))
            elif kind == "image":
                images.append(_image_address(block.get("source", {})))
            else:
                raise FormError(
                    "part-unknown",
                    f"{where}: found a block of type {kind!r}",
                    "use text, image, tool_use or tool_result",
                )
        if texts or images or calls:
            out.append(Message(role=role, text="\n".join(texts), images=tuple(images), calls=tuple(calls)))
    return tuple(out)


def _result_text(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(text_of(block.get("text"), "tool_result") for block in content)
    return text_of(content, "tool_result")


def _image_address(source: dict[str, Any]) -> str:
    if source.get("type") == "base64":
        return f"data:{source.get('media_type')};base64,{source.get('data')}"
    return str(source.get("url", ""))
