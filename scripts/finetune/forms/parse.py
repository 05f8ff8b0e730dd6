"""Turn a row of any known form into an `Example`; the form is recognised by its keys, row by row."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from finetune.forms import claude, gemini
from finetune.forms.common import FormError, chat_message, json_text, listed, numbered, role_of, text_of
from finetune.model import Example, Message, Problem, ToolCall
from finetune.read import Row


def parse(row: Row, *, group_field: str | None = None) -> Example | Problem:
    """The example in a row, or the problem that keeps it from being one.

    Forms: instruction (input_text/output_text), chat (messages, also with author, system or context beside it), Alpaca,
    ShareGPT with tool calls, OpenAI chat and DPO, Gemini contents, TRL (messages, prompt/completion, preference with and
    without prompt, unpaired).
    """
    reader = next((read for keys, read in _FORMS if keys <= row.data.keys()), None)
    if reader is None:
        keys = ", ".join(sorted(row.data)) or "none"
        return Problem(
            code="form-unknown",
            place=row.place,
            message=f"found the keys {keys}; no known form has them",
            fix=(
                "use messages, input_text/output_text, instruction/output, conversations, contents, "
                "prompt/completion or chosen/rejected"
            ),
        )
    try:
        messages, tools, rejected = reader(row.data)
    except FormError as error:
        return Problem(code=error.code, place=row.place, message=str(error), fix=error.fix)
    group = str(row.data[group_field]) if group_field is not None and group_field in row.data else None
    return Example(messages=numbered(messages), tools=tools, rejected=numbered(rejected), place=row.place, group=group)


_Parsed = tuple[tuple[Message, ...], tuple[dict[str, Any], ...], tuple[Message, ...]]


def _messages(value: Any, where: str) -> tuple[Message, ...]:
    return tuple(chat_message(item, f"{where}[{index}]") for index, item in enumerate(listed(value, where)))


def _tools(value: Any) -> tuple[dict[str, Any], ...]:
    """Tools as OpenAI writes them; bare function objects (ShareGPT, TRL) are wrapped, JSON text is read."""
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.strip() else []
        except json.JSONDecodeError as error:
            raise FormError("tools", f"tools: not JSON ({error.msg})", "write the tools as a JSON list") from error
    return tuple(_tool(tool) for tool in listed(value or [], "tools"))


def _tool(tool: Any) -> dict[str, Any]:
    if not isinstance(tool, dict):
        raise FormError(
            "tools", f"tools: found {type(tool).__name__}, expected an object", "write each tool as a JSON object"
        )
    if "input_schema" in tool:
        tool = {"name": tool["name"], "description": tool.get("description", ""), "parameters": tool["input_schema"]}
    return tool if "function" in tool else {"type": "function", "function": tool}


def _system(value: Any) -> tuple[Message, ...]:
    text = text_of(value, "system")
    return (Message(role="system", text=text),) if text else ()


def _chat(data: dict[str, Any]) -> _Parsed:
    turns = listed(data["messages"], "messages")
    messages = claude.messages_of(turns) if _is_claude(turns) else _messages(turns, "messages")
    return (*_system(data.get("system") or data.get("context")), *messages), _tools(data.get("tools")), ()


def _is_claude(turns: list[Any]) -> bool:
    contents = [turn.get("content") for turn in turns if isinstance(turn, dict)]
    parts = [part for content in contents if isinstance(content, list) for part in content]
    return any(isinstance(part, dict) and part.get("type") in {"tool_use", "tool_result", "image"} for part in parts)


def _instruction(data: dict[str, Any]) -> _Parsed:
    return (
        (
            *_system(data.get("context")),
            Message(role="user", text=text_of(data["input_text"], "input_text")),
            Message(role="assistant", text=text_of(data["output_text"], "output_text")),
        ),
        (),
        (),
    )


def _alpaca(data: dict[str, Any]) -> _Parsed:
    extra = text_of(data.get("input"), "input")
    instruction = text_of(data["instruction"], "instruction")
    turns: list[Message] = []
    for index, pair in enumerate(data.get("history") or []):
        question, answer = (*listed(pair, f"history[{index}]"), "", "")[:2]
        turns += [
            Message(role="user", text=text_of(question, "history")),
            Message(role="assistant", text=text_of(answer, "history")),
        ]
    return (
        (
            *_system(data.get("system")),
            *turns,
            Message(role="user", text=f"{instruction}\n{extra}" if extra else instruction),
            Message(role="assistant", text=text_of(data["output"], "output")),
        ),
        (),
        (),
    )


def _sharegpt(data: dict[str, Any]) -> _Parsed:
    messages: list[Message] = [*_system(data.get("system"))]
    for index, turn in enumerate(listed(data["conversations"], "conversations")):
        where = f"conversations[{index}]"
        if not isinstance(turn, dict):
            raise FormError("content-type", f"{where}: expected an object with from and value", "write from and value")
        if turn.get("from") == "function_call":
            messages.append(Message(role="assistant", calls=_sharegpt_calls(turn.get("value"), where)))
        else:
            role = role_of(turn.get("from", turn.get("role")), f"{where}.from")
            messages.append(Message(role=role, text=text_of(turn.get("value", turn.get("content")), f"{where}.value")))
    return tuple(messages), _tools(data.get("tools")), ()


def _sharegpt_calls(value: Any, where: str) -> tuple[ToolCall, ...]:
    try:
        calls = json.loads(value) if isinstance(value, str) else value
    except json.JSONDecodeError as error:
        raise FormError(
            "tool-arguments", f"{where}.value: not JSON ({error.msg})", 'write {"name", "arguments"} as JSON'
        ) from error
    found = []
    for call in calls if isinstance(calls, list) else [calls]:
        if not isinstance(call, dict) or not isinstance(call.get("name"), str):
            raise FormError("tool-call", f"{where}.value: no function name", 'write {"name": ..., "arguments": {...}}')
        found.append(ToolCall(id="", name=call["name"], arguments=json_text(call.get("arguments", {}))))
    return tuple(found)


def _side(value: Any, role: str, where: str) -> tuple[Message, ...]:
    """A prompt, completion, chosen or rejected side: plain text or a list of messages."""
    if isinstance(value, list):
        return _messages(value, where)
    return (chat_message({"role": role, "content": text_of(value, where)}, where),)


def _prompt_completion(data: dict[str, Any]) -> _Parsed:
    if data.get("label") is False:
        raise FormError(
            "unpaired-negative",
            "label is false: an answer that people disliked, with no liked one beside it",
            "nothing to do: the row is left out, since supervised tuning would teach it",
        )
    both = (*_side(data["prompt"], "user", "prompt"), *_side(data["completion"], "assistant", "completion"))
    return both, _tools(data.get("tools")), ()


def _preference(data: dict[str, Any]) -> _Parsed:
    chosen = _side(data["chosen"], "assistant", "chosen")
    rejected = _side(data["rejected"], "assistant", "rejected")
    if "prompt" in data:
        return (*_side(data["prompt"], "user", "prompt"), *chosen), _tools(data.get("tools")), rejected
    shared = 0
    while shared < min(len(chosen), len(rejected)) and chosen[shared] == rejected[shared]:
        shared += 1
    return chosen, _tools(data.get("tools")), rejected[shared:]


def _dpo(data: dict[str, Any]) -> _Parsed:
    given = data["input"]
    if not isinstance(given, dict):
        raise FormError(
            "content-type", "input: expected an object with messages", 'write {"input": {"messages": [...]}}'
        )
    messages = (
        *_messages(given.get("messages"), "input.messages"),
        *_messages(data["preferred_output"], "preferred_output"),
    )
    return messages, _tools(given.get("tools")), _messages(data["non_preferred_output"], "non_preferred_output")


def _bare_text(data: dict[str, Any]) -> _Parsed:
    del data
    raise FormError(
        "bare-text",
        "text without a question and an answer (language modelling)",
        "split it into a prompt and a completion",
    )


# The first form whose keys are all there wins; the more particular ones stand first.
_FORMS: tuple[tuple[frozenset[str], Callable[[dict[str, Any]], _Parsed]], ...] = (
    (frozenset({"input", "preferred_output", "non_preferred_output"}), _dpo),
    (frozenset({"chosen", "rejected"}), _preference),
    (frozenset({"contents"}), gemini.read),
    (frozenset({"messages"}), _chat),
    (frozenset({"conversations"}), _sharegpt),
    (frozenset({"input_text", "output_text"}), _instruction),
    (frozenset({"instruction", "output"}), _alpaca),
    (frozenset({"prompt", "completion"}), _prompt_completion),
    (frozenset({"text"}), _bare_text),
)
