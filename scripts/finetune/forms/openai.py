"""OpenAI's forms for supervised tuning and for preference tuning (DPO), written from an `Example`.

Source: openai-openapi specification, FineTuneChatCompletionRequestAssistantMessage, read 2026-11-24.
"""

from __future__ import annotations

from typing import Any

from finetune.model import Example, Message


def message(item: Message) -> dict[str, Any]:
    """One message as chat completions write it; also what a request at inference carries, minus `weight`."""
    out: dict[str, Any] = {"role": item.role}
    if item.images:
        text = [{"type": "text", "text": item.text}] if item.text else []
        out["content"] = [*text, *({"type": "image_url", "image_url": {"url": url}} for url in item.images)]
    elif item.text or not item.calls:
        out["content"] = item.text
    if item.calls:
        out["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in item.calls
        ]
    if item.call_id is not None:
        out["tool_call_id"] = item.call_id
    if item.name is not None and item.role != "tool":
        out["name"] = item.name
    if item.weight is not None:
        out["weight"] = item.weight
    return out


def write(example: Example) -> tuple[dict[str, Any], list[str]]:
    """One row; with a rejected answer in the form of preference tuning. Images must be http(s) or data addresses."""
    losses = [
        "an image in Cloud Storage (OpenAI fetches http(s) and data addresses only)"
        for item in example.messages
        for image in item.images
        if image.startswith("gs://")
    ]
    tools = {"tools": list(example.tools)} if example.tools else {}
    if example.rejected:
        return {
            "input": {"messages": [message(item) for item in example.prompt], **tools},
            "preferred_output": [message(item) for item in example.messages[len(example.prompt) :]],
            "non_preferred_output": [message(item) for item in example.rejected],
        }, losses
    return {"messages": [message(item) for item in example.messages], **tools}, losses


def write_open(example: Example) -> tuple[dict[str, Any], list[str]]:
    """One row for managed tuning of an open model: `messages` with role and content, nothing else.

    Source: Google Cloud, Open model tuning, read 2026-11-24: the documented row holds role and content only.
    """
    losses = []
    if example.tools or any(item.calls or item.role == "tool" for item in example.messages):
        losses.append("tools and tool calls (the documented row holds role and content only)")
    if any(item.images for item in example.messages):
        losses.append("images")
    if any(item.weight == 0 for item in example.messages):
        losses.append("weight 0 on an answer (every assistant turn is trained on)")
    if example.rejected:
        losses.append("a rejected answer")
    rows = [
        {"role": item.role, "content": item.text}
        for item in example.messages
        if item.role != "tool" and (item.text or not item.calls)
    ]
    return {"messages": rows}, losses
