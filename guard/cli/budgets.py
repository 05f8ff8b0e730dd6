"""`tuneguard budgets`: how each spend budget stands, and what was crossed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from guard.cli.app import FOUND, UNKNOWN
from guard.cli.common import COMMON, Common, emit_json, ledger_of, machine_now, say, table, when

if TYPE_CHECKING:
    from guard.core.budget import Crossing, Standing
    from guard.core.units import Money

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
    from guard.core.budget import crossings as crossings_of
    from guard.wiring import money

    now = machine_now()
    settings = money.settings_of(common.path)
    with ledger_of(common) as ledger:
        found = money.budgets_of(ledger, settings, now)
        history = ledger.crossings()
        looked = ledger.latest_cycle() is not None
    # What was crossed since the last look counts already, although it was not told yet.
    crossed = {one.budget.name: _now_crossed(one, crossings_of(one, now)) for one in found}
    if common.as_json:
        emit_json(
            {
                "now": now,
                "budgets": [_standing(one, crossed[one.budget.name]) for one in found],
                "crossings": [_crossing(one) for one in history if past or one.ended_at is None],
            }
        )
    elif not found:
        say(
            "guard.yaml names no budget. One: budgets: [{{name: all, monthly: 500 USD, alert_at: [50%, 90%, forecast 100%]}}]"
        )
    else:
        _show(found, crossed, [one for one in history if past and one.ended_at is not None])
    if not looked:
        return UNKNOWN
    return FOUND if any(crossed.values()) else 0


def _now_crossed(found: Standing, change: tuple[list[Crossing], list[Crossing]]) -> list[Crossing]:
    new, over = change
    ended = {one.id for one in over}
    return [*(one for one in found.crossed if one.id not in ended), *new]


def _show(found: Sequence[Standing], crossed: dict[str, list[Crossing]], history: Sequence[Crossing]) -> None:
    rows = []
    for one in found:
        least = ">=" if one.total.is_lower_bound else ""
        share = f"{one.share:.0%}" if one.share is not None else "-"
        words = ", ".join(crossing.threshold for crossing in crossed[one.budget.name])
        rows.append(
            [
                one.budget.name,
                f"{one.budget.amount} {_length(one)}",
                f"{least}{one.spent}",
                share,
                f"{least}{one.forecast}" if one.forecast is not None else "-",
                (words, "yellow") if words else "-",
            ]
        )
    table(["budget", "amount", ("spent", "right"), ("share", "right"), ("month ends at", "right"), "crossed"], rows)
    for one in found:
        if one.total.unknown:
            say(
                "[magenta]Unknown[/], in no sum of {name}: {count} of {things} things (tuneguard costs names them)",
                name=one.budget.name,
                count=len(one.total.unknown),
                things=one.things,
            )
        if one.other:
            say(
                "In other currencies, not in {name}: {other}",
                name=one.budget.name,
                other=" + ".join(map(str, one.other)),
            )
    for crossing in history:
        say(
            "Was crossed: {name} {threshold} at {at} by {value}, until {ended}",
            name=crossing.budget,
            threshold=crossing.threshold,
            at=when(crossing.at),
            value=crossing.value,
            ended=when(crossing.ended_at),
        )


def _length(found: Standing) -> str:
    from guard.core.units import short

    return "a month" if found.budget.per is None else f"in {short(found.budget.per)}"


def _standing(found: Standing, crossed: Sequence[Crossing]) -> dict[str, Any]:
    return {
        "name": found.budget.name,
        "amount": _money(found.budget.amount),
        "since": found.window.start,
        "spent": _money(found.spent),
        "share": None if found.share is None else f"{found.share:.4f}",
        "forecast": _money(found.forecast),
        "things": found.things,
        "lower_bound": found.total.is_lower_bound,
        "unknown": list(found.total.unknown),
        "other_currencies": [_money(money) for money in found.other],
        "crossed": [_crossing(one) for one in crossed],
    }


def _crossing(crossing: Crossing) -> dict[str, Any]:
    ended: datetime | None = crossing.ended_at
    return {
        "budget": crossing.budget,
        "threshold": crossing.threshold,
        "at": crossing.at,
        "value": _money(crossing.value),
        "limit": _money(crossing.limit),
        "ended_at": ended,
    }


def _money(money: Money | None) -> dict[str, str] | None:
    return None if money is None else {"amount": f"{money.amount:f}", "currency": money.currency}
