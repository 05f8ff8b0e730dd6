"""What was decided and done, oldest first: of everything, or the whole thread of one thing, through removals and restores."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from guard.core.names import endpoint_of
from guard.core.removal import Act, ActState
from guard.core.verdict import Stage
from guard.core.wording import instant
from guard.desk.finding import resolve, resolve_subject
from guard.desk.plain import iso
from guard.desk.story import RESTORED_AS
from guard.ports.errors import NotFoundByName
from guard.ports.ledger import Ledger

Line = dict[str, Any]


def history(ledger: Ledger, name: str | None, now: datetime, *, limit: int) -> dict[str, Any]:
    """The newest `limit` acts of everything; or of one thing every arrow of its acts, what people said, and changes of verdict."""
    lines = _of_everything(ledger, limit) if name is None else _of_one(ledger, name, limit)
    return {"now": iso(now), "events": sorted(lines, key=lambda line: str(line["at"]))}


def _of_everything(ledger: Ledger, limit: int) -> list[Line]:
    return [
        {
            "at": iso(act.updated_at),
            "act_id": act.id,
            "subject": act.key.subject,
            "thing": act.display_name,
            "what": f"{act.key.stage.value} {act.state.value}",
            "detail": act.detail,
            "reason": act.reason.value,
            "policy": act.policy,
        }
        for act in ledger.acts(limit=limit)
    ]


def _of_one(ledger: Ledger, name: str, limit: int) -> list[Line]:
    act = ledger.act(name)
    if act is not None:
        acts, subjects = [act], {act.key.subject}
    else:
        subjects = _meant(ledger, name)
        acts = thread(ledger, subjects)
        subjects |= {one.key.subject for one in acts}
    lines: list[Line] = [
        {
            "at": iso(event.at),
            "act_id": one.id,
            "subject": one.key.subject,
            "thing": one.display_name,
            "what": f"{one.key.stage.value} {event.state.value}",
            "detail": event.detail or _asked(one, event.state),
            "evidence": dict(event.evidence),
        }
        for one in acts
        for event in ledger.act_events(one.id)
    ]
    named = {one.key.subject: one.display_name for one in acts}
    thing = acts[-1].display_name if acts else name
    lines += _words(ledger, acts, {subject: named.get(subject, thing) for subject in subjects})
    for subject in sorted(subjects):
        lines += _changes(ledger, subject, named.get(subject, thing), limit)
    return lines


def _asked(act: Act, state: ActState) -> str:
    """Whose word a restore began with."""
    begins = act.key.stage is Stage.RESTORE and state is ActState.DUE
    return f"asked by {act.asked_by}" if begins and act.asked_by else ""


def _words(ledger: Ledger, acts: Sequence[Act], names: Mapping[str, str]) -> Iterator[Line]:
    """What people said: keeps and their ends, approvals. `names` is the name for people of each thing."""
    by_id = {act.id: act for act in acts}
    for subject, name in sorted(names.items()):
        for order in ledger.keeps(subject):
            until = f"until {instant(order.until)}" if order.until else "for good"
            said = f"by {order.who}, {until}" + (f": {order.why}" if order.why else "")
            line = {"act_id": None, "subject": subject, "thing": name}
            yield line | {"at": iso(order.made_at), "what": "kept", "detail": said}
            if order.ended_at is not None:
                yield line | {"at": iso(order.ended_at), "what": "keep ended", "detail": f"the keep by {order.who}"}
    for one in ledger.approvals():
        if (act := by_id.get(one.act_id)) is not None:
            line = {"act_id": act.id, "subject": act.key.subject, "thing": act.display_name}
            detail = f"by {one.who}, until {instant(one.expires_at)}" + (", loss accepted" if one.accept_loss else "")
            yield line | {"at": iso(one.made_at), "what": f"{act.key.stage.value} approved", "detail": detail}


def _meant(ledger: Ledger, name: str) -> set[str]:
    """The thing and, for a pool, its sharers: the acts are theirs."""
    try:
        document = resolve(ledger, name)
    except NotFoundByName:
        return {resolve_subject(ledger, name)}
    return {str(document["subject"]), *map(str, document.get("members") or ())}


def thread(ledger: Ledger, subjects: Collection[str]) -> list[Act]:
    """The acts on these things and on what they were before a removal or became by a restore: one endpoint, one recipe."""
    acts = sorted(ledger.acts(), key=lambda act: (act.proposed_at, act.id))
    names = set(subjects)
    while True:
        endpoints = {endpoint_of(name) for name in names if "/endpoints/" in name}
        found = [act for act in acts if act.key.subject in names or endpoint_of(act.key.subject) in endpoints]
        recipes = {act.recipe_id for act in found if act.recipe_id}
        linked = {act.key.subject for act in acts if act.recipe_id in recipes} | {act.key.subject for act in found}
        linked |= _brought_back(found)
        if linked <= names:
            return found
        names |= linked


def _brought_back(acts: Sequence[Act]) -> set[str]:
    """The new names that verified restores gave."""
    return {act.detail.removeprefix(RESTORED_AS) for act in acts if act.detail.startswith(RESTORED_AS)}


def _changes(ledger: Ledger, subject: str, thing: str, limit: int) -> list[Line]:
    found = []
    for change in ledger.verdict_changes(subject, limit):
        at = change["at"]
        found.append(
            {
                "at": iso(at) if isinstance(at, datetime) else str(at),
                "act_id": None,
                "subject": subject,
                "thing": thing,
                "what": f"judged {change['verdict']}",
                "detail": str(change["reason"]).replace("_", " "),
            }
        )
    return found
