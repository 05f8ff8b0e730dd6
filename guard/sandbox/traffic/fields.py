"""Reads a mapping field by field, so that a field nobody reads is found."""

from collections.abc import Callable, Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Any, TypeVar

from guard.sandbox.traffic import units
from guard.sandbox.traffic.errors import TrafficError

T = TypeVar("T")


class Fields:
    """One mapping of a traffic specification; instants in it may count from `start`."""

    def __init__(self, given: Mapping[str, Any], start: datetime) -> None:
        self._given = given
        self._read: set[str] = set()
        self.start = start
        self.instant = units.instant(start)

    def take(self, name: str, reader: Callable[[Any, str], T], default: Any = None) -> T:
        """The field through its reader; the default, too. Without a default the field must be there."""
        self._read.add(name)
        value = self._given.get(name, default)
        if value is None:
            raise TrafficError(
                f"traffic.{name}", None, f"a value; the {self._given.get('pattern', 'trace')} traffic needs it"
            )
        return reader(value, f"traffic.{name}")

    def maybe(self, name: str, reader: Callable[[Any, str], T]) -> T | None:
        """The field if it is there."""
        return self.take(name, reader) if self._given.get(name) is not None else None

    def finish(self) -> None:
        """Refuse what was not read."""
        for name in self._given:
            if name not in self._read:
                known = sorted(self._read)
                near = get_close_matches(str(name), known, n=1)
                hint = f"; did you mean {near[0]!r}" if near else ""
                raise TrafficError(f"traffic.{name}", name, f"one of the fields {', '.join(known)}{hint}")
