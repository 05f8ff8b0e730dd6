"""Money as the page shows it: budgets with burn and who was told, savings, spend by team, owner, kind; prices unknown or old."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from guard.core.budget import Budget, Standing
from guard.core.burn import burn, days_of
from guard.core.own_prices import BookOf
from guard.core.spend import LOOK_BACK, Spend
from guard.core.statement import GROUPS, Line, Sums, lines
from guard.core.statement import line as add_up
from guard.core.units import Money, Window, hour_number
from guard.core.wording import KINDS
from guard.desk.accounts import Accounting, Accounts, accounts_of
from guard.desk.budgets import budgets
from guard.desk.plain import iso, money
from guard.desk.prices import prices
from guard.desk.read_once import read_once
from guard.desk.savings import savings
from guard.ports.ledger import Ledger, OutboxItem

Document = Mapping[str, Any]
OLD = timedelta(days=90)
"""Age from which a price is marked: list prices of machines change a few times a year."""
UNFORESEEN = "nothing was counted lately, so what is still to come is not known"
TOLD = 20
"""Latest notices of a budget that are shown."""

BY: Mapping[str, Callable[[Spend], str]] = {
    "team": GROUPS["team"],
    "owner": GROUPS["owner"],
    "project": GROUPS["project"],
    "kind": lambda spend: KINDS.get(spend.thing.kind.value, spend.thing.kind.value),
}
"""What spend is added up by."""


def money_view(ledger: Ledger, accounting: Accounting, now: datetime) -> dict[str, Any]:
    """Everything on the money page. List prices, before the bill; what is unknown is in no sum and is counted.

    `budgets` hold what `tuneguard budgets` says and a `picture`; `told` are the notices that went out on each.
    """
    ledger = read_once(ledger)
    settings = accounting.settings()
    book_of = accounting.books(ledger, settings, now)
    accounts = accounts_of(ledger, book_of, now)
    standings = accounting.standings(ledger, settings.budgets, book_of, now)
    standing = budgets(ledger, accounting, now, standings)
    found = {one.budget.name: one for one in standings}
    priced = prices(ledger, accounting, now)
    saved = savings(ledger, settings, now)
    total = add_up("total", accounts.spends)
    unknown = frozenset(total.unknown)
    return {
        "now": iso(now),
        "taken_at": standing["taken_at"],
        "month": {"start": iso(accounts.month.start), "end": iso(accounts.month.end)},
        "total": _line(total),
        "budgets": [
            {
                **one,
                "over": _over(found[one["name"]]),
                "picture": burn_picture(ledger, found[one["name"]], book_of, accounts, now),
                "told": [_told(item) for item in ledger.notices(subject=f"budgets/{one['name']}", limit=TOLD)],
            }
            for one in standing["budgets"]
        ],
        "google": standing["google"],
        "past": [one for one in standing["crossings"] if one["ended_at"] is not None],
        "by": [
            {"by": by, "lines": [_line(line) for line in lines(accounts.spends, group)]} for by, group in BY.items()
        ],
        "unknown": [
            {
                "subject": spend.thing.name,
                "name": spend.thing.display_name,
                "machine": str(spend.thing.machine),
                "why": spend.why_unknown or UNFORESEEN,
            }
            for spend in accounts.spends
            if spend.thing.name in unknown
        ],
        "strangers": list(accounts.strangers),
        "prices": _prices(priced, now),
        "savings": {key: saved[key] for key in ("months", "export", "removals", "unpriced")},
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "group": line.group,
        "things": len(line.things),
        **{name: _sums(getattr(line, name)) for name in ("rate", "known", "forecast", "planned")},
        "lower_bound": line.is_lower_bound,
        "unknown": len(line.unknown),
    }


def _sums(sums: Sums) -> list[Any]:
    return [money(sums[currency]) for currency in sorted(sums)]


def _over(found: Standing) -> bool:
    """True where the month is expected to end above the budget, or has passed it."""
    most = found.budget.amount.amount
    return found.spent.amount > most or (found.forecast is not None and found.forecast.amount > most)


def burn_picture(ledger: Ledger, found: Standing, book_of: BookOf, accounts: Accounts, now: datetime) -> dict[str, Any]:
    """A budget's spend from the start of its window to now, its amount, and (for a month) the way to its forecast."""
    budget, window = found.budget, found.window
    currency = budget.amount.currency
    until = Window(window.start, now)
    ends = days_of(until)
    things = [
        thing
        for thing in ledger.billed()
        if budget.selector.takes(thing) and (thing.gone_at is None or thing.gone_at > window.start)
    ]
    means = ledger.replicas(from_hour=hour_number(min(window.start, now - LOOK_BACK)) - 1)
    grown = burn(((thing, means.get(thing.name, {}), book_of(thing.project_id)) for thing in things), until, now, ends)
    spent = [Money(found.spent.amount * 0, currency), *grown.get(currency, [])]
    instants = [window.start, *ends][: len(spent)]
    if instants[-1] < now:  # nothing is known to have cost anything
        instants, spent = [window.start, now], [spent[0], found.spent]
    spent[-1] = found.spent  # the very sum that the budget is judged by
    ahead = [accounts.month.end] if found.forecast is not None and accounts.month.end > now else []
    blank: list[None] = [None] * (len(instants) - 1)
    series = [
        _series("spent", currency, [float(one.amount) for one in spent] + [None] * len(ahead)),
        _series("budget", currency, [float(budget.amount.amount)] * (len(instants) + len(ahead))),
    ]
    if ahead and found.forecast is not None:
        way = [*blank, float(found.spent.amount), float(found.forecast.amount)]
        series.append(_series("as things go", currency, way) | {"dashed": True})
    rows = [[f"{at:%Y-%m-%d %H:%M}", str(one), str(budget.amount)] for at, one in zip(instants, spent, strict=True)]
    if ahead:
        rows.append([f"{accounts.month.end:%Y-%m-%d %H:%M} (forecast)", str(found.forecast), str(budget.amount)])
    return {
        "title": f"Budget {budget.name}",
        "text": _text(budget, found),
        "x": [at.timestamp() for at in (*instants, *ahead)],
        "series": series,
        "axes": {"money": currency},
        "marks": [
            {"iso": iso(one.at), "at": one.at.timestamp(), "text": f"{one.threshold} crossed"} for one in found.crossed
        ],
        "bands": [],
        "x_name": "up to (UTC)",
        "columns": [f"spent ({currency})", f"budget ({currency})"],
        "rows": rows,
    }


def _series(name: str, currency: str, values: Sequence[float | None]) -> dict[str, Any]:
    return {"name": name, "unit": currency, "axis": "money", "kind": "line", "values": list(values)}


def _text(budget: Budget, found: Standing) -> str:
    least = "at least " if found.total.is_lower_bound else ""
    ends = "" if found.forecast is None else f"; as things go the month ends at {least}{found.forecast}"
    return (
        f"{least}{found.spent} of {budget.amount} is spent{ends}."[:1].upper()
        + (f"{least}{found.spent} of {budget.amount} is spent{ends}."[1:])
    )


def _told(item: OutboxItem) -> dict[str, Any]:
    notice = item.notice
    return {
        "to": notice.to,
        "title": notice.title,
        "made_at": iso(notice.made_at),
        "delivered_at": iso(item.delivered_at),
        "attempts": item.attempts,
        "problem": "" if item.delivered_at else item.last_error,
    }


def _prices(found: Document, now: datetime) -> dict[str, Any]:
    """Machines without a price, prices that are old, waiting or vanished, and how old the catalogue's reading is."""
    rows = {(row["item"], row["region"], row["provisioning"]): row for one in found["machines"] for row in one["rows"]}
    old = [
        {**row, "age_days": (now.date() - date.fromisoformat(row["as_of"])).days}
        for row in rows.values()
        if now.date() - date.fromisoformat(row["as_of"]) > OLD
    ]
    return {
        "machines": len(found["machines"]),
        "missing": [one for one in found["machines"] if one["rate"] is None],
        "partly": [one for one in found["machines"] if one["rate"] is not None and one["lower_bound"]],
        "old": sorted(old, key=lambda row: (-int(row["age_days"]), str(row["item"]))),
        "waiting": found["waiting"],
        "vanished": found["vanished"],
        "catalogue": {key: found["catalogue"][key] for key in ("read_at", "failing")},
    }
