"""The configuration in force while budgets stand crossed: named policies with what the crossings do to them. Pure.

Part of a plan's inputs, the same in every mode. A policy's digest does not change by it, so what was announced stays announced;
an announced due time still only moves later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from guard.core.budget import Budget, Crossing
from guard.core.responses import Pressure, Response
from guard.core.rules import Policy, Rules
from guard.core.settings import Settings


def under_pressure(settings: Settings, crossings: Iterable[Crossing], now: datetime) -> Settings:
    """Return the settings with what open crossings do; the same object where they do nothing.

    Args:
        settings: As the file says.
        crossings: From the ledger; those that are over, or of a month that is over, do nothing.
        now: The instant of the look.
    """
    pressures = list(_pressures(settings.budgets, crossings, now))
    if not pressures:
        return settings
    return replace(
        settings,
        default=_rules(settings.default, pressures),
        groups={name: _rules(rules, pressures) for name, rules in settings.groups.items()},
    )


def _pressures(
    budgets: Iterable[Budget], crossings: Iterable[Crossing], now: datetime
) -> Iterator[tuple[str, Pressure]]:
    by_name = {budget.name: budget for budget in budgets if budget.responses}
    for crossing in sorted(crossings, key=lambda one: one.id):
        budget = by_name.get(crossing.budget)
        if budget is None or crossing.ended_at is not None or crossing.period != budget.period(now):
            continue
        for response in budget.responses:
            if response.at == crossing.threshold:
                yield from _of_response(response, budget, crossing)


def _of_response(response: Response, budget: Budget, crossing: Crossing) -> Iterator[tuple[str, Pressure]]:
    holds = Pressure(budget=budget.name, threshold=crossing.threshold, since=crossing.at, selector=budget.selector)
    for shorten in response.shorten:
        for policy in shorten.policies:
            yield policy, replace(holds, to=shorten.to)
    for cancel in response.cancel_jobs:
        for policy in cancel.policies:
            yield policy, replace(holds, cancels=cancel.names)
    for policy in response.ask:
        yield policy, replace(holds, asks=True)


def _rules(rules: Rules, pressures: Iterable[tuple[str, Pressure]]) -> Rules:
    def under(policy: Policy) -> Policy:
        found = tuple(pressure for name, pressure in pressures if name == policy.name)
        return replace(policy, pressures=found) if found else policy

    return replace(rules, policies=tuple(under(policy) for policy in rules.policies))
