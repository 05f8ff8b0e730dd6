"""The Logging query language, as far as audit entries need it: parsed into a test of one entry.

Source: "Logging query language", docs.cloud.google.com/logging/docs/view/logging-query-language, read 2026-11-24.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from guard.sandbox.errors import ApiError, invalid

Entry = dict[str, Any]
Test = Callable[[Entry], bool]

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<mark>=~|!~|!=|>=|<=|[()=:<>])|(?P<word>[^\s()=:<>!"']+))"""
)
_SEVERITIES: Final = ("DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY")
_OPERATORS: Final = frozenset({"=", "!=", ":", "=~", "!~", "<", "<=", ">", ">="})


@lru_cache(maxsize=256)
def parse(text: str) -> Test:
    """Parse a filter; an empty one lets everything through. Raises ApiError INVALID_ARGUMENT where it cannot be read."""
    if not text.strip():
        return lambda _entry: True
    parser = _Parser(text)
    test = parser.conjunction()
    parser.end()
    return test


class _Parser:
    """OR binds tighter than AND in this language; terms side by side are joined by AND."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, str]] = []
        self._at = 0
        position = 0
        while text[position:].strip():
            found = _TOKEN.match(text, position)
            if found is None:
                raise self._bad(f"unexpected {text[position:].strip()[0]!r}")
            self._tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
            position = found.end()

    def end(self) -> None:
        """Refuse what is left over."""
        if self._at < len(self._tokens):
            raise self._bad(f"unexpected {self._tokens[self._at][1]!r}")

    def conjunction(self) -> Test:
        """Terms joined by AND, or by nothing."""
        tests = [self._disjunction()]
        while self._at < len(self._tokens) and self._peek() != ("mark", ")"):
            self._accept("AND")
            tests.append(self._disjunction())
        return lambda entry: all(test(entry) for test in tests)

    def _disjunction(self) -> Test:
        tests = [self._term()]
        while self._accept("OR"):
            tests.append(self._term())
        return lambda entry: any(test(entry) for test in tests)

    def _term(self) -> Test:
        if self._accept("NOT"):
            negated = self._term()
            return lambda entry: not negated(entry)
        if self._accept("("):
            test = self.conjunction()
            self._expect(")")
            return test
        kind, field = self._next("a field")
        if kind != "word":
            raise self._bad(f"expected a field, found {field!r}")
        operator = self._next("an operator")[1]
        if operator not in _OPERATORS:
            raise self._bad(f"expected an operator after {field!r}, found {operator!r}")
        if self._accept("("):
            return self._choices(field, operator)
        return self._comparison(field, operator, self._value())

    def _choices(self, field: str, operator: str) -> Test:
        """`field = ("a" OR "b")`."""
        tests = [self._comparison(field, operator, self._value())]
        every = self._peek()[1] == "AND"
        while self._accept("AND" if every else "OR"):
            tests.append(self._comparison(field, operator, self._value()))
        self._expect(")")
        return lambda entry: (all if every else any)(test(entry) for test in tests)

    def _value(self) -> str:
        kind, value = self._next("a value")
        if kind == "mark":
            raise self._bad(f"expected a value, found {value!r}")
        return re.sub(r"\\(.)", r"\1", value[1:-1]) if kind == "text" else value

    def _comparison(self, field: str, operator: str, wanted: str) -> Test:
        path = tuple(re.sub(r'"', "", field).split("."))
        if operator in {"=~", "!~"}:
            try:
                pattern = re.compile(wanted)
            except re.error as error:
                raise self._bad(f"{wanted!r} is no regular expression ({error})") from error
            found = operator == "=~"
            return lambda entry: any(pattern.search(value) for value in _values(entry, path)) is found
        match operator:
            case "=":
                return lambda entry: any(_same(path, value, wanted) for value in _values(entry, path))
            case "!=":
                return lambda entry: not any(_same(path, value, wanted) for value in _values(entry, path))
            case ":":
                low = "" if wanted == "*" else wanted.lower()
                return lambda entry: any(low in value.lower() for value in _values(entry, path))
            case _:
                key = self._ordered(path)
                edge = key(wanted)
                return lambda entry: any(_ranks(operator, key(value), edge) for value in _values(entry, path))

    def _ordered(self, path: tuple[str, ...]) -> Callable[[str], Any]:
        def instant(value: str) -> datetime:
            try:
                at = datetime.fromisoformat(value)
            except ValueError as error:
                raise self._bad(f"{value!r} is no timestamp") from error
            return at.replace(tzinfo=UTC) if at.tzinfo is None else at

        def severity(value: str) -> int:
            if value.upper() not in _SEVERITIES:
                raise self._bad(f"{value!r} is no severity")
            return _SEVERITIES.index(value.upper())

        match path:
            case ("timestamp",) | ("receiveTimestamp",):
                return instant
            case ("severity",):
                return severity
            case _:
                return str

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "the end")

    def _accept(self, token: str) -> bool:
        if self._peek() in {("mark", token), ("word", token)}:
            self._at += 1
            return True
        return False

    def _expect(self, mark: str) -> None:
        if not self._accept(mark):
            raise self._bad(f"expected {mark!r}, found {self._peek()[1]!r}")

    def _next(self, wanted: str) -> tuple[str, str]:
        found = self._peek()
        if found[0] == "end":
            raise self._bad(f"expected {wanted}, found the end")
        self._at += 1
        return found

    def _bad(self, problem: str) -> ApiError:
        return invalid(f"Unparseable filter: {problem} in {self._text!r}.")


def _values(entry: Entry, path: tuple[str, ...]) -> list[str]:
    found: list[Any] = [entry]
    for part in path:
        found = [
            inner
            for one in found
            for inner in (one if isinstance(one, list) else [one])
            if isinstance(inner, dict) and part in inner
            for inner in [inner[part]]
        ]
    flat = [inner for one in found for inner in (one if isinstance(one, list) else [one])]
    return [value if isinstance(value, str) else str(value).lower() for value in flat]


def _same(path: tuple[str, ...], value: str, wanted: str) -> bool:
    if path == ("logName",):  # both spellings of the slash are taken
        return value.replace("%2F", "/").lower() == wanted.replace("%2F", "/").lower()
    return value.lower() == wanted.lower()


def _ranks(operator: str, value: Any, edge: Any) -> bool:
    match operator:
        case "<":
            return bool(value < edge)
        case "<=":
            return bool(value <= edge)
        case ">":
            return bool(value > edge)
        case _:
            return bool(value >= edge)
