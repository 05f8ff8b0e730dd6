"""`tuneguard pause`: stop every act at once; checked in the transaction of each intent."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from guard.cli.common import COMMON, Common, desk_of, emit_json, say

app = App(name="pause", help="Stop every act at once, on every daemon of this ledger.")


@app.default
def pause(
    *,
    why: Annotated[str, Parameter(show_default=False, help="Why; others will read it.")] = "",
    by: Annotated[str | None, Parameter(name="--who", help="Who says so; default: your user name.")] = None,
    common: Common = COMMON,
) -> None:
    """Stop every act at once. Looking, judging and telling go on; operations already accepted run on."""
    with desk_of(common, writes=True) as desk:
        document = desk.pause(who=desk.speaker(by), why=why)
    if common.as_json:
        emit_json(document)
    else:
        say("Paused. Nothing will be removed or restored until `tuneguard resume`.")
