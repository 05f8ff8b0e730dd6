"""`tuneguard costs`: the rate now, what the month has cost, what it ends at."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from guard.cli.app import UNKNOWN
from guard.cli.common import (
    COMMON,
    NOBODY_LOOKED,
    SELECTION,
    Common,
    Selection,
    ago,
    desk_of,
    dollars,
    emit_json,
    say,
    table,
    when,
)

Document = Mapping[str, Any]

app = App(name="costs", help="Money: the rate now, the month to date, its forecast; by owner, team, project and more.")


@app.default
def costs(
    *,
    by: Annotated[
        str,
        Parameter(
            help="thing, endpoint, project, owner, team, machine, location, policy, kind, provider, or label:KEY."
        ),
    ] = "thing",
    as_csv: Annotated[
        bool,
        Parameter(name="--csv", negative="", show_default=False, help="CSV with FOCUS column names, a row a thing."),
    ] = False,
    what_if: Annotated[
        Path | None, Parameter(help="Another guard.yaml: what the month ends at with it; looks now.")
    ] = None,
    selection: Selection = SELECTION,
    common: Common = COMMON,
) -> int:
    """Add up the billing month (Los Angeles time): list prices, before the bill and before discounts.

    What has no price or no replica count is listed and is in no sum. Exit code 3 where nobody has looked yet.
    """
    if what_if is not None:
        return _what_if(common, what_if)
    with desk_of(common) as desk:
        document = desk.costs(by=by, project=selection.project, policy=selection.policy)
    looked = document["taken_at"] is not None
    if as_csv:
        from guard.core import focus

        writer = csv.DictWriter(sys.stdout, focus.COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(document["focus"])
    elif common.as_json:
        emit_json(document)
    elif not looked:
        say(NOBODY_LOOKED)
    else:
        start, last = (
            when(document["month"]["start"]),
            ago(document["taken_at"], datetime.fromisoformat(document["now"])),
        )
        say("Costs since {start}, last look {last}. List prices, before the bill.", start=start, last=last)
        _show(document)
        _show_rest(document)
    return 0 if looked else UNKNOWN


def _what_if(common: Common, other: Path) -> int:
    from guard.wiring.what_if import what_if_of

    found = what_if_of(common.path, other)
    if common.as_json:
        emit_json(found)
        return 0
    rows = [
        [name, *(_text(found[key][figure]) for figure in ("forecast", "low", "high"))]
        for name, key in (("as things are", "now"), (f"with {found['against']}", "then"))
    ]
    table(["", ("month ends at", "right"), ("at least", "right"), ("at most", "right")], rows)
    for one in found["removals"]:
        say(
            "{name} would go {at}, which saves {saved} this month.",
            name=one["name"],
            at=when(one["at"]),
            saved=dollars(one["saves"]) if one["saves"] else "an unknown amount",
        )
    if not found["acts"]:
        say("Its mode is observe: this takes people who follow its plan.")
    if found["unknown"]:
        say(
            "[magenta]Unknown[/], in no figure: {count} things (tuneguard costs names them)",
            count=len(found["unknown"]),
        )
    say("Limits, approvals, and what falls silent later are not in it.")
    return 0


def _show(document: Document) -> None:
    rows = [[line["title"], *_cells(line)] for line in document["lines"]]
    if len(document["lines"]) > 1:
        rows.append(["total", *_cells(document["total"])])
    headings = [
        ("an hour", "right"),
        ("to date", "right"),
        ("month ends at", "right"),
        ("range", "right"),
        ("with the plan", "right"),
    ]
    table([document["by"], *headings], rows)


def _cells(line: Document) -> list[str]:
    least, unknown = ">=" if line["lower_bound"] else "", "?" if line["unknown"] else "-"
    span = f"{_text(line['low'])} - {_text(line['high'])}" if line["low"] != line["high"] else "-"
    return [
        _text(line["rate"]),
        f"{least}{_text(line['known'])}" if line["known"] else unknown,
        f"{least}{_text(line['forecast'])}" if line["forecast"] else unknown,
        span,
        _text(line["planned"]) if line["planned"] != line["forecast"] else "",
    ]


def _show_rest(document: Document) -> None:
    for one in document["unknown"]:
        told = f"{one['name']} on {one['machine']}: {one['why']}"
        say("[magenta]Unknown[/], in no sum: {told}", told=told)
    for name in document["not_known_by_name"]:
        told = "ran this month and was gone before the guard first looked"
        say("[magenta]Unknown[/], in no sum: {name} {told}", name=name, told=told)
    for job in document["tuning_jobs"]:
        cost = dollars(job["cost"]) if job["cost"] else "unknown"
        billed = f", {dollars(job['billed'])} on the bill" if job["billed"] else ""
        less = job["difference"] and job["difference"]["amount"].startswith("-")
        more = f" ({dollars(job['difference'])} {'less' if less else 'more'})" if _differs(job) else ""
        told = f"{cost} by its training tokens{billed}{more}, in no sum above"
        say("Tuning job {name} ({state}): {told}.", name=job["name"], state=job["state_words"], told=told)
    for one in document["providers"]:
        if one["unknown"] is not None:
            say("[magenta]Unknown[/], in no sum: costs at {name}: {why}", name=one["provider"], why=one["unknown"])
        else:
            items = ", ".join(f"{item} {dollars(cost)}" for item, cost in one["items"].items())
            told = f"{_text(one['known'])} in the UTC month {one['month']} by its own costs API" + (
                f" ({items})" if items else ""
            )
            say("At {name}: {told}, in no sum above.", name=one["provider"], told=told)


def _differs(job: Document) -> bool:
    """True where the bill is a cent or more away from what was expected."""
    return job["difference"] is not None and abs(Decimal(job["difference"]["amount"])) >= Decimal("0.01")


def _text(sums: Sequence[Document]) -> str:
    return " + ".join(map(dollars, sums)) or "-"
