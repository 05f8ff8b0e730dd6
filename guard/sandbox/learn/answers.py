"""Take an answer apart into a skeleton and the values in it, and put it together again."""

import json
import re
from dataclasses import dataclass
from typing import Any

HOLE = "\x00"
_PAIR = re.compile(r"(?P<key>\b[A-Za-z_][\w ]{0,24}?\s*[=:]\s*)(?P<value>[^;,\n=:]+)")
_SHORT = 40


@dataclass(frozen=True, slots=True)
class Answer:
    """`skeleton` with a HOLE for each of `values`; a value from JSON is its JSON text, so that types survive."""

    skeleton: str
    values: tuple[str, ...]

    def text(self) -> str:
        """The answer as it was."""
        parts = self.skeleton.split(HOLE)
        return "".join(part + value for part, value in zip(parts, (*self.values, ""), strict=True))


def take_apart(text: str) -> Answer:
    """JSON leaves, `key=value` and `key: value` pairs, or a short answer as a whole are values; longer prose has none."""
    try:
        data = json.loads(text)
    except ValueError:
        data = None
    if isinstance(data, (dict, list)):
        values: list[str] = []
        return Answer(_emptied(data, values), tuple(values))
    pairs = list(_PAIR.finditer(text))
    if pairs:
        skeleton, at = "", 0
        for pair in pairs:
            value = pair["value"].rstrip()
            skeleton += text[at : pair.start("value")] + HOLE
            at = pair.start("value") + len(value)
        return Answer(skeleton + text[at:], tuple(pair["value"].rstrip() for pair in pairs))
    if len(text) <= _SHORT and "\n" not in text:
        return Answer(HOLE, (text,))
    return Answer(text.replace(HOLE, ""), ())


def _emptied(data: Any, values: list[str]) -> str:
    """The JSON text with a hole in place of each leaf; leaves go to `values` in the order of the text."""
    if isinstance(data, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {_emptied(value, values)}" for key, value in data.items()) + "}"
    if isinstance(data, list):
        return "[" + ", ".join(_emptied(item, values) for item in data) + "]"
    values.append(json.dumps(data, ensure_ascii=False))
    return HOLE
