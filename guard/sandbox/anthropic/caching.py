"""Prompt caching: which part of a request ends at a breakpoint, and whether it was seen before."""

import hashlib
import json
from datetime import timedelta
from typing import Any

from guard.sandbox.anthropic.models import Model
from guard.sandbox.anthropic.state import State
from guard.sandbox.learn.text import tokens

_LIVES = {"5m": timedelta(minutes=5), "1h": timedelta(hours=1)}


def pieces(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The blocks of a request in the order in which a prefix is built: tools, system, messages."""
    out = list(body.get("tools") or [])
    system = body.get("system") or []
    out += [{"type": "text", "text": system}] if isinstance(system, str) else list(system)
    for message in body.get("messages", []):
        content = message.get("content", [])
        out += [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
    return out


def size(blocks: list[dict[str, Any]]) -> int:
    """Tokens of blocks, their cache marks aside."""
    return sum(tokens(_plain(block)) for block in blocks)


def _plain(block: dict[str, Any]) -> str:
    if set(block) <= {"type", "text", "cache_control"}:
        return str(block.get("text", ""))
    return json.dumps({key: value for key, value in block.items() if key != "cache_control"}, ensure_ascii=False)


def usage(state: State, model: Model, name: str, body: dict[str, Any]) -> dict[str, Any]:
    """The input side of a message's usage. Below the model's minimum nothing is cached, and nothing is said about it."""
    blocks = pieces(body)
    total = size(blocks) + 3 * len(body.get("messages", []))
    marks = [at for at, block in enumerate(blocks) if block.get("cache_control")]
    control = body.get("cache_control") or (blocks[marks[-1]]["cache_control"] if marks else None)
    read = written = 0
    if control is not None:
        prefix = blocks[: (marks[-1] + 1) if marks else len(blocks)]
        long = size(prefix)
        if long >= model.cache_from:
            key = hashlib.blake2b((name + "".join(map(_plain, prefix))).encode()).hexdigest()
            now = state.world.now()
            known = state.cached.get(key)
            if known is not None and known > now:
                read = long
            else:
                written = long
            state.cached[key] = now + _LIVES.get(control.get("ttl", "5m"), _LIVES["5m"])
    ttl = (control or {}).get("ttl", "5m")
    return {
        "input_tokens": total - read - written,
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": written if ttl == "5m" else 0,
            "ephemeral_1h_input_tokens": written if ttl == "1h" else 0,
        },
    }
