"""Listing as the platform does it: filter, order, pages, read mask."""

import re
from collections.abc import Callable
from typing import Any, Final

from guard.sandbox.errors import invalid
from guard.sandbox.vertex.names import last, split_version
from guard.sandbox.vertex.wire import camel

DEFAULT_PAGE: Final = 100
_TERM = re.compile(r'^\s*(?P<key>[\w.\-"]+)\s*(?P<op>!=|=|:)\s*(?P<value>"[^"]*"|\S+)\s*$')
_AND = re.compile(r"\s+AND\s+(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)")

Document = dict[str, Any]


def select(documents: list[Document], query: dict[str, str], *, id_key: str) -> list[Document]:
    """The documents that `filter` lets through, in the order of `orderBy`.

    `id_key` is the filter's word for the id (`endpoint`, `model`). Raises ApiError for what the platform would refuse.
    """
    chosen = documents
    if wanted := query.get("filter", "").strip():
        tests = [_test(term, id_key) for term in _AND.split(wanted)]
        chosen = [document for document in documents if all(test(document) for test in tests)]
    if order := query.get("orderBy") or query.get("order_by"):
        for part in reversed(order.split(",")):
            field, *direction = part.split()
            key = camel(field)
            if key not in {"displayName", "createTime", "updateTime"}:
                raise invalid(f"Invalid order_by field: {field}. Supported: display_name, create_time, update_time.")
            chosen = sorted(chosen, key=lambda one: str(one.get(key, "")), reverse=[*direction, "asc"][0] == "desc")
    return chosen


def page(query: dict[str, str]) -> tuple[int, int]:
    """(offset, size) that the query asks for."""
    raw_size = query.get("pageSize") or query.get("page_size") or "0"
    raw_token = query.get("pageToken") or query.get("page_token") or "0"
    if not raw_size.lstrip("-").isdigit() or int(raw_size) < 0:
        raise invalid(f"page_size must be a non-negative integer; got {raw_size!r}.")
    if not raw_token.isdigit():
        raise invalid("page_token is invalid.")
    return int(raw_token), int(raw_size) or DEFAULT_PAGE


def masked(document: Document, query: dict[str, str]) -> Document:
    """Only the fields of `readMask`, where one is given."""
    mask = query.get("readMask") or query.get("read_mask")
    if not mask or mask == "*":
        return document
    kept = {camel(part.split(".")[0]) for part in mask.split(",")}
    return {key: value for key, value in document.items() if key in kept}


def _test(term: str, id_key: str) -> Callable[[Document], bool]:
    match = _TERM.match(term)
    if match is None:
        raise invalid(f"Invalid filter: cannot parse {term!r}.")
    key, op, value = match["key"].replace('"', ""), match["op"], match["value"].strip('"')
    if key.startswith("labels."):
        label = key.removeprefix("labels.")
        if op == ":" and value == "*":
            return lambda one: label in one.get("labels", {})
        return _compare(lambda one: one.get("labels", {}).get(label), op, value)
    match camel(key):
        case "displayName":
            return _compare(lambda one: one.get("displayName"), op, value)
        case "state":
            return _compare(lambda one: one.get("state"), op, value)
        case "baseModelName" | "baseModel":
            return lambda one: value in {one.get("baseModel"), _base_model(one)}
        case "tunedModelDisplayName":
            return _compare(lambda one: one.get("tunedModelDisplayName"), op, value)
        case "name":
            return _compare(lambda one: one["name"], op, value)
        case other if other in {id_key, f"{id_key}Id"}:
            return _compare(lambda one: last(split_version(one["name"])[0]), op, last(value))
    raise invalid(f"Invalid filter: field {key!r} is not supported.")


def _compare(read: Callable[[Document], str | None], op: str, value: str) -> Callable[[Document], bool]:
    if op == "!=":
        return lambda one: read(one) != value
    if op == ":":
        return lambda one: value in (read(one) or "")
    return lambda one: read(one) == value


def _base_model(document: Document) -> str:
    source = document.get("baseModelSource", {})
    return str(source.get("genieSource", {}).get("baseModelUri") or "")
