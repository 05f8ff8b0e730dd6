"""Messages: validation, an answer by the stand-in, citations, server-sent events, token counts."""

import json
import time
from collections.abc import Iterator
from typing import Any

from starlette.responses import StreamingResponse

from guard.sandbox.anthropic import caching, models
from guard.sandbox.anthropic.state import Call, State, invalid
from guard.sandbox.learn import base
from guard.sandbox.learn.conversation import Conversation, Turn, call_of, call_text, content_text
from guard.sandbox.learn.text import tokens

# Machine seconds a token takes; see the OpenAI side.
SECONDS_PER_INPUT_TOKEN = 5e-6
SECONDS_PER_OUTPUT_TOKEN = 1e-4


def create(state: State, call: Call) -> Any:
    """POST /v1/messages."""
    if call.body.get("stream"):
        message = answer(state, call.body)
        return StreamingResponse(_events(message), media_type="text/event-stream")
    return answer(state, call.body)


def answer(state: State, body: dict[str, Any]) -> dict[str, Any]:
    """The message that answers a request body."""
    model = models.find(body.get("model"))
    if not isinstance(body.get("max_tokens"), int) or body["max_tokens"] < 1:
        raise invalid("max_tokens: Field required")
    _check(body)
    usage = caching.usage(state, model, body["model"], body)
    cited = _cited(body)
    text = "" if cited else base.reply(_talk(body))
    called = call_of(text) if body.get("tools") else None
    if cited:
        content = cited
        text = " ".join(block["text"] for block in cited)
    elif called is not None:
        content = [{"type": "tool_use", "id": state.new_id("toolu_"), "name": called[0], "input": called[1]}]
    else:
        content = [{"type": "text", "text": text}]
    given = tokens(text)
    asked = usage["input_tokens"] + usage["cache_creation_input_tokens"] + usage["cache_read_input_tokens"] // 10
    time.sleep(asked * SECONDS_PER_INPUT_TOKEN + given * SECONDS_PER_OUTPUT_TOKEN)
    return {
        "id": state.new_id("msg_"),
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": content,
        "stop_reason": "tool_use" if called else "end_turn",
        "stop_sequence": None,
        "usage": {**usage, "output_tokens": given, "service_tier": "standard"},
    }


def _check(body: dict[str, Any]) -> None:
    turns = body.get("messages")
    if not isinstance(turns, list) or not turns:
        raise invalid("messages: at least one message is required")
    for at, turn in enumerate(turns):
        if turn.get("role") not in {"user", "assistant"}:
            raise invalid(f"messages.{at}.role: Input should be 'user' or 'assistant'")
        if not turn.get("content"):
            raise invalid(f"messages.{at}: all messages must have non-empty content")
    if turns[0]["role"] != "user":
        raise invalid('messages: first message must use the "user" role')


def _talk(body: dict[str, Any]) -> Conversation:
    turns = []
    for turn in body["messages"]:
        text = content_text(turn["content"])
        for block in turn["content"] if isinstance(turn["content"], list) else ():
            if block.get("type") == "tool_use":
                text = call_text(block.get("name", ""), block.get("input", {}))
            elif block.get("type") == "tool_result":
                text = content_text(block.get("content"))
        turns.append(Turn(turn["role"], text))
    tools = [{**tool, "parameters": tool.get("input_schema", {})} for tool in body.get("tools") or []]
    return Conversation(content_text(body.get("system") or ""), tuple(turns), tuple(tools))


def _cited(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Answer from the search results in the last turn, if there are any: the best sentence of the best one, cited."""
    last = body["messages"][-1]["content"]
    if not isinstance(last, list):
        return []
    found = [block for block in last if block.get("type") == "search_result"]
    if not found:
        return []
    question = content_text([block for block in last if block.get("type") == "text"])
    best, sentence = max(
        ((block, base.best_sentence(question, content_text(block.get("content")))) for block in found),
        key=lambda pair: base.overlap(question, pair[1]),
    )
    if base.overlap(question, sentence) == 0:
        return [{"type": "text", "text": "The documents do not say."}]
    block: dict[str, Any] = {"type": "text", "text": sentence}
    if (best.get("citations") or {}).get("enabled"):
        block["citations"] = [
            {
                "type": "search_result_location",
                "cited_text": sentence,
                "source": best.get("source"),
                "title": best.get("title"),
                "search_result_index": found.index(best),
                "start_block_index": 0,
                "end_block_index": 1,
            }
        ]
    return [block]


def _events(message: dict[str, Any]) -> Iterator[str]:
    def event(name: str, **data: Any) -> str:
        return f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n"

    yield event(
        "message_start",
        message={**message, "content": [], "stop_reason": None, "usage": {**message["usage"], "output_tokens": 1}},
    )
    for index, block in enumerate(message["content"]):
        if block["type"] == "text":
            yield event("content_block_start", index=index, content_block={"type": "text", "text": ""})
            for start in range(0, len(block["text"]), 8):
                delta = {"type": "text_delta", "text": block["text"][start : start + 8]}
                yield event("content_block_delta", index=index, delta=delta)
            for citation in block.get("citations", ()):
                cited = {"type": "citations_delta", "citation": citation}
                yield event("content_block_delta", index=index, delta=cited)
        else:
            yield event("content_block_start", index=index, content_block={**block, "input": {}})
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
            yield event("content_block_delta", index=index, delta=delta)
        yield event("content_block_stop", index=index)
    done = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield event("message_delta", delta=done, usage={"output_tokens": message["usage"]["output_tokens"]})
    yield event("message_stop")


def count_tokens(state: State, call: Call) -> dict[str, Any]:
    """POST /v1/messages/count_tokens: the same count that a message is then billed by."""
    del state
    models.find(call.body.get("model"))
    _check(call.body)
    return {"input_tokens": caching.size(caching.pieces(call.body)) + 3 * len(call.body["messages"])}


ROUTES = (("POST", "/v1/messages", create), ("POST", "/v1/messages/count_tokens", count_tokens))
