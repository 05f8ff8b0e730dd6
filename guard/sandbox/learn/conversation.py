"""A request to a model in the stand-in's own words, whichever protocol it came by; and a line of training data likewise."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from guard.sandbox.learn.learner import Example


@dataclass(frozen=True, slots=True)
class Turn:
    """One side's words; a tool call is written out by `call_text`."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """System text, turns and the tools on offer (each `{"name", "description", "parameters"}`)."""

    system: str
    turns: tuple[Turn, ...]
    tools: tuple[dict[str, Any], ...] = ()

    @property
    def question(self) -> str:
        """What the model is to answer: the last words that are not its own."""
        return next((turn.text for turn in reversed(self.turns) if turn.role != "assistant"), "")


def call_text(name: str, arguments: Any) -> str:
    """A tool call as text that the learner can take apart."""
    return json.dumps({"tool": name, "arguments": arguments}, ensure_ascii=False)


def call_of(text: str) -> tuple[str, dict[str, Any]] | None:
    """The tool call that a text stands for, if it stands for one."""
    if not text.startswith('{"tool":'):
        return None
    try:
        data = json.loads(text)
    except ValueError:
        return None
    if not isinstance(data, dict) or not isinstance(data.get("arguments"), dict):
        return None
    return str(data.get("tool")), data["arguments"]


def content_text(content: Any) -> str:
    """The text of a content that is a string or a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict) and part.get("text"))
    return ""


def openai_turn(message: dict[str, Any]) -> Turn:
    """A turn from an OpenAI message."""
    text = content_text(message.get("content"))
    for call in message.get("tool_calls") or []:
        function = call.get("function", {})
        text = call_text(function.get("name", ""), _loads(function.get("arguments")))
    return Turn(
        "assistant" if message.get("role") in {"assistant", "model"} else str(message.get("role", "user")), text
    )


def _loads(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else (text or {})
    except ValueError:
        return {}


def from_openai(body: dict[str, Any]) -> Conversation:
    """A chat-completions request (or a training line: it has the same keys)."""
    messages = [message for message in body.get("messages", []) if isinstance(message, dict)]
    system = "\n".join(
        content_text(item.get("content")) for item in messages if item.get("role") in {"system", "developer"}
    )
    turns = tuple(openai_turn(item) for item in messages if item.get("role") not in {"system", "developer"})
    return Conversation(system, turns, tuple(tool.get("function", tool) for tool in body.get("tools") or []))


def from_gemini(body: dict[str, Any]) -> Conversation:
    """A generateContent request, or a training line."""
    system = "\n".join(part.get("text", "") for part in (body.get("systemInstruction") or {}).get("parts", []))
    turns = []
    for content in body.get("contents", []):
        role = "assistant" if content.get("role") == "model" else "user"
        text = content_text(content.get("parts"))
        for part in content.get("parts", []):
            if "functionCall" in part:
                text = call_text(part["functionCall"].get("name", ""), part["functionCall"].get("args", {}))
            elif "functionResponse" in part:
                role, text = "tool", json.dumps(part["functionResponse"].get("response", {}))
        turns.append(Turn(role, text))
    tools = [item for tool in body.get("tools") or [] for item in tool.get("functionDeclarations", [])]
    return Conversation(system, tuple(turns), tuple(tools))


def training_example(line: dict[str, Any]) -> Example | None:
    """What one training line teaches: its last answer, to what came right before it. None if it teaches nothing."""
    if "contents" in line:
        talk = from_gemini(line)
    elif "input" in line and "preferred_output" in line:
        talk = from_openai({"messages": [*line["input"].get("messages", []), *line["preferred_output"]]})
    elif "messages" in line:
        talk = from_openai(line)
    else:
        talk = Conversation(
            "", (Turn("user", str(line.get("prompt", ""))), Turn("assistant", str(line.get("completion", ""))))
        )
    last = max((at for at, turn in enumerate(talk.turns) if turn.role == "assistant"), default=0)
    if last == 0:
        return None
    return Example(talk.turns[last - 1].text, talk.turns[last].text)


def training_examples(lines: Sequence[bytes]) -> list[Example]:
    """The examples of a JSONL file."""
    found = (training_example(json.loads(line)) for line in lines if line.strip())
    return [example for example in found if example is not None]
