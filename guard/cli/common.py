"""What commands share: options, opening the ledger, printing lines, tables and JSON."""

from __future__ import annotations

import getpass
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from guard.cli.fitting import widths
from guard.ports.desk import Desk
from guard.ports.ledger import Ledger

WIDTH = 100
"""Columns that tables fit into."""

Output = Literal["table", "json"]

Cell = str | tuple[str, str]
"""A cell of a table: its text, or its text and rich's name of a style."""


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

NOBODY_LOOKED = "Nobody has looked yet. `tuneguard run --once` looks; it changes nothing in observe mode."


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Selection:
    """Options that narrow a list."""

    project: Annotated[str | None, Parameter(help="Only this project (id or number).")] = None
    policy: Annotated[str | None, Parameter(help="Only what this policy decided.")] = None


SELECTION = Selection()


@contextmanager
def desk_of(common: Common, *, writes: bool = False) -> Iterator[Desk]:
    """Open the desk that answers questions and takes people's words: on the ledger, or over the API ($TUNEGUARD_URL)."""
    from guard.wiring.desk import desk

    with desk(common.path, writes=writes) as one:
        yield one


@contextmanager
def ledger_of(common: Common, *, writes: bool = False) -> Iterator[Ledger]:
    """Open the ledger that guard.yaml (or TUNEGUARD_LEDGER) names, for reading answers and people's words."""
    from guard import wiring

    ledger = wiring.open_existing_ledger(common.path, writes=writes)
    try:
        yield ledger
    finally:
        ledger.close()


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


def say(text: str = "", /, **data: object) -> None:
    """Print a line for people: `text` may hold rich's marks, and `{name}` for data, in which nothing is a mark."""
    out = console()
    out.print(_filled(text, data, out) if data else text, highlight=False, soft_wrap=True)


def complain(text: str) -> None:
    """Tell what is wrong or was not done, on stderr; standard output holds answers only."""
    sys.stderr.write(f"tuneguard: {text}\n")


def console() -> Any:
    """A rich console as wide as the terminal, 100 columns at most (and exactly 100 where there is no terminal)."""
    from rich.console import Console

    terminal = Console()
    return terminal if terminal.is_terminal and terminal.width <= WIDTH else Console(width=WIDTH)


def table(columns: Sequence[str | tuple[str, str]], rows: Sequence[Sequence[Cell]], *, title: str = "") -> None:
    """Print a table that fits. A column given as (name, "right") is aligned to the right, a cell as (text, style) is coloured."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    out = console()
    texts = [[_printable(cell if isinstance(cell, str) else cell[0]) for cell in row] for row in rows]
    names = [column if isinstance(column, str) else column[0] for column in columns]
    grid = Table(box=SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False, padding=(0, 1, 0, 0))
    for column, width in zip(columns, widths(names, texts, min(out.width, WIDTH)), strict=True):
        name, justify = (column, "left") if isinstance(column, str) else column
        grid.add_column(name, justify=justify, overflow="fold", width=width)  # type: ignore[arg-type]  # rich wants its own literal
    for row, plain in zip(rows, texts, strict=True):
        styles = ("" if isinstance(cell, str) else cell[1] for cell in row)
        grid.add_row(*(Text(text, style) for text, style in zip(plain, styles, strict=True)))
    with out.capture() as drawn:
        out.print(grid)
    sys.stdout.write("\n".join(line.rstrip() for line in drawn.get().splitlines()).strip("\n") + "\n")


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


def _filled(template: str, data: Mapping[str, object], out: Any) -> Any:
    """The template's marks with the data in its places, each in the style of its place."""
    from rich.text import Text

    marked, result, at = Text.from_markup(template), Text(), 0
    for place in _PLACE.finditer(marked.plain):
        result.append_text(marked[at : place.start()])
        result.append(_printable(str(data[place[1]])), marked.get_style_at_offset(out, place.start()))
        at = place.end()
    return result.append_text(marked[at:])


_PLACE = re.compile(r"\{(\w+)\}")


def _printable(text: str) -> str:
    """Names come from outside: what would steer the terminal is shown as a question mark."""
    return "".join(sign if sign.isprintable() or sign == "\n" else "?" for sign in text)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
