"""Cursor pages: `after` and `limit` in, `data` and `has_more` out."""

from collections.abc import Sequence
from typing import Any

from guard.sandbox.openai.errors import invalid
from guard.sandbox.openai.state import Call


def page(items: Sequence[dict[str, Any]], call: Call, *, default: int, largest: int) -> dict[str, Any]:
    """The items after the one named; the last one's id is the next cursor."""
    text = call.one("limit", str(default)) or ""
    if not text.isdigit() or not 1 <= int(text) <= largest:
        raise invalid(f"limit: expected 1 to {largest}, got {text!r}.", param="limit")
    limit, after = int(text), call.one("after")
    start = 0
    if after is not None:
        start = next((at + 1 for at, item in enumerate(items) if item["id"] == after), len(items))
    shown = list(items[start : start + limit])
    return {"object": "list", "data": shown, "has_more": start + limit < len(items)}
