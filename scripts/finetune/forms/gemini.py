"""Gemini's form: systemInstruction, contents with parts, tools as functionDeclarations. Read and written here.

Source: Google Cloud, Prepare supervised fine-tuning data for Gemini models, read 2026-11-24.
"""

from __future__ import annotations

import json
from typing import Any

from finetune.forms.common import FormError, listed, role_of, text_of
from finetune.model import Example, Message, ToolCall

_MIME = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp"}


def read(data: dict[str, Any]) -> tuple[tuple[Message, ...], tuple[dict[str, Any], ...], tuple[Message, ...]]:
    """Messages and tools of one row; parts may hold text, fileData, functionCall or functionResponse."""
    messages: list[Message] = []
    system = data.get("systemInstruction", data.get("system_instruction"))
    if system:
        messages.append(
            Message(
                role="system", text="\n".join(text_of(part.get("text"), "systemInstruction") for part in _parts(system))
            )
        )
    for index, turn in enumerate(listed(data["contents"], "contents")):
        where = f"contents[{index}]"
        if not isinstance(turn, dict):
            raise FormError("content-type", f"{where}: expected an object with role and parts", "write role and parts")
        messages += _turn(turn, where)
    declared = [item for tool in data.get("tools") or [] for item in tool.get("functionDeclarations", [])]
    return tuple(messages), tuple({"type": "function", "function": item} for item in declared), ()


def _parts(turn: Any) -> list[dict[str, Any]]:
    return [part for part in listed(turn.get("parts"), "parts") if isinstance(part, dict)]


def _turn(turn: dict[str, Any], where: str) -> list[Message]:
    texts: list[str] = []
    images: list[str] = []
    calls: list[ToolCall] = []
    answers: list[Message] = []
    for part in _parts(turn):
        if "functionCall" in part:
            call = part["functionCall"]
            arguments = json.dumps(call.get("args", {}), ensure_ascii=False)
            calls.append(ToolCall(id="", name=call.get("name", ""), arguments=arguments))
        elif "functionResponse" in part:
            reply = part["functionResponse"]
            answers.append(Message(role="tool", text=_reply_text(reply.get("response")), name=reply.get("name")))
        elif "fileData" in part:
            images.append(text_of(part["fileData"].get("fileUri"), f"{where}.fileData.fileUri"))
        elif "text" in part:
            texts.append(text_of(part["text"], f"{where}.text"))
        else:
            raise FormError(
                "part-unknown",
                f"{where}: found a part with {sorted(part)}",
                "use text, fileData, functionCall or functionResponse",
            )
    if answers:
        return answers
    role = role_of(turn.get("role", "user"), f"{where}.role")
    return [Message(role=role, text="\n".join(texts), images=tuple(images), calls=tuple(calls))]


def _reply_text(response: Any) -> str:
    if isinstance(response, dict) and set(response) == {"output"} and isinstance(response["output"], str):
        return response["output"]
    return json.dumps(response, ensure_ascii=False)


def write(example: Example) -> tuple[dict[str, Any], list[str]]:
    """One row for supervised tuning, and what it cannot say. Tool-call ids are not lost: Gemini pairs calls by their order."""
    losses = []
    contents: list[dict[str, Any]] = []
    names = {call.id: call.name for message in example.messages for call in message.calls}
    for message in example.messages:
        if message.weight == 0:
            losses.append("weight 0 on an answer (Gemini trains on every model turn)")
        if message.role == "system":
            continue
        parts, lost = _write_parts(message, names)
        losses += lost
        contents.append({"role": "model" if message.role == "assistant" else "user", "parts": parts})
    if example.rejected:
        losses.append("a rejected answer (preference tuning has a form of its own)")
    row: dict[str, Any] = {"contents": contents}
    if example.system:
        row = {"systemInstruction": {"role": "system", "parts": [{"text": example.system}]}, **row}
    if example.tools:
        row["tools"] = [{"functionDeclarations": [tool.get("function", tool) for tool in example.tools]}]
    return row, losses


def _write_parts(message: Message, names: dict[str, str]) -> tuple[list[dict[str, Any]], list[str]]:
    losses: list[str] = []
    if message.role == "tool":
        name = message.name or names.get(message.call_id or "", "")
        return [{"functionResponse": {"name": name, "response": _reply_object(message.text)}}], losses
    parts: list[dict[str, Any]] = [{"text": message.text}] if message.text else []
    for image in message.images:
        if image.startswith("gs://"):
            parts.append(
                {"fileData": {"mimeType": _MIME.get(image.rsplit(".", 1)[-1].lower(), "image/jpeg"), "fileUri": image}}
            )
        else:
            losses.append("an image that is not in Cloud Storage (Gemini tuning takes gs:// addresses)")
    for call in message.calls:
        try:
            arguments = json.loads(call.arguments or "{}")
        except json.JSONDecodeError:
            losses.append(f"arguments of {call.name} that are not JSON")
            continue
        parts.append({"functionCall": {"name": call.name, "args": arguments}})
    return parts or [{"text": ""}], losses


def _reply_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        value = text
    return value if isinstance(value, dict) else {"output": text}
