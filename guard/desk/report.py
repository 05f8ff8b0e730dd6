"""A billing month's report as one document: spend, what is idle, what was removed and saved, budgets, retirements, unknowns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from guard.core import statement
from guard.core.billing_month import ZONE, month_of
from guard.core.billing_month import month as month_in
from guard.core.retirements import last_day
from guard.core.statement import Line
from guard.core.units import Window
from guard.desk.accounts import Accounting, Accounts, accounts_of
from guard.desk.budgets import budgets
from guard.desk.elsewhere import spent_elsewhere
from guard.desk.finding import name_of
from guard.desk.plain import MoneyDocument, iso, money
from guard.desk.savings import savings
from guard.desk.training import training_lines
from guard.ports.errors import NotUnderstood
from guard.ports.ledger import Ledger

Document = dict[str, Any]
MOST = 10
"""Lines of a list; the rest is counted."""


def report(
    ledger: Ledger, accounting: Accounting, now: datetime, month: Window, what_if: Document | None = None
) -> Document:
    """Put a month's report together.

    Args:
        ledger: What was seen, decided and done.
        accounting: guard.yaml and prices.
        now: Domain time.
        month: The billing month; a past one has no forecast and no budgets.
        what_if: The document of `guard.desk.what_if`, where it was asked for.
    """
    settings = accounting.settings()
    books = accounting.books(ledger, settings, now)
    past = month.end <= now
    accounts = accounts_of(ledger, books, now, Window(month.start, min(month.end, max(now, month.start))))
    saved = savings(ledger, settings, now)
    verdicts = [one for one in ledger.verdicts().values() if one["decision"] != "gone"]
    latest = ledger.latest_cycle()
    providers = list(spent_elsewhere(ledger.provider_looks(), now))
    return {
        "now": iso(now),
        "taken_at": iso(latest.taken_at) if latest else None,
        "month": {
            "start": iso(month.start),
            "end": iso(month.end),
            "name": f"{month.start.astimezone(ZONE):%B %Y}",
            "past": past,
        },
        "total": _line(statement.line("total", accounts.spends), past=past),
        "teams": [_line(line, past=past) for line in statement.lines(accounts.spends, statement.GROUPS["team"])],
        "idle": _idle(verdicts),
        "removed": [one for one in saved["removals"] if one["since"] and _within(one["since"], month)],
        "saved": next((one for one in saved["months"] if one["start"] == iso(month.start)), None),
        "months": saved["months"][:12],
        "export": saved["export"],
        "bill": None if past else saved["bill"],
        "budgets": [] if past else budgets(ledger, accounting, now)["budgets"],
        "jobs": training_lines(ledger, accounts.tuning, accounts.ever_tuned, now),
        "providers": [] if past else providers,
        "retirements": _retirements(verdicts, ledger.provider_looks(), now.date()),
        "unknown": [
            *_unknown(accounts, saved, verdicts),
            *(
                {"what": f"costs at {one['provider']}", "why": one["unknown"]}
                for one in providers
                if one["unknown"] and not past
            ),
        ],
        "what_if": what_if,
    }


def month_named(text: str | None, now: datetime) -> Window:
    """The billing month of a text such as `2026-11`; None: the running one. Raises NotUnderstood."""
    if text is None:
        return month_of(now)
    found = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", text)
    if found is None or not int(found[1]):
        raise NotUnderstood(f"month: found {text!r}. Expected YYYY-MM such as 2026-11.", hint="Nothing was written.")
    return month_in(int(found[1]), int(found[2]))


def _within(instant: str, month: Window) -> bool:
    return datetime.fromisoformat(instant) in month


def _line(line: Line, *, past: bool) -> Document:
    """A past month has what it cost, and neither a rate nor a forecast: those are of now."""
    figures = ("rate", "known", "forecast", "low", "high", "planned")
    return {
        "group": line.group,
        "things": len(line.things),
        **{name: [] if past and name != "known" else _list(getattr(line, name)) for name in figures},
        "lower_bound": line.is_lower_bound,
    }


def _list(sums: Mapping[str, Any]) -> list[MoneyDocument]:
    return [document for code in sorted(sums) if (document := money(sums[code])) is not None]


def _idle(verdicts: Sequence[Mapping[str, Any]]) -> Document:
    """What is idle and bills, dearest first; without a price last, and counted."""
    found = [one for one in verdicts if one["decision"] == "idle" and one.get("billed")]
    found.sort(key=lambda one: (one.get("rate") is None, -_amount(one.get("rate")), str(one["subject"])))
    return {
        "count": len(found),
        "unpriced": sum(1 for one in found if one.get("rate") is None),
        "top": [
            {
                "subject": one["subject"],
                "name": name_of(one),
                "owner": one.get("owner"),
                "rate": one.get("rate"),
                "silent_hours": one.get("silent_hours"),
                "due_at": one.get("due_at"),
                "meaning": one.get("meaning") or "",
            }
            for one in found[:MOST]
        ],
    }


def _amount(rate: Mapping[str, Any] | None) -> Decimal:
    return Decimal(str(rate["amount"])) if rate else Decimal(0)


def _retirements(
    verdicts: Iterable[Mapping[str, Any]], looks: Iterable[Mapping[str, Any]], today: date
) -> list[Document]:
    """Tunes whose base model has a last day, soonest first; a tune goes with its base."""
    found = {
        (str(tune["id"]), str(tune["base"]), str(tune["shut_down"]))
        for look in looks
        for tune in look["tunes"]
        if tune.get("shut_down")
    }
    for one in verdicts:
        base = (one.get("evidence") or {}).get("base_model")
        told = (one.get("evidence") or {}).get("last_day")
        day = date.fromisoformat(str(told)) if told else last_day(str(base)) if base else None
        if day is not None:
            found.add((name_of(one), str(base).rsplit("/", 1)[-1], day.isoformat()))
    return [
        {"tune": tune, "base": base, "last_day": day, "days_left": (date.fromisoformat(day) - today).days}
        for tune, base, day in sorted(found, key=lambda one: (one[2], one[0]))
    ]


def _unknown(accounts: Accounts, saved: Mapping[str, Any], verdicts: Iterable[Mapping[str, Any]]) -> list[Document]:
    """Everything that is in no figure of the report, or only partly, in one list with its reason."""
    rows = [
        {"what": spend.thing.display_name or spend.thing.name, "why": spend.why_unknown}
        for spend in accounts.spends
        if spend.is_lower_bound
    ]
    rows += [{"what": name, "why": "it ran, and was gone before the guard first looked"} for name in accounts.strangers]
    tokens = "a tuning job whose tokens or their price are not known"
    rows += [{"what": job.display_name, "why": tokens} for job in accounts.tuning if job.cost is None]
    rows += [
        {"what": name_of(one), "why": one.get("meaning") or str(one["reason"])}
        for one in verdicts
        if one["decision"] == "unknown"
    ]
    nameless = "it was removed, but its price was not known: what that saves can't be said"
    rows += [{"what": one["name"], "why": nameless} for one in saved["unpriced"]]
    export = saved["export"]
    if export["source"] is None:
        rows.append({"what": "the bill", "why": "guard.yaml names no billing_export, so no saving is proven by it"})
    elif export["failing"]:
        rows.append({"what": "the bill", "why": export["failing"]})
    if saved["bill"] and saved["bill"]["late_days"]:
        days = ", ".join(saved["bill"]["late_days"])
        rows.append({"what": "the bill", "why": f"it holds less than what ran on {days}: counted as unknown, not as 0"})
    if saved["guard_costs"] is None:
        rows.append({"what": "the guard's own cost", "why": "guard.yaml says no guard_costs, so savings are not net"})
    return rows
