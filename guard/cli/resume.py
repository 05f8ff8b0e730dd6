"""`tuneguard resume`: end a pause."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from guard.cli.app import FOUND
from guard.cli.common import COMMON, Common, desk_of, emit_json, say, when

app = App(name="resume", help="End a pause.")


@app.default
def resume(
    *,
    why: Annotated[str, Parameter(show_default=False, help="Why; others will read it.")] = "",
    by: Annotated[str | None, Parameter(name="--who", help="Who says so; default: your user name.")] = None,
    common: Common = COMMON,
) -> int:
    """End a pause; exit code 1 if there was none."""
    with desk_of(common, writes=True) as desk:
        document = desk.resume(who=desk.speaker(by), why=why)
    paused = document["pause"]
    if common.as_json:
        emit_json(document)
    elif paused is None:
        say("It was not paused.")
    else:
        who, at, why = paused["who"], when(paused["at"]), paused["why"]
        say("Resumed. {who} had paused it on {at}: {why}", who=who, at=at, why=why)
    return 0 if document["resumed"] else FOUND
