"""`tuneguard status`: the fleet at a glance, from the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from cyclopts import App, Parameter

from guard.cli.app import UNKNOWN
from guard.cli.common import COMMON, NOBODY_LOOKED, SELECTION, Common, Selection, ago, desk_of, emit_json, say, when
from guard.cli.showing import show_status

app = App(name="status", help="What bills, how long it has been silent, what the guard thinks; dearest first.")


@app.default
def status(
    *,
    everything: Annotated[
        bool,
        Parameter(name="--all", negative="", show_default=False, help="Also list what costs nothing by the hour."),
    ] = False,
    fresh: Annotated[
        bool, Parameter(negative="", show_default=False, help="Look now instead of answering from the ledger.")
    ] = False,
    selection: Selection = SELECTION,
    common: Common = COMMON,
) -> int:
    """Answer from the ledger at once; `--fresh` looks first and writes nothing. Exit code 3 where nobody has looked yet."""
    with desk_of(common) as desk:
        document = desk.status(fresh=fresh, project=selection.project, policy=selection.policy)
    taken_at, now = document["taken_at"], datetime.fromisoformat(document["now"])
    if common.as_json:
        emit_json(document)
    elif taken_at is None:
        say(NOBODY_LOOKED)
    else:
        mode = document["mode"]
        say("Last look {ago} ({at}), mode [bold]{mode}[/].", ago=ago(taken_at, now), at=when(taken_at), mode=mode)
        if document["paused"]:
            say("[bold red]{paused}[/]", paused=document["paused"][:1].upper() + document["paused"][1:])
        show_status(document, now, everything=everything)
    return 0 if taken_at is not None else UNKNOWN
