"""`tuneguard budgets`: how each spend budget stands, and what was crossed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any

from cyclopts import App, Parameter

from guard.cli.app import FOUND, UNKNOWN
from guard.cli.common import COMMON, Cell, Common, desk_of, dollars, emit_json, say, table, when

Document = Mapping[str, Any]

app = App(name="budgets", help="Spend budgets: spent, expected at the month's end, thresholds crossed.")


@app.default
def budgets(
    *,
    past: Annotated[
        bool, Parameter(negative="", show_default=False, help="Also list crossings that are over.")
    ] = False,
    common: Common = COMMON,
) -> int:
    """Show how the budgets of guard.yaml stand now. Exit code 1 if a threshold is crossed, 3 where nobody has looked yet.

    List prices by the guard's own count; what has no price or no replica count is in no sum and is counted.
    """
    with desk_of(common) as desk:
        document = desk.budgets()
    found = document["budgets"]
    told = [one for one in document["crossings"] if past or one["ended_at"] is None]
    if common.as_json:
        emit_json({**document, "crossings": told})
    elif not found:
        say(
            "guard.yaml names no budget. One: budgets: [{{name: all, monthly: 500 USD, alert_at: [50%, 90%, forecast 100%]}}]"
        )
    else:
        _show(found, [one for one in told if one["ended_at"] is not None])
    if document["google"] and not common.as_json:
        _show_google(document["google"])
    if document["taken_at"] is None:
        return UNKNOWN
    return FOUND if any(one["crossed"] for one in found) else 0


def _show(found: Sequence[Document], history: Sequence[Document]) -> None:
    rows: list[list[Cell]] = []
    for one in found:
        least = ">=" if one["lower_bound"] else ""
        crossed = ", ".join(crossing["threshold"] for crossing in one["crossed"])
        rows.append(
            [
                one["name"],
                f"{dollars(one['amount'])} {one['length']}",
                f"{least}{dollars(one['spent'])}",
                f"{Decimal(one['share']):.0%}" if one["share"] is not None else "-",
                f"{least}{dollars(one['forecast'])}" if one["forecast"] is not None else "-",
                (crossed, "yellow") if crossed else "-",
            ]
        )
    table(["budget", "amount", ("spent", "right"), ("share", "right"), ("month ends at", "right"), "crossed"], rows)
    for one in found:
        name, unknown, things = one["name"], len(one["unknown"]), one["things"]
        if unknown:
            told = f"{unknown} of {things} things (tuneguard costs names them)"
            say("[magenta]Unknown[/], in no sum of {name}: {told}", name=name, told=told)
        if one["other_currencies"]:
            other = " + ".join(map(dollars, one["other_currencies"]))
            say("In other currencies, not in {name}: {other}", name=name, other=other)
        for does in one["does"]:
            say("While {name} stands crossed: {does}.", name=name, does=does)
    for crossing in history:
        say(
            "Was crossed: {name} {threshold} at {at} by {value}, until {ended}",
            name=crossing["budget"],
            threshold=crossing["threshold"],
            at=when(crossing["at"]),
            value=dollars(crossing["value"]),
            ended=when(crossing["ended_at"]),
        )


def _show_google(google: Document) -> None:
    """Google's figures, each with its age, beside ours."""
    for one in google["budgets"]:
        crossed = f" Crossed there: {one['crossed']}." if one["crossed"] else ""
        say("[bold]Google's budget {name}[/]: {says}{crossed}", name=one["name"], says=one["says"], crossed=crossed)
    if not google["budgets"]:
        say("No budget notice of Google's has come yet on {subscription}.", subscription=google["subscription"])
    if google["unreadable"]:
        say(
            "[magenta]{count} messages on {subscription} cannot be read[/]: {why}",
            count=len(google["unreadable"]),
            subscription=google["subscription"],
            why=google["unreadable"][-1]["why"],
        )
