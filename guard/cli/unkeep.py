"""`tuneguard unkeep`: end a keep."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from guard.cli.app import FOUND
from guard.cli.common import COMMON, Common, emit_json, ledger_of, machine_now, say, who
from guard.cli.finding import name_of, resolve

app = App(name="unkeep", help="End a keep; the thing is judged like any other from the next look on.")


@app.default
def unkeep(
    name: Annotated[str, Parameter(help="Resource name, display name or id.")],
    /,
    *,
    by: Annotated[str | None, Parameter(name="--who", help="Who says so; default: your user name.")] = None,
    common: Common = COMMON,
) -> int:
    """End every keep on one thing; exit code 1 if there was none."""
    with ledger_of(common, writes=True) as ledger:
        document = resolve(ledger, name)
        ended = ledger.end_keeps(document["subject"], who(by), machine_now())
    if common.as_json:
        emit_json({"subject": document["subject"], "ended": ended})
    elif ended:
        say("Ended. {thing} is judged again from the next look on, with a fresh notice.", thing=name_of(document))
    else:
        told = "was not kept by anybody. A label or a policy may"
        say("{thing} {told}: `tuneguard explain {name}`.", thing=name_of(document), told=told, name=name)
    return 0 if ended else FOUND
