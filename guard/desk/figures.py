"""The month's figure above the fleet: cost so far, what it ends at, and the budgets that it is measured against."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from guard.core.budget import Budget, standing
from guard.core.statement import Line, Sums
from guard.core.statement import line as add_up
from guard.desk.accounts import Accounts
from guard.desk.plain import iso, money


def month_figures(accounts: Accounts, budgets: Iterable[Budget]) -> dict[str, Any]:
    """The billing month: cost so far, what it ends at with its range, and how the monthly budgets stand; list prices.

    `lower_bound` says that something is in no sum (`unknown` counts what).
    """
    total = add_up("total", accounts.spends)
    standings = [standing(budget, accounts.spends, accounts.now) for budget in budgets if budget.per is None]
    return {
        "start": iso(accounts.month.start),
        "end": iso(accounts.month.end),
        "as_of": iso(accounts.now),
        **_sums(total),
        "lower_bound": total.is_lower_bound or bool(accounts.strangers),
        "unknown": len(total.unknown) + len(accounts.strangers),
        "budgets": [
            {
                "name": one.budget.name,
                "amount": money(one.budget.amount),
                "spent": money(one.spent),
                "share": None if one.share is None else f"{one.share:.4f}",
                "forecast": money(one.forecast),
                "over": one.forecast is not None and one.forecast.amount > one.budget.amount.amount,
            }
            for one in standings
        ],
    }


def _sums(total: Line) -> dict[str, Any]:
    return {
        name: _documents(sums)
        for name, sums in (
            ("so_far", total.known),
            ("forecast", total.forecast),
            ("low", total.low),
            ("high", total.high),
            ("planned", total.planned),
        )
    }


def _documents(sums: Sums) -> list[dict[str, str] | None]:
    return [money(sums[currency]) for currency in sorted(sums)]
