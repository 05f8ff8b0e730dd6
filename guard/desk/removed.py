"""What is not there any more: the removals that a restore can undo, and the refusal of words about what is gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guard.core.removal import Act, ActState
from guard.core.verdict import Stage
from guard.core.wording import instant
from guard.desk.finding import name_of
from guard.ports.errors import Gone, NotFoundByName
from guard.ports.ledger import Ledger

REMOVALS = frozenset({Stage.UNDEPLOY, Stage.DELETE_ENDPOINT, Stage.DELETE_MODEL, Stage.CANCEL_JOB, Stage.DELETE_FILE})


def removals(ledger: Ledger) -> tuple[list[Act], list[Act]]:
    """Every removal that was done or may have been, and those of them that no restore has brought back."""
    acts = ledger.acts()
    back = {act.recipe_id for act in acts if act.key.stage is Stage.RESTORE and act.state is ActState.VERIFIED}
    every = [act for act in acts if act.key.stage in REMOVALS and act.state in {ActState.VERIFIED, ActState.UNKNOWN}]
    return every, [act for act in every if act.recipe_id is None or act.recipe_id not in back]


def meant_removals(ledger: Ledger, name: str | None, cycle: str | None) -> list[Act]:
    """The removals that a person means: verified ones whose thing has not come back by a restore of ours."""
    every, removed = removals(ledger)
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
    if not found and any(name in {act.id, act.key.subject, act.display_name} for act in every):
        raise NotFoundByName(
            f"{name!r} is back already: a restore brought it back.", hint="`tuneguard history` tells when."
        )
    if not found:
        listed = ", ".join(sorted({act.display_name for act in removed})) or "nothing was removed yet"
        raise NotFoundByName(f"{name!r} names nothing that was removed.", hint=f"Removed: {listed}.")
    return found[-1:] if len({act.key.subject for act in found}) == 1 else found


def found_removed(ledger: Ledger, name: str) -> dict[str, Any]:
    """Whose the removal is that a restore of this name would undo: the same search as the restore's own."""
    meant = meant_removals(ledger, name, None)
    owners = {act.owner for act in meant}
    last = meant[-1]
    return {
        "subject": last.key.subject,
        "name": last.display_name,
        "owner": owners.pop() if len(owners) == 1 else None,
        "project": last.project_id,
        "kind": "",
        "gone": True,
    }


def refuse_gone(ledger: Ledger, document: Mapping[str, Any], what: str) -> None:
    """Raise Gone for a thing that is not there any more; `what` is what would have been done to it."""
    subjects = {str(document["subject"]), *map(str, document.get("members") or ())}
    _, removed = removals(ledger)
    mine = [act for act in removed if act.key.subject in subjects and act.state is ActState.VERIFIED]
    if document.get("decision") != "gone" and not mine:
        return
    if mine:
        at = mine[-1].settled_at or mine[-1].updated_at
        raise Gone(
            f"{name_of(document)} is gone: it was removed {instant(at)}. Nothing was {what}.",
            hint=f"`tuneguard restore {document['subject']}` brings it back.",
        )
    raise Gone(
        f"{name_of(document)} is gone: the latest look did not find it. Nothing was {what}.",
        hint="It was not removed by the guard, so there is no recipe to restore it from.",
    )


def _acted_in(act: Act, cycle: str) -> bool:
    return act.intended_at is not None and cycle == f"c-{act.intended_at:%Y%m%dT%H%M%SZ}"
