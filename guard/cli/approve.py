"""`tuneguard approve`: a person's yes; bound to this attempt and its evidence, and it expires."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from cyclopts import App, Parameter

from guard.cli.app import FOUND, WRONG_USE
from guard.cli.common import COMMON, Common, complain, emit_json, ledger_of, machine_now, say, when, who
from guard.cli.finding import resolve
from guard.core.plan import Acknowledgement, Approval
from guard.core.reasons import BlockReason
from guard.core.removal import Act, evidence_digest
from guard.core.verdict import Stage
from guard.ports.errors import NotFoundByName
from guard.ports.ledger import Ledger

app = App(name="approve", help="Say yes to one planned act, a doubtful scope, a tripped breaker or a widening.")

APPROVAL_LASTS = timedelta(hours=72)
"""How long a yes holds; evidence older than that should be looked at again."""


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
    now, person = machine_now(), who(by)
    if name is None and not (scope or breaker or widening):
        complain("Nothing was named: give NAME, --scope, --breaker or --widening. `tuneguard plan` lists what waits.")
        return WRONG_USE
    with ledger_of(common, writes=True) as ledger:
        said = [
            _acknowledge(ledger, what, person, now) for what in _what(ledger, scope, breaker=breaker, widening=widening)
        ]
        waiting: list[Act] = []
        if name is not None:
            waiting = _waiting(ledger, name)
            for act in waiting:
                ledger.approve(
                    Approval(
                        act_id=act.id,
                        evidence_digest=evidence_digest(act.evidence),
                        who=person,
                        made_at=now,
                        expires_at=now + APPROVAL_LASTS,
                        accept_loss=accept_loss,
                    )
                )
    if common.as_json:
        emit_json(
            {
                "who": person,
                "approved": [act.id for act in waiting],
                "acknowledged": said,
                "until": now + APPROVAL_LASTS,
            }
        )
    else:
        end = when(now + APPROVAL_LASTS)
        for act in waiting:
            what = act.key.stage.value.replace("_", " ")
            due = "due now" if act.due_at <= now else f"due {when(act.due_at)}"
            say("Approved until {end}: {what} {name}, {due}.", end=end, what=what, name=act.display_name, due=due)
        for what in said:
            say("Acknowledged until {end}: {what}.", end=end, what=what)
        if name is not None and not waiting:
            say("No planned act waits on it: `tuneguard plan`.")
    return FOUND if name is not None and not waiting else 0


def _waiting(ledger: Ledger, name: str) -> list[Act]:
    """The open acts that a person means: one by its id, or all on one thing (a pool's sharers go together)."""
    act = ledger.act(name)
    if act is not None:
        return [act] if act.state.is_open else []
    return waiting_acts(ledger, resolve(ledger, name))


def waiting_acts(ledger: Ledger, document: Mapping[str, Any]) -> list[Act]:
    """The open acts on one thing, none of them sent yet (a pool's sharers go together)."""
    subjects = {str(document["subject"]), *map(str, document.get("members") or ())}
    return [
        one
        for one in ledger.acts(open_only=True)
        if one.key.subject in subjects and not one.state.is_in_flight and one.key.stage is not Stage.RESTORE
    ]


def _what(ledger: Ledger, scope: str | None, *, breaker: bool, widening: bool) -> list[str]:
    latest = ledger.latest_cycle()
    plan: Mapping[str, Any] = (latest.plan if latest else None) or {}
    found: list[str] = []
    if scope:
        known = [doubt["scope"] for doubt in plan.get("doubts", ())]
        if scope not in known:
            listed = ", ".join(known) or "none is in doubt"
            raise NotFoundByName(f"--scope: found {scope!r}. Expected one of the doubtful scopes: {listed}.")
        found.append(f"scope:{scope}")
    # A yes in advance would let through what nobody has seen yet.
    if breaker:
        if not plan.get("breaker"):
            raise NotFoundByName("--breaker: it has not tripped in the latest look. Nothing was approved.")
        found.append("breaker")
    if widening:
        blocked = [item for item in plan.get("blocked", ()) if BlockReason.LARGE_WIDENING in item["blocks"]]
        if latest is None or not blocked:
            raise NotFoundByName("--widening: none waits in the latest look. Nothing was approved.")
        found.append(f"widening:{latest.config_digest}")
    return found


def _acknowledge(ledger: Ledger, what: str, person: str, now: datetime) -> str:
    ledger.acknowledge(Acknowledgement(what=what, who=person, made_at=now, expires_at=now + APPROVAL_LASTS))
    return what
