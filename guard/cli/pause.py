"""`tuneguard pause`: stop every act at once; checked in the transaction of each intent."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from guard.cli.common import COMMON, Common, emit_json, ledger_of, machine_now, say, who

app = App(name="pause", help="Stop every act at once, on every daemon of this ledger.")


@app.default
def pause(
    *,
    why: Annotated[str, Parameter(show_default=False, help="Why; others will read it.")] = "",
    by: Annotated[str | None, Parameter(name="--who", help="Who says so; default: your user name.")] = None,
    common: Common = COMMON,
) -> None:
    """Stop every act at once. Looking, judging and telling go on; operations already accepted run on."""
    with ledger_of(common, writes=True) as ledger:
        ledger.pause(who(by), why or "no reason given", machine_now())
        paused = ledger.paused()
    if common.as_json:
        emit_json({"paused": paused is not None, "who": who(by), "why": why})
    else:
        say("Paused. Nothing will be removed or restored until `tuneguard resume`.")
