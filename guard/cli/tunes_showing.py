"""Another provider's jobs, tunes and files, as `tuneguard jobs` shows them below those of Vertex AI."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from guard.cli.common import Cell, ago, dollars, say, table, when
from guard.cli.fitting import shortened

SOON_DAYS = 30
NAME = 44


def show_provider(look: Mapping[str, Any], now: datetime) -> None:
    """Jobs with their cost, tunes with the days that they have left and their last use, files and this month's costs counted."""
    say()
    if look["taken_at"]:
        say("[bold]{name}[/], looked at {ago}.", name=look["provider"], ago=ago(look["taken_at"], now))
    if look["failing"]:
        say("[bold magenta]{name} cannot be read now[/]: {why}", name=look["provider"], why=look["failing"])
    if look["jobs"]:
        table(
            ["job", "base", "state", "since (UTC)", ("cost", "right"), "what the guard thinks"],
            [_job(job) for job in look["jobs"]],
        )
    if look["tunes"]:
        table(["tune", ("days left", "right"), "last used"], [_tune(tune, now) for tune in look["tunes"]])
        say("A tune {verdict}.", verdict=look["tunes"][0]["verdict"])
        unknown = {tune["last_used_unknown"] for tune in look["tunes"] if tune["last_used_unknown"]}
        for why in sorted(unknown):
            say("[magenta]Last use is unknown[/]: {why}", why=why)
    if look["files"]:
        size = sum(int(one["bytes"]) for one in look["files"])
        say(
            "{count} files of tuning, {size} kB; storing them bills nothing.",
            count=len(look["files"]),
            size=f"{size / 1000:,.0f}",
        )
    if look["spent"] is not None:
        total = _total(look["spent"])
        say("Costs of this UTC month, by the service itself: {total}.", total=total)
    elif look["taken_at"]:
        say("[magenta]Costs are unknown[/]: {why}", why=look["spent_unknown"])


def _job(job: Mapping[str, Any]) -> list[Cell]:
    cost = dollars(job["cost"]) if job["cost"] else "?"
    if job["warning"]:
        thinks: Cell = (str(job["warning"]), "yellow")
    elif job["error"]:
        thinks = shortened(str(job["error"]), NAME)
    else:
        thinks = "-" if job["familiar"] else ("a state that is not known; left alone", "magenta")
    return [
        shortened(str(job["name"] or job["id"]), NAME),
        str(job["base"]),
        str(job["state"]),
        when(job["created_at"]).removesuffix(" UTC"),
        cost,
        thinks,
    ]


def _tune(tune: Mapping[str, Any], now: datetime) -> list[Cell]:
    left = tune["days_left"]
    days: Cell = "-" if left is None else (str(left), "yellow") if left <= SOON_DAYS else str(left)
    if tune["last_used_unknown"]:
        used = "?"
    else:
        used = ago(tune["last_used_at"], now) if tune["last_used_at"] else "not seen"
    return [str(tune["id"]), days, used]


def _total(spent: Mapping[str, Mapping[str, str]]) -> str:
    from decimal import Decimal

    from guard.core.units import Money

    sums: dict[str, Money] = {}
    for one in spent.values():
        money = Money(Decimal(one["amount"]), one["currency"])
        sums[money.currency] = sums[money.currency] + money if money.currency in sums else money
    return " + ".join(str(sums[currency]) for currency in sorted(sums)) or "nothing"
