"""`tuneguard remove`: ask for something to go; the same rules as the daemon's, no short cut."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from guard.cli.app import FOUND
from guard.cli.common import COMMON, Common, desk_of, emit_json, say, when
from guard.cli.showing import words

app = App(name="remove", help="Ask for something to go now; the same rules apply.")


@app.default
def remove(
    name: Annotated[str, Parameter(help="Resource name, display name or id.")],
    /,
    *,
    by: Annotated[str | None, Parameter(name="--who", help="Who says so; default: your user name.")] = None,
    common: Common = COMMON,
) -> int:
    """Say yes to the removal of one idle thing, or hear why it does not go.

    It goes in the daemon's next cycle after its notice is over, within the limits, after a second look: a person's word
    replaces the approval, and nothing else. What is in use, kept, young, not enrolled or not opted in stays.
    """
    with desk_of(common, writes=True) as desk:
        document = desk.remove(name, who=desk.speaker(by))
    code = 0 if document["will_go"] else FOUND
    if common.as_json:
        emit_json(document)
        return code
    for act in document["acts"]:
        due = "due now, within the limits" if act["is_due"] else f"due {when(act['due_at'])}"
        what, who = words(act["stage"]).capitalize(), document["who"]
        say("{what} of {thing}: {due}, on {who}'s word.", what=what, thing=act["name"], due=due, who=who)
    if document["will_go"] and document["mode"] == "observe":
        say("[bold]The mode is observe[/], which changes nothing: set mode: approve or enforce for it to happen.")
    if not document["will_go"]:
        say("{thing} does not go: {meaning}", thing=document["name"], meaning=document["meaning"])
        if document["way_out"]:
            say("  {way_out}", way_out=document["way_out"])
        say("`tuneguard explain {name}` has the whole story.", name=name)
    return code
