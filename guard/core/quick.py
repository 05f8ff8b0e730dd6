"""Frozen values that are quick to make: for the few kinds of which every cycle makes one a thing. Pure.

A frozen dataclass sets each field through `object.__setattr__`, about 70 ns a field; a verdict and its subject have two
dozen, which was a quarter of the time to decide 100,000 deployed models (CPython 3.11, November 2026). Here the fields are
set while the new object has an open class of the same layout, and only then it becomes a frozen value: half the time.
What comes out is what `dataclass(frozen=True, slots=True, kw_only=True)` makes: equal, hashable, printable, replaceable.
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any, TypeVar

T = TypeVar("T")

_become = object.__dict__["__class__"].__set__


def quick(cls: type[T]) -> type[T]:
    """Give a frozen, slotted, keyword-only dataclass a quicker constructor; goes on top of `@dataclass(...)`.

    Raises TypeError for a class that is none of these, or has a default factory, an `init=False` field or a `__post_init__`.
    """
    made: tuple[Any, ...] = fields(cls)  # type: ignore[arg-type]  # raises TypeError where it is no dataclass
    params = cls.__dataclass_params__  # type: ignore[attr-defined]  # there, as fields() has answered
    plain = all(field.init and field.kw_only and field.default_factory is MISSING for field in made)
    if not (params.frozen and params.init and plain) or cls.__bases__ != (object,) or hasattr(cls, "__post_init__"):
        raise TypeError(f"{cls.__name__} is no plain frozen keyword-only dataclass")
    names = tuple(field.name for field in made)
    if cls.__dict__.get("__slots__") != names:
        raise TypeError(f"{cls.__name__} has no slots of its own")
    defaults = {f"default_{field.name}": field.default for field in made if field.default is not MISSING}
    arguments = [f"{name}=default_{name}" if f"default_{name}" in defaults else name for name in names]
    source = [
        f"def __init__(self, *, {', '.join(arguments)}):",
        "    become(self, open_class)",
        *(f"    self.{name} = {name}" for name in names),
        "    become(self, closed_class)",
    ]
    open_class = type(cls.__name__, (), {"__slots__": names})
    scope: dict[str, Any] = {"become": _become, "open_class": open_class, "closed_class": cls, **defaults}
    exec("\n".join(source), scope)  # noqa: S102  # names of fields only; dataclass makes its own constructor in this way
    constructor = scope["__init__"]
    constructor.__qualname__ = f"{cls.__qualname__}.__init__"
    cls.__init__ = constructor  # type: ignore[method-assign]  # the point of it
    return cls
