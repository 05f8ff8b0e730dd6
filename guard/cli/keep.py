"""`tuneguard keep`: a person's word that something stays."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from cyclopts import App, Parameter

from guard.cli.common import COMMON, Common, emit_json, ledger_of, machine_now, say, when, who
from guard.cli.finding import name_of, resolve
from guard.cli.moments import moment

app = App(name="keep", help="Say that something stays, until when and why.")


@app.default
def keep(
    name: Annotated[str, Parameter(help="Resource name, display name or id.")],
    /,
    *,
    until: Annotated[
        str | None, Parameter(help="2026-12-01, 2026-12-01T18:00, 3d or 12h from now; default: for good.")
    ] = None,
    why: Annotated[str, Parameter(show_default=False, help="Why; others will read it.")] = "",
    by: Annotated[str | None, Parameter(name="--who", help="Who says so; default: your user name.")] = None,
    common: Common = COMMON,
) -> None:
    """Keep one thing. A removal that was announced is void; one that was already sent is told."""
    now = machine_now()
    end: datetime | None = moment(until, now) if until else None
    with ledger_of(common, writes=True) as ledger:
        document = resolve(ledger, name)
        order = ledger.add_keep(document["subject"], who(by), why or "no reason given", now, end)
        in_flight = [act for act in ledger.acts(subject=document["subject"], open_only=True) if act.state.is_in_flight]
    if common.as_json:
        emit_json(
            {
                "subject": order.subject,
                "who": order.who,
                "why": order.why,
                "until": order.until,
                "in_flight": len(in_flight),
            }
        )
        return
    until = f"until {when(end)}" if end else "for good"
    say("Kept: {name} {until}, on {who}'s word.", name=name_of(document), until=until, who=order.who)
    if in_flight:
        say(
            "[bold]But a removal was already sent to the platform.[/] `tuneguard restore` can bring it back once it is settled."
        )
