"""Chat completions, whole or as server-sent events, and the plain form of the responses API."""

import json
import time
from collections.abc import Iterator
from typing import Any

from starlette.responses import StreamingResponse

from guard.sandbox.learn import base
from guard.sandbox.learn.conversation import Conversation, call_of, from_openai
from guard.sandbox.learn.text import tokens
from guard.sandbox.openai import models
from guard.sandbox.openai.bases import BASES
from guard.sandbox.openai.errors import ApiError, invalid
from guard.sandbox.openai.state import Call, State, Use

# Machine seconds a token takes, so that a shorter prompt is a faster one, as everywhere; small enough not to be felt.
SECONDS_PER_INPUT_TOKEN = 5e-6
SECONDS_PER_OUTPUT_TOKEN = 1e-4


def _answer(state: State, model: str, talk: Conversation, asked: int) -> str:
    models.settle(state)
    tune = state.tunes.get(model)
    if (tune is None and model not in BASES) or models.is_shut_down(state, model):
        raise ApiError(
            404, f"The model `{model}` does not exist or you do not have access to it.", code="model_not_found"
        )
    text = tune.answer(talk.question) if tune is not None and tune.answer is not None else base.reply(talk)
    given = tokens(text)
    state.uses.append(Use(state.world.now(), model, asked, given))
    time.sleep(asked * SECONDS_PER_INPUT_TOKEN + given * SECONDS_PER_OUTPUT_TOKEN)
    return text


def completions(state: State, call: Call) -> Any:
    """POST /chat/completions."""
    body = call.body
    if not isinstance(body.get("messages"), list) or not body["messages"]:
        raise invalid("Missing required parameter: 'messages'.", param="messages", code="missing_required_parameter")
    model = str(body.get("model", ""))
    asked = sum(4 + tokens(json.dumps(message.get("content", ""), ensure_ascii=False)) for message in body["messages"])
    asked += tokens(json.dumps(body["tools"])) if body.get("tools") else 0
    text = _answer(state, model, from_openai(body), asked)
    usage = {"prompt_tokens": asked, "completion_tokens": tokens(text), "total_tokens": asked + tokens(text)}
    frame = {"id": state.new_id("chatcmpl-"), "created": state.now(), "model": model}
    if body.get("stream"):
        wants_usage = bool((body.get("stream_options") or {}).get("include_usage"))
        return StreamingResponse(_chunks(frame, text, usage if wants_usage else None), media_type="text/event-stream")
    message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
    called = call_of(text) if body.get("tools") else None
    if called is not None:
        function = {"name": called[0], "arguments": json.dumps(called[1], ensure_ascii=False)}
        message |= {
            "content": None,
            "tool_calls": [{"id": state.new_id("call_"), "type": "function", "function": function}],
        }
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "tool_calls" if called else "stop"}
    return {**frame, "object": "chat.completion", "choices": [choice], "usage": usage}


def _chunks(frame: dict[str, Any], text: str, usage: dict[str, int] | None) -> Iterator[str]:
    def block(choices: list[dict[str, Any]], **more: Any) -> str:
        return f"data: {json.dumps({**frame, 'object': 'chat.completion.chunk', 'choices': choices, **more})}\n\n"

    yield block([{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}])
    for start in range(0, len(text), 8):
        yield block([{"index": 0, "delta": {"content": text[start : start + 8]}, "finish_reason": None}])
    yield block([{"index": 0, "delta": {}, "finish_reason": "stop"}])
    if usage is not None:
        yield block([], usage=usage)
    yield "data: [DONE]\n\n"


def responses(state: State, call: Call) -> dict[str, Any]:
    """POST /responses without streaming: `input` as text or messages, `instructions` as the system text."""
    given = call.body.get("input")
    messages: list[dict[str, Any]] = (
        [{"role": "user", "content": given}] if isinstance(given, str) else list(given or [])
    )
    if not messages:
        raise invalid("Missing required parameter: 'input'.", param="input", code="missing_required_parameter")
    for message in messages:
        if isinstance(message.get("content"), list):
            message["content"] = "\n".join(part.get("text", "") for part in message["content"])
    if call.body.get("instructions"):
        messages.insert(0, {"role": "system", "content": call.body["instructions"]})
    model = str(call.body.get("model", ""))
    asked = sum(4 + tokens(str(message.get("content", ""))) for message in messages)
    text = _answer(state, model, from_openai({"messages": messages}), asked)
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {
        "id": state.new_id("msg_"),
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }
    return {
        "id": state.new_id("resp_"),
        "object": "response",
        "created_at": state.now(),
        "status": "completed",
        "model": model,
        "output": [item],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": asked,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": tokens(text),
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": asked + tokens(text),
        },
    }


ROUTES = (("POST", "/chat/completions", completions), ("POST", "/responses", responses))
