"""Bringing back what was removed. A restore is an act like any other: the daemon carries it out in its next cycle."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from guard.core import restore as recipes
from guard.core.removal import Act, ActState, Recipe
from guard.core.verdict import Stage
from guard.desk.plain import iso
from guard.desk.removed import meant_removals
from guard.ports.ledger import Ledger


def restore(
    ledger: Ledger, now: datetime, *, name: str | None, cycle: str | None, dry_run: bool, who: str
) -> dict[str, Any]:
    """Order a restore of what a person means, or only say what would come back and what would not (`dry_run`)."""
    ordered: list[dict[str, Any]] = []
    hopeless: list[dict[str, Any]] = []
    for act in meant_removals(ledger, name, cycle):
        recipe = ledger.recipe(act.recipe_id) if act.recipe_id else None
        if recipe is None or recipes.way_back(recipe) is None:
            why = "; ".join(recipe.lacks) if recipe else "there is no recipe"
            hopeless.append({"subject": act.key.subject, "name": act.display_name, "why": why})
            continue
        if not dry_run:
            _order(ledger, act, now, by=who)
        ordered.append(_ordered(act, recipe))
    latest = ledger.latest_cycle()
    return {
        "now": iso(now),
        "who": who,
        "ordered": ordered,
        "impossible": hopeless,
        "dry_run": dry_run,
        "mode": latest.mode if latest else "",
        "paused": ledger.paused() is not None,
    }


def give_up(ledger: Ledger, now: datetime, *, name: str | None, cycle: str | None, who: str) -> dict[str, Any]:
    """Close the restores that are meant; one that is under way at the platform cannot be taken back any more."""
    stopped: list[Act] = []
    running: list[Act] = []
    meant = {act.recipe_id for act in meant_removals(ledger, name, cycle)}
    for act in ledger.latest_restores():
        if act.recipe_id not in meant:
            continue
        if act.state.is_in_flight:
            running.append(act)
            continue
        last = act if act.state is ActState.DUE else recipes.next_attempt(act, now)
        ledger.propose(last)
        if ledger.move(last.id, ActState.DUE, ActState.CANCELLED, now, detail=f"given up by {who}"):
            stopped.append(last)
    return {
        "now": iso(now),
        "who": who,
        "given_up": [act.key.subject for act in stopped],
        "under_way": [act.key.subject for act in running],
        "names": {act.key.subject: act.display_name for act in (*stopped, *running)},
    }


def _ordered(act: Act, recipe: Recipe) -> dict[str, Any]:
    return {
        "subject": act.key.subject,
        "name": act.display_name,
        "stage": act.key.stage.value,
        "removed_at": iso(act.settled_at),
        "recipe": recipe.id,
        "lacks": list(recipe.lacks),
    }


def _order(ledger: Ledger, removal: Act, now: datetime, *, by: str) -> None:
    """One open restore a removal; a further order after a failed one is a further attempt."""
    earlier = [
        act
        for act in ledger.acts(subject=removal.key.subject)
        if act.key.stage is Stage.RESTORE and act.recipe_id == removal.recipe_id
    ]
    if any(act.state.is_open for act in earlier):
        return
    attempt = max((act.key.attempt for act in earlier), default=0) + 1
    ledger.propose(recipes.restore_act(removal, attempt, now, asked_by=by))
