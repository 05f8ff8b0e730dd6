"""`tuneguard resume`: end a pause."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from guard.cli.app import FOUND
from guard.cli.common import COMMON, Common, emit_json, ledger_of, machine_now, say, when, who

app = App(name="resume", help="End a pause.")


@app.default
def resume(
    *,
    why: Annotated[str, Parameter(show_default=False, help="Why; others will read it.")] = "",
    by: Annotated[str | None, Parameter(name="--who", help="Who says so; default: your user name.")] = None,
    common: Common = COMMON,
) -> int:
    """End a pause; exit code 1 if there was none."""
    with ledger_of(common, writes=True) as ledger:
        paused = ledger.paused()
        if paused is not None:
            ledger.resume(who(by), why or "no reason given", machine_now())
    if common.as_json:
        emit_json({"resumed": paused is not None})
    elif paused is None:
        say("It was not paused.")
    else:
        say("Resumed. {who} had paused it on {at}: {why}", who=paused.who, at=when(paused.at), why=paused.why)
    return 0 if paused is not None else FOUND
