"""Reading a raw document field by field: absent is a fact, a wrong shape is Malformed, names become canonical."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from guard.core.model import NO_LABELS
from guard.core.names import with_project
from guard.ports.errors import Malformed

Raw = Mapping[str, Any]
_NOTHING: Raw = MappingProxyType({})
_NAME_IN_JSON = re.compile(r'"projects/([^/"]+)/')


class Naming:
    """Writes every name with the project's number, whichever of the two the platform used.

    Names of projects that are not enrolled (a model deployed from elsewhere) stay as they are.
    """

    def __init__(self, numbers: Mapping[str, str]) -> None:
        self._numbers = numbers  # project id -> number

    def writes_like(self, other: Naming) -> bool:
        """True where both write every name in the same way."""
        return self._numbers == other._numbers

    def __call__(self, name: str) -> str:
        project = name[len("projects/") :].partition("/")[0] if name.startswith("projects/") else ""
        number = self._numbers.get(project)
        return with_project(name, number) if number is not None else name

    def in_json(self, document: str) -> str:
        """Write the names within a JSON text with project numbers."""
        return _NAME_IN_JSON.sub(lambda found: f'"projects/{self._numbers.get(found[1], found[1])}/', document)


def text(raw: Raw, key: str) -> str:
    """Return a string, `` where it is absent."""
    value = raw.get(key, "")
    if not isinstance(value, str):
        raise Malformed(f"{_where(raw)}: {key} is {type(value).__name__}, expected text.")
    return value


def required(raw: Raw, key: str) -> str:
    """Return a string that must be there."""
    value = text(raw, key)
    if not value:
        raise Malformed(f"{_where(raw)}: {key} is missing.")
    return value


def integer(raw: Raw, key: str, default: int = 0) -> int:
    """Return a whole number, which JSON may carry as text (int64)."""
    value = raw.get(key, default)
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise Malformed(f"{_where(raw)}: {key} is {value!r}, expected a whole number.") from None
    if isinstance(value, bool) or number < 0 or (isinstance(value, float) and value != number):
        raise Malformed(f"{_where(raw)}: {key} is {value!r}, expected a whole number, not negative.")
    return number


def flag(raw: Raw, key: str) -> bool:
    """Return a boolean, False where it is absent."""
    value = raw.get(key, False)
    if not isinstance(value, bool):
        raise Malformed(f"{_where(raw)}: {key} is {value!r}, expected true or false.")
    return value


def instant(raw: Raw, key: str) -> datetime | None:
    """Return an aware UTC instant, None where it is absent."""
    value = text(raw, key)
    if not value:
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise Malformed(f"{_where(raw)}: {key} is {value!r}, expected an RFC 3339 time.") from None
    if at.tzinfo is None:
        raise Malformed(f"{_where(raw)}: {key} is {value!r}, a time without a zone.")
    return at.astimezone(UTC)


def part(raw: Raw, key: str) -> Raw:
    """Return an object, empty where it is absent."""
    value = raw.get(key, _NOTHING)
    if type(value) is not dict and not isinstance(value, Mapping):  # asking for the exact type is ten times faster
        raise Malformed(f"{_where(raw)}: {key} is {type(value).__name__}, expected an object.")
    return value


def parts(raw: Raw, key: str) -> list[Raw]:
    """Return a list of objects, empty where it is absent."""
    value = raw.get(key, [])
    if not isinstance(value, list) or not all(type(one) is dict or isinstance(one, Mapping) for one in value):
        raise Malformed(f"{_where(raw)}: {key} is not a list of objects.")
    return value


def labels(raw: Raw) -> Mapping[str, str]:
    """Return the labels."""
    found = part(raw, "labels")
    return {str(key): str(value) for key, value in found.items()} if found else NO_LABELS


def digest(value: Any, naming: Naming) -> str:
    """Hash a JSON value: SHA-256 over its canonical form, keys sorted, names written with project numbers."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(naming.in_json(canonical).encode()).hexdigest()


def without(raw: Raw, *keys: str) -> dict[str, Any]:
    """Return a copy without some keys."""
    return {key: value for key, value in raw.items() if key not in keys}


def _where(raw: Raw) -> str:
    return str(raw.get("name") or raw.get("id") or "a document without a name")
