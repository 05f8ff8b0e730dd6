"""`tuneguard explain`: why one thing goes or stays; answered from the ledger, months later too, without the cloud."""

from __future__ import annotations

from textwrap import TextWrapper
from typing import Annotated

from cyclopts import App, Parameter

from guard.cli.common import COMMON, WIDTH, Common, desk_of, emit_json, say

app = App(name="explain", help="Why one thing goes or stays: money, silence, wait, policy, people told, undo.")


@app.default
def explain(
    name: Annotated[str, Parameter(help="Resource name, display name or id.")],
    /,
    *,
    common: Common = COMMON,
) -> None:
    """Explain the latest decision on one thing, also why it is *not* idle."""
    with desk_of(common) as desk:
        document = desk.explain(name)
    if common.as_json:
        emit_json(document)
        return
    say("[bold]{headline}[/]", headline=document["headline"])
    for section in document["sections"]:
        say()
        say("[bold]{title}[/]", title=section["title"])
        for line in section["lines"]:
            say("{line}", line=f"  {line}" if "tuneguard " in line else _WRAP.fill(line))


_WRAP = TextWrapper(
    WIDTH, initial_indent="  ", subsequent_indent="      ", break_long_words=False, break_on_hyphens=False
)
"""Resource names, addresses and whole commands stay in one piece, so that they can be copied."""
