"""Reading raw configuration values: each problem is noted with key, finding, expectation and remedy; nothing raises on the way."""

import difflib
import json
import re
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any


class SettingsError(ValueError):
    """The stack's configuration cannot be used; the message lists every problem. Nothing was made."""

    def __init__(self, stack: str, problems: Iterable[str]) -> None:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"Pulumi.{stack}.yaml cannot be used; nothing was made or changed:\n{lines}")


class Reader:
    """Typed access to raw values (`namespace:key` -> text; booleans, arrays and objects as JSON)."""

    def __init__(self, raw: Mapping[str, str], namespace: str) -> None:
        self.problems: list[str] = []
        self._raw = raw
        self._namespace = namespace

    def problem(self, key: str, found: str, expected: str, *, do: str = "") -> None:
        """Note one problem; `do` is the command that mends it."""
        remedy = f" Type: {do}" if do else ""
        self.problems.append(f"{key}: found {found}; expected {expected}.{remedy}")

    @staticmethod
    def suggestion(found: str, known: Collection[str]) -> str:
        """The nearest known words, for the end of a message."""
        near = difflib.get_close_matches(found, sorted(known), n=3, cutoff=0.5)
        return f"(did you mean {' or '.join(near)}?)" if near else f"(one of {', '.join(sorted(known))})"

    def text(self, key: str, *, default: str) -> str:
        return self._raw.get(self._full(key), default)

    def required(self, key: str, expected: str) -> str:
        value = self._raw.get(self._full(key), "")
        if not value:
            self.problem(key, "nothing", expected, do=f"pulumi config set {key} VALUE")
        return value

    def matching(self, key: str, pattern: re.Pattern[str], expected: str) -> str:
        """A required text of a given form."""
        value = self.required(key, expected)
        if value and not pattern.fullmatch(value):
            self.problem(key, repr(value), expected)
        return value

    def one_of(self, key: str, allowed: Collection[str], *, default: str) -> str:
        value = self.text(key, default=default)
        if value not in allowed:
            self.problem(key, repr(value), f"one of {', '.join(allowed)}")
        return value

    def boolean(self, key: str, *, default: bool) -> bool:
        value = self.text(key, default=str(default).lower())
        if value not in {"true", "false"}:
            self.problem(key, repr(value), "true or false")
        return value == "true"

    def strings(self, key: str) -> list[str]:
        values: list[Any] = self._json(key, list, "a list of texts", do=f"pulumi config set --path '{key}[0]' VALUE")
        if not all(isinstance(value, str) for value in values):
            self.problem(key, repr(values), "a list of texts")
            return []
        return values

    def objects(self, key: str) -> list[dict[str, Any]]:
        values: list[Any] = self._json(
            key, list, "a list of objects", do=f"pulumi config set --path '{key}[0].name' VALUE"
        )
        if not all(isinstance(value, dict) for value in values):
            self.problem(key, repr(values), "a list of objects")
            return []
        return values

    def mapping(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = self._json(key, dict, "an object", do=f"pulumi config set --path {key}.FIELD VALUE")
        return found

    def _full(self, key: str) -> str:
        return key if ":" in key else f"{self._namespace}:{key}"

    def _json(self, key: str, kind: type, expected: str, *, do: str) -> Any:
        value = self._raw.get(self._full(key), "")
        if not value:
            return kind()
        try:
            parsed = json.loads(value, parse_float=Decimal)
        except ValueError:
            parsed = value
        if not isinstance(parsed, kind):
            self.problem(key, repr(parsed), expected, do=do)
            return kind()
        return parsed
