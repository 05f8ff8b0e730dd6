"""Files and examples for tests."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

PLACE_FILE = Path("data.jsonl")


def lines(path: Path, rows: Iterable[Any]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def chat(question: str, answer: str, **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}], **more}


def pairs(number: int, answer: str = "yes") -> list[dict[str, Any]]:
    """So many different questions; no two alike."""
    words = [
        "river",
        "candle",
        "marble",
        "pepper",
        "violin",
        "anchor",
        "meadow",
        "rocket",
        "saddle",
        "walnut",
        "copper",
        "lantern",
    ]
    out = []
    for at in range(number):
        picked = [words[(at * step + at // (step + 3)) % len(words)] for step in (1, 5, 7)]
        out.append(
            chat(f"What about {' and '.join(picked)} in case number {at} of {at * 37 % 101}?", f"{answer} {at % 3}")
        )
    return out
