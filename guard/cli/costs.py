"""`tuneguard costs`: the rate now, what the month has cost, what it ends at."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from guard.cli.app import UNKNOWN
from guard.cli.common import (
    COMMON,
    SELECTION,
    Common,
    Selection,
    ago,
    emit_json,
    ledger_of,
    machine_now,
    say,
    table,
    when,
)
from guard.desk.selecting import Selection as Chosen
from guard.ports.errors import ConfigInvalid

if TYPE_CHECKING:
    from guard.core.spend import Spend
    from guard.core.statement import Line, Sums
    from guard.core.units import Money
    from guard.wiring.money import Accounts

app = App(name="costs", help="Money: the rate now, the month to date, its forecast; by owner, team, project and more.")


@app.default
def costs(
    *,
    by: Annotated[
        str,
        Parameter(help="thing, endpoint, project, owner, team, machine, location, policy, or label:KEY."),
    ] = "thing",
    as_csv: Annotated[
        bool,
        Parameter(name="--csv", negative="", show_default=False, help="CSV with FOCUS column names, a row a thing."),
    ] = False,
    selection: Selection = SELECTION,
    common: Common = COMMON,
) -> int:
    """Add up the billing month (Los Angeles time): list prices, before the bill and before discounts.

    What has no price or no replica count is listed and is in no sum. Exit code 3 where nobody has looked yet.
    """
    from guard.core import focus, statement
    from guard.wiring import money

    grouping = statement.grouping(by)
    if grouping is None:
        raise ConfigInvalid(
            f"--by: found {by!r}. Expected one of {', '.join(statement.GROUPS)}, or label:KEY.",
            hint="Nothing was added up.",
        )
    now = machine_now()
    settings = money.settings_of(common.path)
    with ledger_of(common) as ledger:
        accounts = money.accounts_of(ledger, settings, now)
        latest = ledger.latest_cycle()
    spends = _selected(accounts.spends, selection)
    if as_csv:
        writer = csv.DictWriter(sys.stdout, focus.COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(focus.rows(spends, accounts.month))
        return 0 if latest else UNKNOWN
    lines = statement.lines(spends, grouping)
    total = statement.line("total", spends)
    if common.as_json:
        emit_json(
            {
                "month": {"start": accounts.month.start, "end": accounts.month.end},
                "until": now,
                "basis": "list",
                "by": by,
                "lines": [_line(line) for line in lines],
                "total": _line(total),
                "unknown": [{"subject": s.thing.name, "why": s.why_unknown} for s in spends if s.is_lower_bound],
                "tuning_jobs": [
                    {
                        "subject": t.name,
                        "project": t.project_id,
                        "owner": t.owner,
                        "state": t.state,
                        "cost": _money(t.cost),
                    }
                    for t in accounts.tuning
                ],
                "not_known_by_name": list(accounts.strangers),
                "focus": focus.rows(spends, accounts.month),
            }
        )
        return 0 if latest else UNKNOWN
    if latest is None:
        say("Nobody has looked yet. `tuneguard run --once` looks; it changes nothing in observe mode.")
        return UNKNOWN
    say(
        "Costs since {start}, last look {ago}. List prices, before the bill.",
        start=when(accounts.month.start),
        ago=ago(latest.taken_at, now),
    )
    _show(lines, total, spends, by)
    _show_rest(accounts, spends)
    return 0


def _selected(spends: Sequence[Spend], selection: Selection) -> list[Spend]:
    about = [
        {"subject": spend.thing.name, "project": spend.thing.project_id, "policy": spend.thing.policy}
        for spend in spends
    ]
    chosen = Chosen(project=selection.project, policy=selection.policy)
    chosen.check(about)
    return [spend for spend, one in zip(spends, about, strict=True) if chosen.takes(one)]


def _show(lines: Sequence[Line], total: Line, spends: Sequence[Spend], by: str) -> None:
    names = {spend.thing.name: spend for spend in spends}

    def title(line: Line) -> str:
        if by != "thing":
            return line.group
        thing = names[line.group].thing
        gone = " (gone)" if thing.gone_at is not None else ""
        return f"{thing.display_name or thing.name.rsplit('/', 1)[-1]}{gone}"

    rows = [[title(line), *_cells(line)] for line in lines]
    if len(lines) > 1:
        rows.append(["total", *_cells(total)])
    headings = [
        ("an hour", "right"),
        ("to date", "right"),
        ("month ends at", "right"),
        ("range", "right"),
        ("with the plan", "right"),
    ]
    table([by, *headings], rows)


def _cells(line: Line) -> list[str]:
    least = ">=" if line.is_lower_bound else ""
    span = f"{_text(line.low)} - {_text(line.high)}" if line.low != line.high else "-"
    return [
        _text(line.rate),
        f"{least}{_text(line.known)}" if line.known else ("?" if line.unknown else "-"),
        f"{least}{_text(line.forecast)}" if line.forecast else ("?" if line.unknown else "-"),
        span,
        _text(line.planned) if line.planned != line.forecast else "",
    ]


def _show_rest(accounts: Accounts, spends: Sequence[Spend]) -> None:
    for spend in spends:
        if spend.is_lower_bound:
            say(
                "[magenta]Unknown[/], in no sum: {name} on {machine}: {why}",
                name=spend.thing.display_name,
                machine=spend.thing.machine,
                why=spend.why_unknown,
            )
    for name in accounts.strangers:
        say(
            "[magenta]Unknown[/], in no sum: {name} ran this month and was gone before the guard first looked",
            name=name,
        )
    for job in accounts.tuning:
        cost = str(job.cost) if job.cost else "unknown"
        say(
            "Tuning job {name} ({state}): {cost} by its training tokens, in no sum above.",
            name=job.display_name,
            state=job.state,
            cost=cost,
        )


def _text(sums: Sums) -> str:
    return " + ".join(str(sums[currency]) for currency in sorted(sums)) or "-"


def _line(line: Line) -> Mapping[str, Any]:
    return {
        "group": line.group,
        "things": list(line.things),
        **{
            name: [_money(money) for money in getattr(line, name).values()]
            for name in ("rate", "known", "forecast", "low", "high", "planned")
        },
        "lower_bound": line.is_lower_bound,
        "unknown": list(line.unknown),
    }


def _money(money: Money | None) -> dict[str, str] | None:
    return None if money is None else {"amount": f"{money.amount:f}", "currency": money.currency}
