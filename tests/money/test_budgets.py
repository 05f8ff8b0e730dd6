"""Spend budgets through the front door: guard.yaml, the daemon's look, a notice, `tuneguard budgets`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.cli.world import Place

BUDGETS = """
budgets:
  - {name: vision, monthly: 60 USD, match: {labels: {team: vision}}, alert_at: [50%, 90%, forecast 100%], to: ml}
  - {name: lately, amount: 10 USD, per: 12h, alert_at: [100%]}
"""


def look(place: Place, hours: float = 0) -> None:
    place.harness.advance(hours)
    place.harness.cycle()


def standing(place: Place, name: str) -> dict[str, Any]:
    found = place.here("budgets", "-o", "json").document["budgets"]
    [one] = [budget for budget in found if budget["name"] == name]
    return dict(one)


@pytest.fixture
def watched(place: Place) -> Place:
    place.harness.configure(place.config.read_text() + BUDGETS)
    look(place)
    return place


def test_each_crossing_is_told_once_to_whom_the_file_names(watched: Place) -> None:
    for _ in range(12):
        look(watched, 1)

    told = watched.harness.told()
    assert told.count("Budget vision: forecast 100% of $60.00 crossed") == 1, "told at the first look"
    assert told.count("Budget vision: 50% of $60.00 crossed") == 1
    assert told.count("Budget lately: 100% of $10.00 crossed") == 1
    assert told.count("Your part of budget lately") == 2, (
        "ml and shop hear of their own things, the fallback of the whole"
    )
    assert told.count("Your part of budget vision") == 0, "the file says who hears of it"
    message = next(one for one in watched.harness.sink.messages if "50% of $60.00" in str(one))
    assert "Dearest: gpu $" in str(message)
    assert "the month comes to at least $" in str(message), "the team's TPU has no price"


def test_with_an_hourly_look_an_alert_comes_within_five_minutes_of_the_crossing_and_asks_the_cloud_nothing(
    watched: Place,
) -> None:
    before = standing(watched, "vision")
    look(watched, 1)
    hours = (Decimal(30) - Decimal(before["spent"]["amount"])) / (Decimal("1.1507") + Decimal("0.18396"))
    crosses_after = float(hours)
    guard, harness = watched.harness.guard, watched.harness
    calls, passed = 0, 1.0
    while "50% of $60.00" not in harness.told():
        assert passed < crosses_after + 0.1, "five minutes and the rounding of the sum"
        harness.advance(1 / 12)
        passed += 1 / 12
        if round(passed * 12) % 12 == 0:
            harness.cycle()
            continue
        seen = len(harness.running.world.calls)
        guard.budgets.look(guard.in_force.settings, guard.clock.now())
        calls += len(harness.running.world.calls) - seen
    assert passed >= crosses_after - 0.1
    assert calls == 0
    guard.budgets.look(guard.in_force.settings, guard.clock.now())
    harness.cycle()
    assert harness.told().count("50% of $60.00 crossed") == 1, "once, by whichever look"


RESPONDING = """
budgets:
  - name: lately
    amount: 20 USD
    per: 12h
    alert_at: [100%]
    on_crossing:
      - {at: 100%, do: [tell, {shorten: {policies: [default], to: 24h}}, ask]}
"""


def test_a_crossing_shortens_the_waits_that_the_file_names_says_so_and_lets_go_when_it_is_over(place: Place) -> None:
    place.harness.configure(place.config.read_text() + RESPONDING)
    look(place)
    look(place, 1)

    assert "While it stands, waits of default become 24 h" in place.harness.told().replace("1 d", "24 h")
    waits = {
        name: document["wait"]["because"]
        for name, document in place.harness.guard.ledger.verdicts().items()
        if document.get("wait")
    }
    assert any("while budget lately stands above 100%" in because for because in waits.values())
    said = place.here("explain", "gpu").out
    assert "budget lately stands above 100%" in " ".join(said.split())

    place.harness.change(undeploy={"endpoint": "gpu"})
    look(place, 14)
    look(place, 1)
    after = [
        document
        for name, document in place.harness.guard.ledger.verdicts().items()
        if document.get("wait") and document["decision"] != "gone"
    ]
    assert after
    assert not any("stands above" in document["wait"]["because"] for document in after)


def test_an_alert_comes_at_the_look_after_the_crossing(watched: Place) -> None:
    before = standing(watched, "vision")
    rate = Decimal("1.1507") + Decimal("0.18396")
    hours = (Decimal(30) - Decimal(before["spent"]["amount"])) / rate
    look(watched, float(hours) - 0.05)
    assert "50% of $60.00" not in watched.harness.told()
    look(watched, 0.1)
    assert "50% of $60.00" in watched.harness.told()


def test_the_command_shows_what_the_daemon_told(watched: Place) -> None:
    look(watched, 12)

    answer = watched.here("budgets")

    assert answer.code == 1
    assert "vision" in answer.out
    assert "forecast 100%" in answer.out
    crossed = {one["threshold"] for one in standing(watched, "vision")["crossed"]}
    assert crossed == {"50%", "forecast 100%"}
    assert Decimal(standing(watched, "vision")["spent"]["amount"]) > 30


def test_a_rolling_budget_is_left_when_the_spending_ends_and_can_be_crossed_again(watched: Place) -> None:
    look(watched, 1)
    assert standing(watched, "lately")["crossed"]
    for endpoint in ("gpu", "scaled", "spot", "sharer-one", "sharer-two"):
        watched.harness.change(undeploy={"endpoint": endpoint})
    for _ in range(14):
        look(watched, 1)
    assert standing(watched, "lately")["crossed"] == []
    assert "Was crossed: lately 100%" in watched.here("budgets", "--past").out


def test_a_daemon_that_died_before_it_told_tells_at_the_next_look(watched: Place) -> None:
    watched.harness.sink.messages.clear()
    watched.execute("DELETE FROM notices WHERE kind = 'budget_crossed'")
    look(watched, 0.25)
    assert watched.harness.told().count("forecast 100% of $60.00 crossed") == 1


def test_a_new_month_is_told_anew(watched: Place) -> None:
    look(watched, 24 * 29)
    watched.harness.sink.messages.clear()
    look(watched, 24)
    assert watched.harness.told().count("forecast 100% of $60.00 crossed") == 1


def test_no_budget_is_no_error(place: Place) -> None:
    look(place)
    answer = place.here("budgets")
    assert (answer.code, "names no budget" in answer.out) == (0, True)


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        ("{name: b}", "needs either monthly, or amount and per"),
        ("{name: b, monthly: 5 USD, per: 7d}", "needs either monthly, or amount and per"),
        ("{name: b, amount: 5 USD, per: 7d}", "found a forecast with per"),
        ("{name: b, monthly: 0 USD}", "is 0. Expected an amount above 0"),
        ("{name: b, monthly: 5 USD, to: nobody}", "found 'nobody'. Expected a name under notify: ml, ops, shop"),
        ("{name: b, monthly: 5 USD}, {name: b, monthly: 6 USD}", "a second time"),
        (
            "{name: b, monthly: 5 USD, on_crossing: [{at: 80%, do: [ask]}]}",
            "on_crossing[0].at: found '80%'. Expected one of alert_at",
        ),
        (
            "{name: b, monthly: 5 USD, on_crossing: [{at: 50%, do: [{shorten: {policies: [none], to: 50%}}]}]}",
            "shorten.policies: found 'none'. Expected a policy's name: default",
        ),
        (
            "{name: b, monthly: 5 USD, on_crossing: [{at: 50%, do: [{cancel_jobs: {policies: [default]}}]}]}",
            "whose `do` holds no cancel_job",
        ),
        (
            "{name: b, monthly: 5 USD, on_crossing: [{at: 50%, do: [{shorten: {policies: [default], to: 6x}}]}]}",
            "found '6x'. Expected a share",
        ),
    ],
)
def test_a_wrong_budget_is_one_clear_error(place: Place, budget: str, said: str) -> None:
    place.harness.configure(place.config.read_text() + f"budgets: [{budget}]\n")
    answer = place.here("config", "check")
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert "guard.yaml:" in answer.err
