"""What is asked of the fleet's list: filters, order, page. From the words of an address, refused where they mean nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from guard.ports.errors import NotUnderstood

SORTS = ("cost", "name", "where", "owner", "silent", "decision", "next")
DECISIONS = ("idle", "unknown", "keep")
FILTERS = ("decision", "project", "owner", "policy", "kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`text` is looked for in names, owners, machines and labels; `everything` also lists what costs nothing by the hour."""

    decision: str = ""
    project: str = ""
    owner: str = ""
    policy: str = ""
    kind: str = ""
    text: str = ""
    sort: str = "cost"
    descending: bool = False
    page: int = 1
    everything: bool = False

    @property
    def words(self) -> dict[str, str]:
        """The same as words of an address; what is as usual is left out."""
        usual = asdict(Asked())
        return {key: "1" if value is True else str(value) for key, value in asdict(self).items() if value != usual[key]}


def asked_of(words: Mapping[str, str]) -> Asked:
    """Read the words of an address; raises NotUnderstood for a value that means nothing. Unknown words are passed over."""
    values: dict[str, Any] = {name: words[name].strip()[:200] for name in (*FILTERS, "text") if words.get(name)}
    _one_of("decision", values.get("decision"), DECISIONS)
    if sort := words.get("sort"):
        _one_of("sort", sort, SORTS)
        values["sort"] = sort
    values["descending"] = words.get("descending") == "1"
    values["everything"] = words.get("everything") == "1"
    page = words.get("page") or "1"
    if not (page.isascii() and page.isdigit() and 1 <= int(page) <= 1_000_000):
        raise NotUnderstood(
            f"page: found {page[:40]!r}. Expected a whole number from 1 on.", hint="Start at the first page."
        )
    return Asked(**values, page=int(page))


def _one_of(name: str, value: str | None, known: tuple[str, ...]) -> None:
    if value and value not in known:
        raise NotUnderstood(
            f"{name}: found {value[:40]!r}. Expected one of {', '.join(known)}.", hint="Nothing was listed."
        )
