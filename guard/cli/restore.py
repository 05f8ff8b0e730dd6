"""`tuneguard restore`: bring back what was removed. An act like any other: intent, fence, verified."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from guard.cli.app import FOUND
from guard.cli.common import COMMON, Common, emit_json, ledger_of, machine_now, say, when, who
from guard.core import restore as recipes
from guard.core.removal import Act, ActState, Recipe
from guard.core.verdict import Stage
from guard.ports.errors import NotFoundByName
from guard.ports.ledger import Ledger

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
    if give_up:
        return _give_up(name, cycle, who(by), common)
    with ledger_of(common, writes=True) as ledger:
        removals = _removals(ledger, name, cycle)
        ordered: list[tuple[Act, Recipe]] = []
        hopeless: list[tuple[Act, str]] = []
        for act in removals:
            recipe = ledger.recipe(act.recipe_id) if act.recipe_id else None
            if recipe is None or recipes.way_back(recipe) is None:
                hopeless.append((act, "; ".join(recipe.lacks) if recipe else "there is no recipe"))
                continue
            if not dry_run:
                _order(ledger, act, by=who(by))
            ordered.append((act, recipe))
        latest = ledger.latest_cycle()
        paused = ledger.paused() is not None
    if common.as_json:
        emit_json(
            {
                "ordered": [
                    {"subject": act.key.subject, "recipe": recipe.id, "lacks": list(recipe.lacks)}
                    for act, recipe in ordered
                ],
                "impossible": [{"subject": act.key.subject, "why": why} for act, why in hopeless],
                "dry_run": dry_run,
            }
        )
    else:
        for act, recipe in ordered:
            verb, what = "Would restore" if dry_run else "Restoring", act.key.stage.value.replace("_", " ")
            say("{verb} {name} ({what} of {at}).", verb=verb, name=act.display_name, what=what, at=when(act.settled_at))
            for lack in recipe.lacks:
                say("  does not come back: {lack}", lack=lack)
        for act, why in hopeless:
            say("[bold]{name} cannot be restored[/]: {why}.", name=act.display_name, why=why)
        if ordered and not dry_run:
            say("It happens in the daemon's next cycle (or `tuneguard run --once`).")
            if latest is not None and latest.mode == "observe":
                say(
                    "[bold]The mode is observe[/], which changes nothing: set mode: approve or enforce for it to happen."
                )
            if paused:
                say("[bold]The guard is paused[/]: `tuneguard resume` first.")
    return FOUND if hopeless else 0


def _give_up(name: str | None, cycle: str | None, by: str, common: Common) -> int:
    """Close the restores that are meant; one that is under way at the platform cannot be taken back any more."""
    stopped: list[Act] = []
    running: list[Act] = []
    with ledger_of(common, writes=True) as ledger:
        meant = {act.recipe_id for act in _removals(ledger, name, cycle)}
        for act in ledger.latest_restores():
            if act.recipe_id not in meant:
                continue
            if act.state.is_in_flight:
                running.append(act)
                continue
            last = act if act.state is ActState.DUE else recipes.next_attempt(act, machine_now())
            ledger.propose(last)
            if ledger.move(last.id, ActState.DUE, ActState.CANCELLED, machine_now(), detail=f"given up by {by}"):
                stopped.append(last)
    if common.as_json:
        emit_json(
            {
                "given_up": [act.key.subject for act in stopped],
                "under_way": [act.key.subject for act in running],
            }
        )
    else:
        for act in stopped:
            say("{name} is not restored any more; the recipe is kept.", name=act.display_name)
        for act in running:
            say("[bold]{name} is being restored right now[/]; look again when that has ended.", name=act.display_name)
        if not stopped and not running:
            say("No restore of it is waiting.")
    return 0 if stopped else FOUND


def _removals(ledger: Ledger, name: str | None, cycle: str | None) -> list[Act]:
    """The removals that a person means: verified ones whose thing has not come back by a restore of ours."""
    acts = [
        act
        for act in ledger.acts()
        if act.key.stage in {Stage.UNDEPLOY, Stage.DELETE_ENDPOINT, Stage.DELETE_MODEL, Stage.CANCEL_JOB}
    ]
    back = {act.recipe_id for act in ledger.acts() if act.key.stage is Stage.RESTORE and act.state is ActState.VERIFIED}
    all_removed = [act for act in acts if act.state in {ActState.VERIFIED, ActState.UNKNOWN}]
    removed = [act for act in all_removed if act.recipe_id is None or act.recipe_id not in back]
    if cycle is not None:
        found = [act for act in removed if act.cycle_id == cycle or _acted_in(act, cycle)]
        if not found:
            raise NotFoundByName(
                f"--cycle: {cycle!r} removed nothing that the ledger knows.", hint="`tuneguard history` lists acts."
            )
        return found
    if name is None:
        raise NotFoundByName(
            "Nothing was named.", hint="Give NAME or --cycle ID; `tuneguard history` lists what was removed."
        )
    found = [
        act
        for act in removed
        if name in {act.id, act.key.subject, act.display_name} or act.key.subject.endswith(f"/{name}")
    ]
    if not found and any(name in {act.id, act.key.subject, act.display_name} for act in all_removed):
        raise NotFoundByName(
            f"{name!r} is back already: a restore brought it back.", hint="`tuneguard history` tells when."
        )
    if not found:
        listed = ", ".join(sorted({act.display_name for act in removed})) or "nothing was removed yet"
        raise NotFoundByName(f"{name!r} names nothing that was removed.", hint=f"Removed: {listed}.")
    return found[-1:] if len({act.key.subject for act in found}) == 1 else found


def _acted_in(act: Act, cycle: str) -> bool:
    return act.intended_at is not None and cycle == f"c-{act.intended_at:%Y%m%dT%H%M%SZ}"


def _order(ledger: Ledger, removal: Act, *, by: str) -> None:
    """One open restore a removal; a further order after a failed one is a further attempt."""
    earlier = [
        act
        for act in ledger.acts(subject=removal.key.subject)
        if act.key.stage is Stage.RESTORE and act.recipe_id == removal.recipe_id
    ]
    if any(act.state.is_open for act in earlier):
        return
    attempt = max((act.key.attempt for act in earlier), default=0) + 1
    ledger.propose(recipes.restore_act(removal, attempt, machine_now(), asked_by=by))
