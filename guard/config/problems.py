"""What is wrong with guard.yaml, in words: each problem with file, line, column, field, what was found and what was expected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from guard.config.checks import Problem
from guard.ports.errors import ConfigInvalid


def meant(document: Any, errors: Sequence[Any]) -> list[Problem]:
    """The problems with the form that was meant, where a field may have one of several: `all` or a mapping of rules.

    pydantic complains once for each form. What it says of a part is told, and what it says of the whole is then not.
    """
    found = [(_real_path(document, tuple(e["loc"]), last=e["type"] in _ABOUT_A_KEY), e) for e in errors]
    inner = {path[:length] for path, _ in found for length in range(len(path))}
    forms: dict[tuple[str | int, ...], list[str]] = {}
    for path, e in found:
        if e["type"] in _FORMS and path not in inner:
            forms.setdefault(path, []).append(_form(e))
    told: list[Problem] = []
    for path, e in found:
        if e["type"] not in _FORMS:
            told.append((path, _words(e)))
        elif path in forms:
            told.append((path, f"found {_shown(e['input'])}. Expected {', or '.join(dict.fromkeys(forms.pop(path)))}"))
    return told


_ABOUT_A_KEY = frozenset({"missing", "extra_forbidden"})
_EXPECTED = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "string_type": "text",
    "list_type": "a list",
    "dict_type": "a mapping",
}
"""What pydantic's kinds of error mean, in the words of this file."""
_FORMS = {
    "literal_error": "",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "string_type": "text",
}


def _form(error: Any) -> str:
    return _FORMS[error["type"]] or str(error["ctx"]["expected"])


def _shown(found: Any) -> str:
    """What was found, in short."""
    return "a mapping" if isinstance(found, dict) else "a list" if isinstance(found, list) else repr(found)


def invalid(source: str, document: Any, problems: list[Problem]) -> ConfigInvalid:
    """Return the error that tells every problem, one a line, each with its place."""
    lines = []
    for told, words in problems:
        path = _real_path(document, told, last=True)
        line, column = position(document, path)
        lines.append(f"{source}:{line}:{column}: {_dotted(document, path)}: {words.rstrip('.')}.")
    return ConfigInvalid("\n".join(dict.fromkeys(lines)))


def _real_path(document: Any, path: tuple[str | int, ...], *, last: bool) -> tuple[str | int, ...]:
    """Drop what pydantic adds to a path (names of a union's forms) and keep what is in the file; with `last` also a last key
    that is not there.
    """
    here = document
    real: list[str | int] = []
    for index, part in enumerate(path):
        is_key = isinstance(here, dict) and part in here
        is_item = isinstance(here, list) and isinstance(part, int) and part < len(here)
        if is_key or is_item:
            here = here[part]
            real.append(part)
        elif last and index == len(path) - 1 and isinstance(here, dict):
            real.append(part)
    return tuple(real)


def position(document: Any, path: tuple[str | int, ...]) -> tuple[int, int]:
    """Line and column (from 1) of a field; a missing key points to its parent."""
    here: Any = document  # ruamel's lists and mappings carry positions in `.lc`
    line, column = 1, 1
    for part in path:
        try:
            at = here.lc.item(part) if isinstance(part, int) else here.lc.key(part)
            line, column = at[0] + 1, at[1] + 1
            here = here[part]
        except (KeyError, IndexError, TypeError, AttributeError):
            break
    return line, column


def _dotted(document: Any, path: tuple[str | int, ...]) -> str:
    """A path for people: policies[staging].wait rather than policies.0.wait."""
    text = ""
    here = document
    for part in path:
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            here = None
        if isinstance(part, int):
            name = here.get("name") if isinstance(here, dict) else None
            text += f"[{name if name is not None else part}]"
        else:
            text += f".{part}" if text else str(part)
    return text or "file"


def _words(error: Any) -> str:
    """What pydantic found, in our words."""
    kind, found = error["type"], error.get("input")
    match kind:
        case "missing":
            return "missing. Add it"
        case "extra_forbidden":
            return "is not a known key. Correct it or take it out; `tuneguard config schema` lists the keys"
        case "value_error":
            return str(error["ctx"]["error"])
        case "greater_than_equal":
            return f"found {_shown(found)}. Expected {error['ctx']['ge']} or more"
        case "less_than_equal":
            return f"found {_shown(found)}. Expected {error['ctx']['le']} or less"
        case "string_too_short" | "too_short":
            return f"found {_shown(found)}, which is empty. Expected at least one {'letter' if kind[0] == 's' else 'of it'}"
        case "string_pattern_mismatch":
            return f"found {_shown(found)}. Expected text of the form {error['ctx']['pattern']}"
        case _:
            return f"found {_shown(found)}. Expected {_EXPECTED.get(kind, error['msg'])}"
