"""`tuneguard history`: what was decided and done."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

from cyclopts import App, Parameter, validators

from guard.cli.common import COMMON, Common, emit_json, ledger_of, say, table, when
from guard.cli.finding import resolve_subject
from guard.cli.fitting import shortened
from guard.cli.showing import LONGEST_NAME, words
from guard.ports.ledger import Ledger

app = App(name="history", help="What was decided and done, with evidence.")


@app.default
def history(
    name: Annotated[
        str | None, Parameter(help="Resource name, display name, id or act id; default: everything.")
    ] = None,
    /,
    *,
    limit: Annotated[
        int, Parameter(help="How many acts and changes at most, the newest.", validator=validators.Number(gte=1))
    ] = 50,
    common: Common = COMMON,
) -> None:
    """Show acts with every step they took, and changes of verdict; of one thing or of all."""
    with ledger_of(common) as ledger:
        lines = _of_everything(ledger, limit) if name is None else _of_one(ledger, name, limit)
    lines.sort(key=lambda line: line["at"])
    if common.as_json:
        emit_json({"events": lines})
        return
    if not lines:
        say("No act and no change of verdict is recorded yet.")
        return
    table(
        ["when (UTC)", "thing", "what", "detail"],
        [
            [
                when(line["at"]).removesuffix(" UTC"),
                shortened(line["thing"], LONGEST_NAME),
                words(line["what"]),
                _HASH.sub(lambda found: f"{found[0][:12]}…", line["detail"]),
            ]
            for line in lines
        ],
    )


_HASH = re.compile(r"\b[0-9a-f]{64}\b")
"""Whole in the JSON; a table shows its beginning."""


def _of_everything(ledger: Ledger, limit: int) -> list[dict[str, Any]]:
    return [
        {
            "at": act.updated_at.isoformat(),
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


def _of_one(ledger: Ledger, name: str, limit: int) -> list[dict[str, Any]]:
    act = ledger.act(name)
    if act is not None:
        acts, subject = [act], act.key.subject
    else:
        subject = resolve_subject(ledger, name)
        acts = list(ledger.acts(subject=subject))
    lines: list[dict[str, Any]] = [
        {
            "at": event.at.isoformat(),
            "act_id": act.id,
            "subject": subject,
            "thing": act.display_name,
            "what": f"{act.key.stage.value} {event.state.value}",
            "detail": event.detail,
            "evidence": dict(event.evidence),
        }
        for act in acts
        for event in ledger.act_events(act.id)
    ]
    thing = acts[-1].display_name if acts else name
    for change in ledger.verdict_changes(subject, limit):
        at = change["at"]
        lines.append(
            {
                "at": at.isoformat() if isinstance(at, datetime) else str(at),
                "act_id": None,
                "subject": subject,
                "thing": thing,
                "what": f"judged {change['verdict']}",
                "detail": str(change["reason"]).replace("_", " "),
            }
        )
    return lines
