"""Does a resource have these inputs? Asked of the installed `pulumi_gcp` classes, nested types included."""

import collections.abc
import functools
import importlib
import inspect
import threading
import typing
from collections.abc import Iterator, Mapping
from typing import Any, Final

UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Stands for a value that is not known in a preview (pulumi/runtime/rpc.py)."""


_IMPORTING: Final = threading.RLock()
"""pulumi_gcp's modules load themselves at first use, which two of the engine's calls at once do not survive."""


@functools.cache
def arguments(token: str) -> Any:
    """The arguments class of a type token, such as `BucketArgs` for `gcp:storage/bucket:Bucket`; None where there is none."""
    _, module, name = token.split(":")
    found = importlib.import_module(f"pulumi_gcp.{module.partition('/')[0]}")
    return getattr(found, f"{name}Args", None)


def input_names(token: str) -> frozenset[str]:
    """The wire names of all inputs."""
    with _IMPORTING:
        return frozenset(_types(arguments(token)))


def failures(token: str, inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(property path, reason) for each input that the class does not have, has with another type, or misses."""
    with _IMPORTING:
        cls = arguments(token)
        if cls is None:
            return [("", f"pulumi_gcp has no class for {token}")]
        return list(_check(cls, inputs, ""))


def _check(cls: type, value: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    known = _types(cls)
    for key, one in value.items():
        if key.startswith("__"):
            continue
        where = f"{path}.{key}" if path else key
        if key not in known:
            yield where, f"{cls.__name__} has no such input"
        else:
            yield from _check_value(known[key], one, where)
    for key in _required(cls):
        if value.get(key) is None:
            yield (f"{path}.{key}" if path else key), f"{cls.__name__} requires it"


def _check_value(expected: Any, value: Any, path: str) -> Iterator[tuple[str, str]]:
    if value is None or value == UNKNOWN:
        return
    expected = _plain(expected)
    origin = typing.get_origin(expected)
    if origin in {collections.abc.Sequence, list}:
        if not isinstance(value, list):
            yield path, f"expected a list, found {value!r}"
            return
        for index, one in enumerate(value):
            yield from _check_value(typing.get_args(expected)[0], one, f"{path}[{index}]")
    elif origin in {collections.abc.Mapping, dict}:
        if not isinstance(value, dict):
            yield path, f"expected a mapping, found {value!r}"
    elif hasattr(expected, "_pulumi_input_type"):
        if isinstance(value, dict):
            yield from _check(expected, value, path)
        else:
            yield path, f"expected an object, found {value!r}"
    elif not _fits(expected, value):
        yield path, f"expected {expected.__name__}, found {value!r}"


def _fits(expected: Any, value: Any) -> bool:
    if expected is bool:
        return isinstance(value, bool)
    if expected in {int, float}:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if expected is str:
        return isinstance(value, str)
    return True


def _plain(annotation: Any) -> Any:
    """`Input[Optional[T]]` and the like without the wrapping."""
    arguments_of = [one for one in typing.get_args(annotation) if one is not type(None)]
    if typing.get_origin(annotation) is typing.Union and arguments_of:
        return _plain(arguments_of[0])
    return annotation


@functools.cache
def _types(cls: type) -> dict[str, Any]:
    from pulumi import _types as pulumi_types

    return pulumi_types.input_type_types(cls)


@functools.cache
def _required(cls: type) -> tuple[str, ...]:
    from pulumi import _types as pulumi_types

    names = pulumi_types.input_type_py_to_pulumi_names(cls)
    signature = inspect.signature(cls.__init__)  # type: ignore[misc]  # an arguments class, whose __init__ is what is asked about
    return tuple(
        names[key]
        for key, parameter in signature.parameters.items()
        if key in names and parameter.default is inspect.Parameter.empty
    )
