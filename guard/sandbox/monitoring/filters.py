"""The filter language of Cloud Monitoring, as far as time series are concerned: parsed into a test of one series.

Source: "Monitoring filters", docs.cloud.google.com/monitoring/api/v3/filters, read 2026-11-24.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from guard.sandbox.errors import ApiError, invalid

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<mark>!=|>=|<=|[()=:<>,])|(?P<word>[\w./*-]+))"""
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a filter is put to: one series, or one descriptor without labels."""

    metric_type: str
    resource_type: str
    metric_labels: Mapping[str, str]
    resource_labels: Mapping[str, str]


Test = Callable[[Subject], bool]


@dataclass(frozen=True, slots=True)
class Filter:
    """A parsed filter; `metric_types` are those that a top-level `metric.type = "..."` asks for."""

    test: Test
    metric_types: tuple[str, ...]


@lru_cache(maxsize=512)
def parse(text: str) -> Filter:
    """Parse a filter; an empty one lets everything through.

    Raises:
        ApiError: INVALID_ARGUMENT with the place where the filter cannot be understood.
    """
    if not text.strip():
        return Filter(lambda _subject: True, ())
    parser = _Parser(text)
    test = parser.disjunction(top=True)
    parser.end()
    return Filter(test, tuple(parser.metric_types))


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, str]] = []
        self._at = 0
        self.metric_types: list[str] = []
        position = 0
        while text[position:].strip():
            found = _TOKEN.match(text, position)
            if found is None:
                raise self._bad(f"unexpected character {text[position:].strip()[0]!r}")
            self._tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
            position = found.end()

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise self._bad(f"unexpected {self._tokens[self._at][1]!r}")

    def disjunction(self, *, top: bool = False) -> Test:
        known = len(self.metric_types)
        tests = [self._conjunction(top=top)]
        while self._accept("OR"):
            del self.metric_types[known:]  # a choice of types is not one type
            tests.append(self._conjunction(top=False))
        return tests[0] if len(tests) == 1 else lambda subject: any(test(subject) for test in tests)

    def _conjunction(self, *, top: bool) -> Test:
        tests = [self._term(top=top)]
        while self._accept("AND"):
            tests.append(self._term(top=top))
        return tests[0] if len(tests) == 1 else lambda subject: all(test(subject) for test in tests)

    def _term(self, *, top: bool) -> Test:
        if self._accept("NOT"):
            negated = self._term(top=False)
            return lambda subject: not negated(subject)
        if self._accept("("):
            test = self.disjunction(top=top)
            self._expect(")")
            return test
        return self._comparison(top=top)

    def _comparison(self, *, top: bool) -> Test:
        field = self._word("a field such as metric.type")
        read = self._reader(field)
        operator = self._next("an operator")[1]
        if operator not in {"=", "!=", ":"}:
            raise self._bad(f"operator {operator!r} is not supported on {field!r}; use =, != or :")
        kind, value = self._next("a value")
        if kind == "word" and self._peek() == "(":
            matches = self._function(value)
        elif kind == "mark":
            raise self._bad(f"expected a value after {field} {operator}, found {value!r}")
        else:
            wanted = _unquoted(value) if kind == "text" else value
            if top and field == "metric.type" and operator == "=":
                self.metric_types.append(wanted)
            matches = (lambda found: wanted in found) if operator == ":" else (lambda found: found == wanted)
        if operator == "!=":
            return lambda subject: not matches(read(subject))
        return lambda subject: matches(read(subject))

    def _function(self, name: str) -> Callable[[str], bool]:
        self._expect("(")
        values = [_unquoted(self._next("a quoted text")[1])]
        while self._accept(","):
            values.append(_unquoted(self._next("a quoted text")[1]))
        self._expect(")")
        if name == "one_of":
            return lambda found: found in values
        if len(values) != 1:
            raise self._bad(f"{name} takes one value")
        value = values[0]
        match name:
            case "starts_with":
                return lambda found: found.startswith(value)
            case "ends_with":
                return lambda found: found.endswith(value)
            case "has_substring":
                return lambda found: value in found
            case "monitoring.regex.full_match":
                try:
                    pattern = re.compile(value)
                except re.error as error:
                    raise self._bad(f"{value!r} is no regular expression ({error})") from error
                return lambda found: pattern.fullmatch(found) is not None
            case _:
                raise self._bad(f"unknown function {name!r}")

    def _reader(self, field: str) -> Callable[[Subject], str]:
        match field.split("."):
            case ["metric", "type"]:
                return lambda subject: subject.metric_type
            case ["resource", "type"]:
                return lambda subject: subject.resource_type
            case ["metric", "label" | "labels", label]:
                return lambda subject: subject.metric_labels.get(label, "")
            case ["resource", "label" | "labels", label]:
                return lambda subject: subject.resource_labels.get(label, "")
            case ["project"]:
                return lambda subject: subject.resource_labels.get("resource_container", "")
            case _:
                raise self._bad(
                    f"unknown field {field!r}; known are metric.type, resource.type, metric.labels.X, resource.labels.X"
                )

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _accept(self, token: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] in {("mark", token), ("word", token)}:
            self._at += 1
            return True
        return False

    def _expect(self, mark: str) -> None:
        if not self._accept(mark):
            raise self._bad(f"expected {mark!r}, found {self._peek() or 'the end'!r}")

    def _next(self, wanted: str) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise self._bad(f"expected {wanted}, found the end")
        self._at += 1
        return self._tokens[self._at - 1]

    def _word(self, wanted: str) -> str:
        kind, value = self._next(wanted)
        if kind != "word":
            raise self._bad(f"expected {wanted}, found {value!r}")
        return value

    def _bad(self, problem: str) -> ApiError:
        return invalid(f'Field filter had an invalid value of "{self._text}": {problem}.')


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value[:1] in {'"', "'"} else value
