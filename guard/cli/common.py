"""What commands share: options, opening the ledger, finding a thing by its name, printing tables and JSON."""

from __future__ import annotations

import getpass
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from guard.ports.errors import NotFoundByName
from guard.ports.ledger import Ledger

WIDTH = 100
"""Columns that tables fit into."""

Output = Literal["table", "json"]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Common:
    """Options of every command."""

    config: Annotated[
        Path | None, Parameter(help="The guard.yaml to use; default: $TUNEGUARD_CONFIG, else ./guard.yaml.")
    ] = None
    output: Annotated[Output, Parameter(alias="-o", help="A table for people, or JSON.")] = "table"

    @property
    def path(self) -> Path:
        return self.config or Path(os.environ.get("TUNEGUARD_CONFIG", "guard.yaml"))

    @property
    def as_json(self) -> bool:
        return self.output == "json"


COMMON = Common()


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Selection:
    """Options that narrow a list."""

    project: Annotated[str | None, Parameter(help="Only this project (id or number).")] = None
    policy: Annotated[str | None, Parameter(help="Only what this policy decided.")] = None

    def takes(self, item: Mapping[str, Any]) -> bool:
        """True for a verdict document that the options let through."""
        number = str(item.get("subject", "")).split("/")[1:2]
        project_fits = self.project is None or self.project in {item.get("project"), *number}
        return project_fits and (self.policy is None or item.get("policy") == self.policy)


SELECTION = Selection()


@contextmanager
def ledger_of(common: Common) -> Iterator[Ledger]:
    """Open the ledger that guard.yaml (or TUNEGUARD_LEDGER) names, for reading answers and people's words."""
    from guard import wiring

    ledger = wiring.open_existing_ledger(common.path)
    try:
        yield ledger
    finally:
        ledger.close()


def resolve(ledger: Ledger, name: str) -> Mapping[str, Any]:
    """Find the one thing that a person means: a resource name, a display name, or an id; returns its verdict document.

    Raises NotFoundByName for none or several.
    """
    documents = ledger.verdicts()
    wanted = name.strip().rstrip("/")
    if wanted in documents:
        return documents[wanted]
    found = [doc for doc in documents.values() if _names(doc, wanted)]
    billing = [doc for doc in found if doc.get("kind") in {"deployed_model", "pool", "tuning_job"}] or found
    billing = _present(billing)
    if len(billing) == 1:
        return billing[0]
    if not billing:
        near = _near(wanted, documents)
        raise NotFoundByName(
            f"{name!r} names nothing that the guard has seen.",
            hint=(f"Did you mean {near}? " if near else "") + "`tuneguard status --all` lists everything.",
        )
    listed = "\n".join(f"    {doc['subject']}" for doc in billing[:8])
    raise NotFoundByName(
        f"{name!r} names {len(billing)} things:\n{listed}", hint="Give the resource name of one of them."
    )


def _present(documents: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What is there wins over what is gone; of what went from one endpoint, the latest."""
    there = [doc for doc in documents if doc.get("decision") != "gone"]
    if there or len({str(doc["subject"]).partition("/deployedModels/")[0] for doc in documents}) != 1:
        return there or documents
    return [max(documents, key=lambda doc: str(doc.get("created_at")))]


def who(given: str | None) -> str:
    """The person who speaks: as given, else the user of this machine."""
    if given:
        return given
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def emit_json(document: Mapping[str, Any]) -> None:
    """Print one JSON document with its schema version."""
    sys.stdout.write(json.dumps({"schema_version": 1, **document}, indent=2, default=_plain) + "\n")


def say(text: str = "") -> None:
    """Print a line for people, in colour on a terminal only."""
    console().print(text, highlight=False, soft_wrap=True)


def console() -> Any:
    """A rich console as wide as the terminal, 100 columns at most (and exactly 100 where there is no terminal)."""
    from rich.console import Console

    terminal = Console()
    return terminal if terminal.is_terminal and terminal.width <= WIDTH else Console(width=WIDTH)


def table(columns: Sequence[str | tuple[str, str]], rows: Sequence[Sequence[str]], *, title: str = "") -> None:
    """Print a table; a column given as (name, "right") is aligned to the right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False, expand=False)
    for column in columns:
        name, justify = (column, "left") if isinstance(column, str) else column
        grid.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]  # rich wants its own literal
    for row in rows:
        grid.add_row(*(Text.from_markup(cell) for cell in row))
    console().print(grid)


def machine_now() -> datetime:
    """Domain time of a command: the sandbox's if one is set, else the wall clock's."""
    from guard import wiring

    return wiring.clock_of_environment().now()


def ago(instant: str | datetime | None, now: datetime) -> str:
    """Write how long ago something was."""
    from guard.core.units import short

    if instant is None:
        return "never"
    at = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    return "just now" if abs((now - at).total_seconds()) < 60 else f"{short(now - at)} ago"


def when(instant: str | datetime | None) -> str:
    """Write an instant for people, UTC."""
    if instant is None:
        return "-"
    at = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def dollars(rate: Mapping[str, Any] | None, times: Decimal | int = 1) -> str:
    """Write a rate document's amount."""
    from guard.core.units import Money

    if rate is None:
        return "?"
    return str(Money(Decimal(str(rate["amount"])) * times, str(rate["currency"])))


def _names(document: Mapping[str, Any], wanted: str) -> bool:
    subject = str(document["subject"])
    names = {document.get("display_name"), document.get("endpoint_display_name"), subject.rsplit("/", 1)[-1]}
    return wanted in names or subject.endswith(f"/{wanted}")


def _near(wanted: str, documents: Mapping[str, Mapping[str, Any]]) -> str:
    from difflib import get_close_matches

    names = {str(doc.get(key) or "") for doc in documents.values() for key in ("display_name", "endpoint_display_name")}
    return " or ".join(get_close_matches(wanted, sorted(names), n=2, cutoff=0.6))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
