"""Reads a scenario file. What is wrong is said with file, line, field, what was found and what was expected."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from guard.sandbox.scenario.schema import Scenario


class ScenarioError(ValueError):
    """A scenario that cannot be used; the message is for its author."""


def load(path: Path) -> Scenario:
    """Read a scenario file. Raises ScenarioError."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read: {error.strerror}. Give the path of a scenario file.") from error
    return parse(text, source=str(path))


def parse(text: str, *, source: str = "scenario") -> Scenario:
    """Read a scenario from text; `source` stands in the messages. Raises ScenarioError."""
    try:
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ScenarioError(f"{source}:{line}: not valid YAML: {error.problem}.") from error
    if not isinstance(tree, Mapping):
        raise ScenarioError(
            f"{source}:1: a mapping with `start` and `projects` is expected; found {type(tree).__name__}."
        )
    try:
        return Scenario.model_validate(_plain(tree))
    except ValidationError as error:
        problems = [_sentence(tree, problem, source) for problem in error.errors()]
        raise ScenarioError("\n".join(problems)) from error


def line_of(tree: Any, location: Sequence[str | int]) -> int:
    """The line of the deepest part of `location` that is in the file."""
    line, node = 1, tree
    for step in location:
        if isinstance(node, Mapping) and step in node:
            line = node.lc.key(step)[0] + 1  # type: ignore[attr-defined]  # ruamel's round-trip mapping
        elif isinstance(node, list) and isinstance(step, int) and step < len(node):
            line = node.lc.item(step)[0] + 1  # type: ignore[attr-defined]  # ruamel's round-trip sequence
        else:
            break
        node = node[step]
    return line


def _sentence(tree: Any, problem: Any, source: str) -> str:
    field = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in problem["loc"]).lstrip(".")
    said = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        said = "unknown key; see docs/reference/scenario.md"
    elif problem["type"] == "missing":
        said = "this key is required"
    elif "found" not in said:
        said = f"{said}; found {problem['input']!r}"
    return f"{source}:{line_of(tree, problem['loc'])}: {field or 'scenario'}: {said}."


def _plain(value: Any) -> Any:
    """Without the parser's own classes, which would show in messages."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value
