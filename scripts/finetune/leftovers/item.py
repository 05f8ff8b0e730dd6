"""One thing that is left, and how it goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """A thing that a run made and that still exists.

    `bills` says in words what it costs while it lies there; `warning` what cannot be undone. `remove` may be called again; it must
    take "not there" for done.
    """

    kind: str
    name: str
    bills: str
    remove: Callable[[], None]
    warning: str | None = None
