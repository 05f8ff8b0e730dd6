"""The pages, one module each.

A module has a `router`; it may have `FILTERS` (name -> function) for the templates and `CONTEXT`, a function of the request whose
mapping every page gets. Routes are plain functions (they run in the threadpool) and ask for `PersonOf` and `DeskOf`; forms hold
`{{ csrf_field() }}` and are sent by POST. A GET changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


def modules() -> Iterator[ModuleType]:
    """Every page's module, by name."""
    for info in sorted(iter_modules(__path__), key=lambda one: one.name):
        yield import_module(f"{__name__}.{info.name}")
