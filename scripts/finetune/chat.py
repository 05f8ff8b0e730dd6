"""One interface to ask any of the models: OpenAI, Gemini and tuned Gemini, Claude, an open model on an endpoint of ours."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from finetune.clients import Place, VertexRest, anthropic_client, genai_client, openai_client
from finetune.errors import UserError
from finetune.forms import claude, gemini, openai
from finetune.model import Example, Message, ToolCall
from finetune.model import Place as Line
from finetune.tokens import count_messages

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_OUTPUT_TOKENS = 1024
_NOWHERE = Line(file=Path("-"), line=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back: text and tool calls, tokens as the provider counts them, machine seconds. `counted` False:
    tokens are estimates.
    """

    text: str
    calls: tuple[ToolCall, ...] = ()
    input_tokens: int
    output_tokens: int
    seconds: float
    counted: bool = True

    @property
    def output(self) -> str:
        """Text and calls as one text, as `Example.output` writes them."""
        return "\n".join(
            part for part in (self.text, *(f"{call.name}({call.arguments})" for call in self.calls)) if part
        )


class Chat(Protocol):
    """A model that answers."""

    model: str

    def ask(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]] = ()) -> Reply:
        """Answer a conversation that ends in a user's or a tool's turn."""


def _timed(call: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    result = call()
    return result, time.perf_counter() - began


class OpenAIChat:
    """A model at OpenAI, tuned or not."""

    def __init__(self, model: str) -> None:
        self.model = model
        self._client = openai_client()

    def ask(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]] = ()) -> Reply:
        rows: Any = [
            {key: value for key, value in openai.message(item).items() if key != "weight"} for item in messages
        ]
        more: dict[str, Any] = {"tools": list(tools)} if tools else {}
        made, seconds = _timed(
            lambda: self._client.chat.completions.create(model=self.model, messages=rows, temperature=0, **more)
        )
        message = made.choices[0].message
        calls = tuple(
            ToolCall(id=call.id, name=call.function.name, arguments=call.function.arguments)
            for call in message.tool_calls or ()
            if call.type == "function"
        )
        usage = made.usage
        return Reply(
            text=message.content or "",
            calls=calls,
            input_tokens=usage.prompt_tokens if usage else 0,
            output_tokens=usage.completion_tokens if usage else 0,
            seconds=seconds,
        )


class ClaudeChat:
    """A model at Anthropic."""

    def __init__(self, model: str) -> None:
        self.model = model
        self._client = anthropic_client()

    def ask(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]] = ()) -> Reply:
        example = Example(messages=tuple(messages), tools=tuple(tools), place=_NOWHERE)
        more: dict[str, Any] = {"system": example.system} if example.system else {}
        if tools:
            more["tools"] = claude.tools_of(example)
        rows: Any = claude.turns(example.messages)
        made, seconds = _timed(
            lambda: self._client.messages.create(model=self.model, max_tokens=MAX_OUTPUT_TOKENS, messages=rows, **more)
        )
        text = "".join(block.text for block in made.content if block.type == "text")
        calls = tuple(
            ToolCall(id=block.id, name=block.name, arguments=json.dumps(block.input, ensure_ascii=False))
            for block in made.content
            if block.type == "tool_use"
        )
        usage = made.usage
        read = (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
        return Reply(
            text=text,
            calls=calls,
            input_tokens=usage.input_tokens + read,
            output_tokens=usage.output_tokens,
            seconds=seconds,
        )


class GeminiChat:
    """A Gemini model on Vertex AI: a base by name, a tuned one by its endpoint's full resource name."""

    def __init__(self, model: str, place: Place) -> None:
        self.model = model
        self._client = genai_client(place)

    def ask(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]] = ()) -> Reply:
        example = Example(messages=tuple(messages), tools=tuple(tools), place=_NOWHERE)
        row, _ = gemini.write(example)
        config: dict[str, Any] = {"temperature": 0}
        if example.system:
            config["system_instruction"] = example.system
        if tools:
            config["tools"] = [{"function_declarations": row["tools"][0]["functionDeclarations"]}]
        made, seconds = _timed(
            lambda: self._client.models.generate_content(model=self.model, contents=row["contents"], config=config)
        )
        parts = made.candidates[0].content.parts if made.candidates and made.candidates[0].content else []
        text = "".join(part.text for part in parts or [] if part.text)
        calls = tuple(
            ToolCall(
                id=f"call_{number}",
                name=part.function_call.name or "",
                arguments=json.dumps(part.function_call.args or {}, ensure_ascii=False),
            )
            for number, part in enumerate(parts or [], start=1)
            if part.function_call
        )
        usage = made.usage_metadata
        asked = (usage.prompt_token_count or 0) if usage else 0
        given = (usage.candidates_token_count or 0) if usage else 0
        return Reply(text=text, calls=calls, input_tokens=asked, output_tokens=given, seconds=seconds)


class EndpointChat:
    """An open model on a dedicated endpoint of ours, asked by `:predict`; the endpoint counts no tokens, so they are estimated."""

    def __init__(self, endpoint: str, model: str, place: Place) -> None:
        self.model = model
        self._endpoint = endpoint
        self._rest = VertexRest(place)

    def ask(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]] = ()) -> Reply:
        if tools:
            raise UserError(f"{self.model}: tools are not supported on this endpoint; evaluate without them.")
        turns = [{"role": item.role, "content": item.text} for item in messages]
        body = {"instances": [{"messages": turns, "max_tokens": MAX_OUTPUT_TOKENS}]}
        made, seconds = _timed(lambda: self._rest.predict(self._endpoint, body))
        prediction = made["predictions"][0]
        text = prediction if isinstance(prediction, str) else json.dumps(prediction, ensure_ascii=False)
        asked = count_messages(tuple(messages), self.model)
        given = count_messages((Message(role="assistant", text=text),), self.model)
        return Reply(text=text, input_tokens=asked, output_tokens=given, seconds=seconds, counted=False)


def chat_for(model: str, place: Callable[[], Place]) -> Chat:
    """The chat that speaks to a model, by its name.

    Args:
        model: `gpt-...` or `ft:...`, `claude-...`, `gemini-...`, or a tuned Gemini's endpoint `projects/.../endpoints/ID`.
        place: Asked for only where Google Cloud is meant.

    Raises:
        UserError: No provider is known by that name.
    """
    if model.startswith(("gpt-", "ft:", "o1", "o3", "o4", "chatgpt-")):
        return OpenAIChat(model)
    if model.startswith("claude-"):
        return ClaudeChat(model)
    if model.startswith("gemini-") or (model.startswith("projects/") and "/endpoints/" in model):
        return GeminiChat(model, place())
    raise UserError(
        f"{model}: no provider is known for this name. Expected gpt-..., ft:..., claude-..., gemini-... or "
        "projects/.../endpoints/ID."
    )
