"""`tuneguard keep`: a person's word that something stays."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from guard.cli.common import COMMON, Common, desk_of, dollars, emit_json, say, when
from guard.cli.moments import moment
from guard.core.wording import cost_text

app = App(name="keep", help="Say that something stays, until when and why.")


@app.default
def keep(
    name: Annotated[str, Parameter(help="Resource name, display name or id.")],
    /,
    *,
    until: Annotated[
        str | None,
        Parameter(
            help='"Friday 18:00", "tomorrow", "in two weeks" (in --tz); 2026-12-01 or 2026-12-01T18:00 (UTC); 3d or 12h from '
            "now; default: for good."
        ),
    ] = None,
    tz: Annotated[
        str | None,
        Parameter(
            show_default=False, help="Time zone of words such as Friday, Europe/Madrid say; default: this machine's."
        ),
    ] = None,
    why: Annotated[str, Parameter(show_default=False, help="Why; others will read it.")] = "",
    by: Annotated[str | None, Parameter(name="--who", help="Who says so; default: your user name.")] = None,
    common: Common = COMMON,
) -> None:
    """Keep one thing. A removal that was announced is void; one that was already sent is told."""
    with desk_of(common, writes=True) as desk:
        end = moment(until, desk.now(), zone=tz) if until else None
        document = desk.keep(name, until=end.at if end else None, why=why, who=desk.speaker(by))
    if common.as_json:
        emit_json(document)
        return
    told = f"until {when(end.at)}" if end else "for good"
    if end and end.local:
        told += f" ({end.local})"
    say("Kept: {name} {told}, on {who}'s word.", name=document["name"], told=told, who=document["who"])
    if document["cost"] is not None:
        since, so_far = when(document["cost"]["since"]), cost_text(document["cost"])
        say("Keeping it since {since} has cost {so_far} so far.", since=since, so_far=so_far)
    if document["rate"] is not None:
        hour, end_cost = dollars(document["rate"]), document["cost_until"]
        until_then = f", {dollars(end_cost)} until then" if end_cost else f", {dollars(document['rate'], 730)} a month"
        say("It costs {hour} an hour{until_then}.", hour=hour, until_then=until_then)
    if document["in_flight"]:
        say(
            "[bold]But a removal was already sent to the platform.[/] `tuneguard restore` can bring it back once it is settled."
        )
