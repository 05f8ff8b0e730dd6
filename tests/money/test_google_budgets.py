"""Google's own budget notices through the front door: the sandbox publishes them, late and repeated; the guard shows both views."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from guard.core.units import Money
from guard.sandbox.pubsub import queues_of
from guard.sandbox.resources.items import items_of
from tests.cli.world import Place
from tests.e2e.harness import a_harness
from tests.money.world import CONFIG, SCENARIO

NAME = "projects/demo-research/subscriptions/budget-guard"
CLOUD = f"""
budgets:
  - {{id: b-1, display_name: product at Google, project: demo-product, amount: 20, subscription: {NAME},
      thresholds: [0.3, 0.6], forecast_thresholds: [1], credits: 1}}
"""
OURS = f"""
budgets: [{{name: product, monthly: 20 USD, match: {{projects: [demo-product]}}, alert_at: [90%]}}]
google_budgets: {{subscription: {NAME}, to: ml, same_as: {{product at Google: product}}}}
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with a_harness(tmp_path, scenario=SCENARIO + CLOUD, config=CONFIG + OURS) as harness:
        yield Place(harness, tmp_path)


def look(place: Place, hours: float = 0) -> None:
    place.harness.advance(hours)
    place.harness.cycle()


def publish(place: Place, data: str, **attributes: str) -> None:
    body = {"subscription": NAME, "data": data, "attributes": attributes}
    httpx.post(f"{place.harness.running.http}/sandbox/pubsub", json=body).raise_for_status()


def figures(place: Place) -> list[Any]:
    return list(place.harness.guard.ledger.google_figures())


def test_both_views_stand_side_by_side_and_each_threshold_is_told_once(place: Place) -> None:
    for _ in range(6):
        look(place, 4)

    told = place.harness.told()
    assert told.count("Google's budget product at Google: forecast 100% of $20.00 crossed") == 1
    assert told.count("Google's budget product at Google: 30%, forecast 100% of $20.00 crossed") == 1
    assert "By the guard's count $" in told
    assert "Google subtracts credits unless its budget says otherwise" in told
    pulls = [call for call in place.harness.running.world.calls if call.service == "pubsub"]
    assert not any(call.changes for call in pulls), "invariant 2: an acknowledgement changes nothing of anybody's"
    kept = figures(place)
    assert len(kept) == 3, "a fact each, however many messages: nothing crossed, the forecast, 30 %"
    assert sum(one.messages for one in kept) > 48, "one each half hour, each third delivered twice"

    document = place.here("budgets", "-o", "json").document
    [google] = document["google"]["budgets"]
    assert google["ours"] == "product"
    mine = Decimal(google["our_spent"]["amount"])
    assert Decimal(google["cost"]["amount"]) < mine, "late, and after credits"
    assert 0 <= google["age_hours"] <= 4
    said = " ".join(place.here("budgets").out.split())
    assert "product at Google" in said
    assert "told" in said


def test_an_older_message_that_comes_late_does_not_replace_a_newer_figure(place: Place) -> None:
    look(place, 1)
    newest = max(figures(place), key=lambda one: one.notice.published_at)
    late = place.harness.running.world.now()
    world = place.harness.running.world
    queue = queues_of(world).get(NAME)
    assert queue is not None
    start = newest.notice.interval_start.isoformat()
    text = (
        f'{{"budgetDisplayName": "product at Google", "costAmount": 1.25, "costIntervalStart": "{start}", '
        '"budgetAmount": 20.0, "budgetAmountType": "SPECIFIED_AMOUNT", "currencyCode": "USD", "forecastThresholdExceeded": 1.0}'
    )
    queue.publish(
        text.encode(),
        {"budgetId": "b-1", "billingAccountId": "012345", "schemaVersion": "1.0"},
        late - timedelta(days=1),
    )
    look(place)
    after = max(figures(place), key=lambda one: one.notice.published_at)
    assert after.notice.cost == newest.notice.cost
    assert min(one.first_published_at for one in figures(place)) == late - timedelta(days=1)


def test_what_cannot_be_read_is_kept_told_and_holds_nothing_up(place: Place) -> None:
    publish(place, "not JSON", budgetId="b-1", billingAccountId="x", schemaVersion="1.0")
    publish(place, "{}", budgetId="b-1", billingAccountId="x", schemaVersion="2.0")
    publish(place, '{"costAmount": "12"}', budgetId="b-1", billingAccountId="x", schemaVersion="1.0")
    for _ in range(3):
        look(place, 1)

    assert place.harness.told().count(f"A message on {NAME} cannot be read") == 1
    assert {one.text for one in place.harness.guard.ledger.unreadable_messages()} == {
        "not JSON",
        "{}",
        '{"costAmount": "12"}',
    }
    assert figures(place)
    assert "3 messages on" in place.here("budgets").out


def test_a_subscription_that_is_gone_or_away_stops_nothing_and_loses_nothing(place: Place) -> None:
    place.harness.fault("server_error", service="pubsub")
    result = place.harness.cycle()
    assert len(result.verdicts) > 5
    assert figures(place) == []
    place.harness.clear_faults()
    place.harness.fault("server_error", service="pubsub", method="subscriptions.acknowledge")
    look(place, 1)
    seen = sum(one.messages for one in figures(place))
    assert seen
    place.harness.clear_faults()
    look(place, 1)
    assert sum(one.messages for one in figures(place)) > seen
    assert place.harness.told().count("Google: forecast 100% of $20.00 crossed") == 1, "kept before, so it is told once"


def test_a_budget_that_the_stack_declares_publishes_to_its_subscription(place: Place) -> None:
    """What `infra/components/budget_topic.py` makes, as the provider keeps it."""
    world = place.harness.running.world
    topic, name = "projects/demo-product/topics/tg-budget", "projects/demo-product/subscriptions/tg-budget-guard"
    items = items_of(world)
    items.create("gcp:pubsub/subscription:Subscription", name, {"topic": topic})
    items.create(
        "gcp:billing/budget:Budget",
        "billingAccounts/012345-6789AB-CDEF01/budgets/declared",
        {
            "displayName": "tg",
            "billingAccount": "012345-6789AB-CDEF01",
            "amount": {"specifiedAmount": {"currencyCode": "USD", "units": "20", "nanos": 500_000_000}},
            "budgetFilter": {"projects": ["projects/demo-product"], "calendarPeriod": "MONTH"},
            "thresholdRules": [{"thresholdPercent": 0.1, "spendBasis": "CURRENT_SPEND"}],
            "allUpdatesRule": {"pubsubTopic": topic, "schemaVersion": "1.0"},
        },
    )
    place.harness.configure(CONFIG + f"google_budgets: {{subscription: {name}}}\n")
    look(place)
    [figure] = figures(place)
    assert (figure.notice.budget_id, figure.notice.name, figure.notice.crossed) == ("declared", "tg", "10%")
    assert figure.notice.amount == Money(Decimal("20.5"))
