"""`tuneguard approve`: a person's yes; bound to this attempt and its evidence, and it expires."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from guard.cli.app import FOUND
from guard.cli.common import COMMON, Common, desk_of, emit_json, say, when
from guard.cli.showing import words

app = App(name="approve", help="Say yes to one planned act, a doubtful scope, a tripped breaker or a widening.")


@app.default
def approve(
    name: Annotated[str | None, Parameter(help="Resource name, display name, id or act id of what may go.")] = None,
    /,
    *,
    accept_loss: Annotated[
        bool, Parameter(negative="", show_default=False, help="Accept that it cannot be undone; your name is recorded.")
    ] = False,
    scope: Annotated[
        str | None, Parameter(help="A project location whose instruments were in doubt, after looking.")
    ] = None,
    breaker: Annotated[
        bool, Parameter(negative="", show_default=False, help="Let a run go on that selected far more than usual.")
    ] = False,
    widening: Annotated[
        bool, Parameter(negative="", show_default=False, help="Accept that a change made many things removable.")
    ] = False,
    by: Annotated[str | None, Parameter(name="--who", help="Who says so; default: your user name.")] = None,
    common: Common = COMMON,
) -> int:
    """Approve. A yes to an act holds for 72 hours and for the evidence that you saw; new evidence asks again."""
    with desk_of(common, writes=True) as desk:
        document = desk.approve(
            name,
            who=desk.speaker(by),
            accept_loss=accept_loss,
            scope=scope,
            breaker=breaker,
            widening=widening,
        )
    waits = name is None or bool(document["acts"])
    if common.as_json:
        emit_json(document)
    else:
        end = when(document["until"])
        for act in document["acts"]:
            due = "due now" if act["is_due"] else f"due {when(act['due_at'])}"
            what = words(act["stage"])
            say("Approved until {end}: {what} {name}, {due}.", end=end, what=what, name=act["name"], due=due)
        for what in document["acknowledged"]:
            say("Acknowledged until {end}: {what}.", end=end, what=what)
        if not waits:
            say("No planned act waits on it: `tuneguard plan`.")
    return 0 if waits else FOUND
