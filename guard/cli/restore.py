"""`tuneguard restore`: bring back what was removed. An act like any other: intent, fence, verified."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from cyclopts import App, Parameter

from guard.cli.app import FOUND
from guard.cli.common import COMMON, Common, desk_of, emit_json, say, when
from guard.cli.showing import words

app = App(name="restore", help="Bring back what was removed.")


@app.default
def restore(
    name: Annotated[str | None, Parameter(help="Resource name, endpoint's display name, or the act's id.")] = None,
    /,
    *,
    cycle: Annotated[str | None, Parameter(help="Bring back everything that one cycle removed.")] = None,
    dry_run: Annotated[
        bool, Parameter(negative="", show_default=False, help="Only say what would and would not come back.")
    ] = False,
    give_up: Annotated[
        bool,
        Parameter(
            name="--give-up", negative="", show_default=False, help="Stop trying a restore that has not succeeded."
        ),
    ] = False,
    by: Annotated[str | None, Parameter(name="--who", help="Who says so; default: your user name.")] = None,
    common: Common = COMMON,
) -> int:
    """Order a restore; the daemon carries it out in its next cycle. In observe mode it waits: nothing is changed then."""
    with desk_of(common, writes=True) as desk:
        who = desk.speaker(by)
        if give_up:
            document = desk.give_up_restore(name, cycle=cycle, who=who)
        else:
            document = desk.restore(name, cycle=cycle, dry_run=dry_run, who=who)
    if common.as_json:
        emit_json(document)
    elif give_up:
        _show_given_up(document)
    else:
        _show(document)
    if give_up:
        return 0 if document["given_up"] else FOUND
    return FOUND if document["impossible"] else 0


def _show(document: Mapping[str, Any]) -> None:
    verb = "Would restore" if document["dry_run"] else "Restoring"
    for one in document["ordered"]:
        what, at = words(one["stage"]), when(one["removed_at"])
        say("{verb} {name} ({what} of {at}).", verb=verb, name=one["name"], what=what, at=at)
        for lack in one["lacks"]:
            say("  does not come back: {lack}", lack=lack)
    for one in document["impossible"]:
        say("[bold]{name} cannot be restored[/]: {why}.", name=one["name"], why=one["why"])
    if document["ordered"] and not document["dry_run"]:
        say("It happens in the daemon's next cycle (or `tuneguard run --once`).")
        if document["mode"] == "observe":
            say("[bold]The mode is observe[/], which changes nothing: set mode: approve or enforce for it to happen.")
        if document["paused"]:
            say("[bold]The guard is paused[/]: `tuneguard resume` first.")


def _show_given_up(document: Mapping[str, Any]) -> None:
    names = document["names"]
    for subject in document["given_up"]:
        say("{name} is not restored any more; the recipe is kept.", name=names[subject])
    for subject in document["under_way"]:
        say("[bold]{name} is being restored right now[/]; look again when that has ended.", name=names[subject])
    if not document["given_up"] and not document["under_way"]:
        say("No restore of it is waiting.")
