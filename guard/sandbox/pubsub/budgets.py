"""The cloud's own budgets: notices made from the meter, late, repeated whether or not a threshold is crossed, after credits.

Made when somebody pulls, one for each interval that has passed, so that a month of them costs nothing while nobody looks.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from guard.sandbox import meter
from guard.sandbox.pubsub.queues import SUBSCRIPTION, Queue
from guard.sandbox.resources.items import items_of
from guard.sandbox.world import World

_BILLER: Final = ZoneInfo("America/Los_Angeles")
_BUDGET: Final = "gcp:billing/budget:Budget"
_MOST: Final = 48
"""Most notices of one budget that a pull finds: older ones count as read by nobody and dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudBudget:
    """A budget of one project; shares of the amount, `lag` how old the billing data is, `credits` USD subtracted a month."""

    id: str
    display_name: str
    project: str
    amount: Decimal
    subscription: str
    account: str = "012345-6789AB-CDEF01"
    thresholds: tuple[Decimal, ...] = ()
    forecast_thresholds: tuple[Decimal, ...] = ()
    every: timedelta = timedelta(minutes=30)
    lag: timedelta = timedelta(hours=6)
    credits: Decimal = Decimal(0)


def publish_due(world: World, subscription: str, queue: Queue) -> None:
    """Publish what the budgets of a subscription have had to say since its last pull."""
    budgets: list[CloudBudget] = [*world.settings.get("budgets", []), *_declared(world)]
    for budget in budgets:
        if budget.subscription.rpartition("/")[2] != subscription.rpartition("/")[2]:
            continue
        now = world.now()
        last = queue.published_until.get(budget.id, world.start - budget.every)
        count = int((now - last) / budget.every)
        for step in range(max(1, count - _MOST + 1), count + 1):
            at = last + step * budget.every
            queue.publish(json.dumps(notice(world, budget, at)).encode(), _attributes(budget), at)
        if count > 0:
            queue.published_until[budget.id] = last + count * budget.every


def _declared(world: World) -> Iterator[CloudBudget]:
    """The budgets that Pulumi made, with each subscription of the topic that they publish to."""
    items = items_of(world)
    for budget in items.of(_BUDGET):
        properties = budget.properties
        topic = str(properties.get("allUpdatesRule", {}).get("pubsubTopic", ""))
        amount = properties.get("amount", {}).get("specifiedAmount", {})
        projects = properties.get("budgetFilter", {}).get("projects", [])
        project = world.project(str(projects[0]).rpartition("/")[2]) if projects else None
        if not topic or project is None or not amount:
            continue
        rules = properties.get("thresholdRules", [])
        for subscription in items.of(SUBSCRIPTION):
            if subscription.properties.get("topic") == topic:
                yield CloudBudget(
                    id=budget.id.rpartition("/")[2],
                    display_name=str(properties.get("displayName", "")),
                    project=project.id,
                    amount=Decimal(str(amount.get("units", "0"))) + Decimal(int(amount.get("nanos", 0))) / 10**9,
                    subscription=subscription.id,
                    account=str(properties.get("billingAccount", "")),
                    thresholds=tuple(_shares(rules, "CURRENT_SPEND")),
                    forecast_thresholds=tuple(_shares(rules, "FORECASTED_SPEND")),
                )


def _shares(rules: Iterable[Mapping[str, Any]], basis: str) -> Iterator[Decimal]:
    for rule in rules:
        if rule.get("spendBasis", "CURRENT_SPEND") == basis:
            yield Decimal(str(rule["thresholdPercent"]))


def notice(world: World, budget: CloudBudget, at: datetime) -> dict[str, Any]:
    """What the budget's notice of an instant says."""
    local = at.astimezone(_BILLER)
    start = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    until = max(start, at - budget.lag)
    bill = meter.read(world, start.astimezone(at.tzinfo), until.astimezone(at.tzinfo))
    gross = sum(
        (Decimal(line["usd"]) for line in bill["lines"] if line["usd"] and line["project"] == budget.project),
        Decimal(0),
    )
    cost = max(Decimal(0), gross - budget.credits)
    end = (start + timedelta(days=32)).replace(day=1)
    forecast = cost * Decimal((end - start) / max(until - start, timedelta(hours=1)))
    document: dict[str, Any] = {
        "budgetDisplayName": budget.display_name,
        "costAmount": float(round(cost, 2)),
        "costIntervalStart": start.isoformat(),
        "budgetAmount": float(budget.amount),
        "budgetAmountType": "SPECIFIED_AMOUNT",
        "currencyCode": "USD",
    }
    if crossed := [share for share in budget.thresholds if cost >= budget.amount * share]:
        document["alertThresholdExceeded"] = float(max(crossed))
    if ahead := [share for share in budget.forecast_thresholds if forecast >= budget.amount * share]:
        document["forecastThresholdExceeded"] = float(max(ahead))
    return document


def _attributes(budget: CloudBudget) -> dict[str, str]:
    return {"billingAccountId": budget.account, "budgetId": budget.id, "schemaVersion": "1.0"}
