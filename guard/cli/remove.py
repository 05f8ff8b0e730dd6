"""`tuneguard remove`: ask for something to go; the same rules as the daemon's, no short cut."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from guard.cli.app import FOUND
from guard.cli.approve import APPROVAL_LASTS, waiting_acts
from guard.cli.common import COMMON, Common, emit_json, ledger_of, machine_now, say, when, who
from guard.cli.finding import name_of, resolve
from guard.core.plan import Approval
from guard.core.reasons import MEANING, WAY_OUT, KeepReason
from guard.core.removal import evidence_digest

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
    now, person = machine_now(), who(by)
    with ledger_of(common, writes=True) as ledger:
        document = resolve(ledger, name)
        waiting = waiting_acts(ledger, document)
        for act in waiting:
            ledger.approve(
                Approval(
                    act_id=act.id,
                    evidence_digest=evidence_digest(act.evidence),
                    who=person,
                    made_at=now,
                    expires_at=now + APPROVAL_LASTS,
                )
            )
        latest = ledger.latest_cycle()
    if common.as_json:
        emit_json(
            {
                "subject": document["subject"],
                "will_go": bool(waiting),
                "acts": [{"id": act.id, "stage": act.key.stage.value, "due_at": act.due_at} for act in waiting],
                "reason": document["reason"],
            }
        )
        return 0 if waiting else FOUND
    for act in waiting:
        what = act.key.stage.value.replace("_", " ").capitalize()
        due = "due now, within the limits" if act.due_at <= now else f"due {when(act.due_at)}"
        say("{what} of {thing}: {due}, on {who}'s word.", what=what, thing=act.display_name, due=due, who=person)
    if waiting and latest is not None and latest.mode == "observe":
        say("[bold]The mode is observe[/], which changes nothing: set mode: approve or enforce for it to happen.")
    if not waiting:
        reason = document["reason"]
        meaning = (
            MEANING.get(KeepReason(reason), reason) if reason in set(KeepReason) else document.get("meaning", reason)
        )
        say("{thing} does not go: {meaning}", thing=name_of(document), meaning=meaning)
        way_out = WAY_OUT.get(KeepReason(reason)) if reason in set(KeepReason) else None
        if way_out:
            say("  {way_out}", way_out=way_out)
        say("`tuneguard explain {name}` has the whole story.", name=name)
    return 0 if waiting else FOUND
