"""`tuneguard unkeep`: end a keep."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from guard.cli.app import FOUND
from guard.cli.common import COMMON, Common, desk_of, emit_json, say

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
    with desk_of(common, writes=True) as desk:
        document = desk.unkeep(name, who=desk.speaker(by))
    if common.as_json:
        emit_json(document)
    elif document["ended"]:
        say("Ended. {thing} is judged again from the next look on, with a fresh notice.", thing=document["name"])
    else:
        told = "was not kept by anybody. A label or a policy may"
        say("{thing} {told}: `tuneguard explain {name}`.", thing=document["name"], told=told, name=name)
    return 0 if document["ended"] else FOUND
