"""The rate now, what the month has cost, what it ends at; by thing, owner, team and more. List prices, before the bill."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from guard.core import focus, statement
from guard.core.spend import Spend
from guard.core.statement import Line, Sums
from guard.desk.accounts import Accounting, accounts_of
from guard.desk.elsewhere import spent_elsewhere
from guard.desk.plain import MoneyDocument, iso, money
from guard.desk.selecting import Selection
from guard.desk.training import training_lines
from guard.ports.errors import NotUnderstood
from guard.ports.ledger import Ledger

FIGURES = ("rate", "known", "forecast", "low", "high", "planned")


def costs(ledger: Ledger, accounting: Accounting, now: datetime, by: str, selection: Selection) -> dict[str, Any]:
    """Add up the billing month (Los Angeles time). What has no price or no replica count is listed and is in no sum."""
    grouping = statement.grouping(by)
    if grouping is None:
        raise NotUnderstood(
            f"--by: found {by!r}. Expected one of {', '.join(statement.GROUPS)}, or label:KEY.",
            hint="Nothing was added up.",
        )
    accounts = accounts_of(ledger, accounting.books(ledger, accounting.settings(), now), now)
    latest = ledger.latest_cycle()
    spends = _selected(accounts.spends, selection)
    titles = _titles(by, spends)
    return {
        "now": iso(now),
        "taken_at": iso(latest.taken_at) if latest else None,
        "month": {"start": iso(accounts.month.start), "end": iso(accounts.month.end)},
        "until": iso(now),
        "basis": "list",
        "by": by,
        "lines": [
            {**_line(line), "title": titles.get(line.group, line.group)} for line in statement.lines(spends, grouping)
        ],
        "total": {**_line(statement.line("total", spends)), "title": "total"},
        "unknown": [
            {
                "subject": spend.thing.name,
                "name": spend.thing.display_name,
                "machine": str(spend.thing.machine),
                "why": spend.why_unknown,
            }
            for spend in spends
            if spend.is_lower_bound
        ],
        "tuning_jobs": training_lines(ledger, accounts.tuning, accounts.ever_tuned, now),
        "providers": list(spent_elsewhere(ledger.provider_looks(), now)) if selection.is_everything else [],
        "not_known_by_name": list(accounts.strangers),
        "focus": focus.rows(spends, accounts.month),
    }


def _selected(spends: Sequence[Spend], selection: Selection) -> list[Spend]:
    about = [
        {"subject": spend.thing.name, "project": spend.thing.project_id, "policy": spend.thing.policy}
        for spend in spends
    ]
    selection.check(about)
    return [spend for spend, one in zip(spends, about, strict=True) if selection.takes(one)]


def _titles(by: str, spends: Sequence[Spend]) -> dict[str, str]:
    """What people call the groups that are full resource names: a thing by its name, an endpoint by those of its things."""
    if by == "thing":
        return {spend.thing.name: _title(spend) for spend in spends}
    if by != "endpoint":
        return {}
    names: dict[str, dict[str, None]] = {}
    for spend in spends:
        names.setdefault(spend.thing.endpoint, {})[_title(spend)] = None
    return {endpoint: ", ".join(found) for endpoint, found in names.items()}


def _title(spend: Spend) -> str:
    thing = spend.thing
    gone = " (gone)" if thing.gone_at is not None else ""
    return f"{thing.display_name or thing.name.rsplit('/', 1)[-1]}{gone}"


def _line(line: Line) -> dict[str, Any]:
    return {
        "group": line.group,
        "things": list(line.things),
        **{name: _sums(getattr(line, name)) for name in FIGURES},
        "lower_bound": line.is_lower_bound,
        "unknown": list(line.unknown),
    }


def _sums(sums: Sums) -> list[MoneyDocument | None]:
    return [money(sums[currency]) for currency in sorted(sums)]
