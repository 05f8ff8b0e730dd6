"""Plan, jobs, money and backtest: the pages say what the desk and the command line say, and teach where there is nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from markupsafe import Markup

from guard.config import load
from guard.core.rules import Fixed
from guard.core.units import Money
from guard.desk.outlooks import Made
from tests.cli.world import here
from tests.e2e.harness import a_harness
from tests.web.pages.outlook_world import FILE, an_outlook
from tests.web.place import Place, a_page

FORGOTTEN = "projects/100000000001/locations/us-central1/endpoints/1001/deployedModels/11"


@pytest.fixture(scope="module")
def outlook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with an_outlook(tmp_path_factory.mktemp("outlook"), port=9466) as place:
        yield place


SAVED = {"claimed": "12.34", "measured": "11.22", "billed": "10.01"}


def text(place: Place, address: str, status: int = 200) -> str:
    """The page's content as a reader sees it, with its tags."""
    answer = place.browser("vera").get(address)
    assert answer.status_code == status, answer.text[:500]
    return answer.text.partition("<main")[2].partition("</main>")[0]


def seen(html: str) -> str:
    """The words without the tags and without the pictures' figures."""
    return Markup(re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)).striptags()


def pictures(html: str) -> list[dict[str, Any]]:
    return [json.loads(one) for one in re.findall(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)]


def written(money: dict[str, str]) -> str:
    return str(Money(Decimal(money["amount"]), money["currency"]))


def test_the_plan_says_what_goes_when_and_what_of_the_caps_is_left(outlook: Place) -> None:
    week = outlook.desk.week()
    words = seen(text(outlook, "/plan"))

    assert week["caps"] | {"by_project": []} == {
        "used": 0,
        "cap": 1,
        "left": 1,
        "by_project": [],
        "project_cap": None,
        "frees_at": None,
    }
    assert "0 of 1" in words
    dearest = next(day for day in week["days"] if day["count"])
    [first] = dearest["items"]
    assert (first["subject"], first["held"]) == (FORGOTTEN, "waits for its policy's hours")
    assert (first["goes_at"], first["sure"]) == ("2026-11-04T00:00:00+00:00", "announced")
    assert f"{written(dearest['frees'][0])} an hour less" in words
    gone = [one["goes_at"] for day in week["days"] for one in day["items"]]
    assert len(gone) == len({at[:10] for at in gone}), "one a day, as the limits say"
    assert week["later"], "this week has no room for all of them"
    for one in (*(one for day in week["days"] for one in day["items"]), *week["later"]):
        assert one["name"] in words


def test_the_picture_of_the_week_ends_at_what_is_left(outlook: Place) -> None:
    week = outlook.desk.week()
    [picture] = pictures(text(outlook, "/plan"))

    stands, planned = (one["values"] for one in picture["series"])
    frees = sum(float(one["amount"]) for day in week["days"] for one in day["frees"])
    assert stands[0] == planned[0]
    assert planned[-1] == pytest.approx(stands[-1] - frees)
    assert float(outlook.desk.status()["totals"]["rates"][0]["hour"]["amount"]) == pytest.approx(stands[0])


def test_modes_differ_by_colour_and_not_by_content(outlook: Place) -> None:
    plans = {}
    for mode in ("observe", "approve", "enforce"):
        outlook.harness.configure(FILE.replace("mode: approve", f"mode: {mode}"))
        plans[mode] = text(outlook, "/plan")
    outlook.harness.configure(FILE)

    assert len({re.sub(r"acts?[- ](observe|approve|enforce)", "", one) for one in plans.values()}) == 1
    for mode, html in plans.items():
        assert f'<span class="act {mode}">undeploying it</span>' in html


def test_jobs_show_state_end_cost_and_the_loss_curve(outlook: Place) -> None:
    jobs = {one["name"]: one for one in outlook.desk.tuning()["jobs"]}
    html = text(outlook, "/jobs")
    words = seen(html)

    assert list(jobs) == ["nightly-tune", "answers", "tuned-answers"], "a provider's job stands once"
    assert (jobs["nightly-tune"]["state"], jobs["nightly-tune"]["late"]) == ("running", True)
    assert jobs["nightly-tune"]["ends_at"] == "2026-11-03T01:24:00+00:00"
    assert jobs["nightly-tune"]["warning"] in words
    assert written(jobs["answers"]["cost"]) in words
    [picture] = pictures(html)
    training, validation = picture["series"]
    assert picture["x"][-1] == 180
    assert training["values"][-1] < training["values"][0]
    assert sum(value is not None for value in validation["values"]) == 3
    assert "Vertex AI&#39;s job says nothing of its loss" in html


def test_the_calendar_counts_the_days_until_a_base_is_shut_down(outlook: Place) -> None:
    calendar = outlook.desk.tuning()["calendar"]

    assert [(one["base"], one["last_day"], one["days_left"], one["level"]) for one in calendar] == [
        ("gpt-4.1-mini-2025-04-14", "2027-01-14", 72, "idle"),
        ("gemini-3.5-flash", "2027-05-19", 197, ""),
    ]
    assert calendar[1]["tunes"][0]["name"] == "tuned-answers"
    assert "LiteLLM" in seen(text(outlook, "/jobs"))


def test_budgets_say_what_the_command_says_and_their_pictures_end_there(outlook: Place) -> None:
    answer = here("budgets", "--output", "json", folder=outlook.harness.folder, environment=outlook.harness.environment)
    html = text(outlook, "/money")
    words = seen(html)

    shown = pictures(html)
    assert [one["title"] for one in shown] == ["Budget all", "Budget shop"]
    for budget, picture in zip(answer.document["budgets"], shown, strict=True):
        spent, amount, ahead = (one["values"] for one in picture["series"])
        assert written(budget["spent"]) in words
        assert written(budget["forecast"]) in words
        known = [value for value in spent if value is not None]
        assert known == sorted(known)
        assert known[-1] == pytest.approx(float(budget["spent"]["amount"]))
        assert ahead[-1] == pytest.approx(float(budget["forecast"]["amount"]))
        assert set(amount) == {float(budget["amount"]["amount"])}
    assert "50% crossed" in words
    assert re.search(r"ops: Budget all: 50% of \$10.00 crossed, delivered", words)


def test_savings_are_those_of_the_command_by_month_and_removal(outlook: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    told = outlook.desk.savings()
    assert {key: told[key] for key in ("months", "removals")}.items() <= outlook.desk.money()["savings"].items()
    assert "Nothing was removed yet" in seen(text(outlook, "/money"))

    usd = {name: [{"amount": amount, "currency": "USD"}] for name, amount in SAVED.items()}
    removal = {"name": "old-one", "subject": "projects/1/x", "since": "2026-11-01T00:00:00+00:00", "until": None}
    one = {name: amounts[0] for name, amounts in usd.items()} | {"rate": usd["claimed"][0], "billed": usd["billed"]}
    found = {**told, "months": [told["months"][0] | usd], "removals": [removal | one | {"billed_unknown": ""}]}
    monkeypatch.setattr("guard.desk.money_view.savings", lambda *_: found)
    monkeypatch.setattr(outlook.desk, "_made", Made(patience=timedelta(seconds=60)))
    words = seen(text(outlook, "/money"))
    assert "By removal: 1" in words
    assert all(f"${amount}" in words for amount in SAVED.values())


def test_spend_adds_up_and_what_is_unknown_is_named(outlook: Place) -> None:
    money = outlook.desk.money()
    words = seen(text(outlook, "/money"))

    total = Decimal(money["total"]["known"][0]["amount"])
    for group in money["by"]:
        assert sum(Decimal(one["amount"]) for line in group["lines"] for one in line["known"]) == total, group["by"]
        assert sum(line["unknown"] for line in group["lines"]) == money["total"]["unknown"] == len(money["unknown"])
    assert [group["by"] for group in money["by"]] == ["team", "owner", "project", "kind"]
    assert "q9-mega-1 in us-central1" in words
    assert "≥ " in words


def test_a_backtest_compares_waits_and_names_the_worst(outlook: Place) -> None:
    document = outlook.desk.trial(("policy", "24h", "never"))
    words = seen(text(outlook, "/backtest?wait=policy&wait=24h&wait=never"))

    [fleet] = document["result"]["fleets"]
    assert [one["rule"] for one in fleet["results"]] == ["policy", "24h", "never"]
    assert fleet["results"][0]["removals"] > 0
    for one in fleet["results"]:
        assert str(Money(Decimal(str(one["saved"])), "USD")) in words
        for worst in one["worst_endpoints"]:
            assert document["names"][worst["endpoint"]] in words


def test_use_this_policy_shows_a_change_and_writes_nothing(outlook: Place) -> None:
    path = outlook.harness.config
    before = path.read_text("utf-8")

    html = text(outlook, "/backtest?wait=24h&policy=default&use=24h")

    assert "-    wait: break_even\n+    wait: 24h\n" in html
    assert path.read_text("utf-8") == before
    other = path.with_name("other.yaml")
    other.write_text(before.replace("wait: break_even", "wait: 24h"), encoding="utf-8")
    assert load(other, outlook.harness.environment).settings.default.policies[0].wait == Fixed(timedelta(hours=24))


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (
            "/backtest?wait=policy&wait=24h&wait=never&own=soon",
            "expected auto, break_even, never, or a duration such as 24h",
        ),
        ("/backtest?" + "&".join(f"wait={n}h" for n in range(1, 8)), "7 rules were chosen. Expected 6 at the most."),
    ],
)
def test_a_wait_that_is_none_is_said_beside_the_form(outlook: Place, address: str, said: str) -> None:
    assert said in seen(text(outlook, address, status=422))


def test_a_policy_that_is_not_there_is_said_with_those_that_are(outlook: Place) -> None:
    assert "There are: default." in seen(text(outlook, "/backtest?policy=nobody&use=24h", status=404))


def test_a_page_that_is_not_worked_out_yet_says_so_and_asks_again(
    outlook: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for address in ("/", "/plan", "/money", "/backtest"):
        text(outlook, address)
    monkeypatch.setattr("guard.desk.later.Later.get", lambda *_: None)

    for address, figure in (("/plan", "0 of 1"), ("/money", "By owner"), ("/", "of budget")):
        html = text(outlook, address)
        assert "load delay:1s" in html, f"{address} asks again by itself"
        assert figure in seen(html), "what was there before stays meanwhile"
    assert "Saving against cold starts" in text(outlook, "/backtest")

    monkeypatch.setattr("guard.desk.later.Later.last", None)
    for address in ("/plan", "/money", "/backtest"):
        html = text(outlook, address)
        assert "load delay:1s" in html, f"{address} asks again by itself"
        assert "in a moment" in html


def test_a_notice_carries_the_link_to_the_page(outlook: Place) -> None:
    told = outlook.harness.told()

    assert f"On the page: https://guard.example.com/things/{FORGOTTEN}" in told
    assert "On the page: https://guard.example.com/money" in told
    assert f"tuneguard keep {FORGOTTEN}" in told
    assert outlook.browser("vera").get(f"/things/{FORGOTTEN}").status_code == 200


def test_pages_of_a_ledger_that_saw_nothing_teach(tmp_path: Path) -> None:
    with a_harness(
        tmp_path,
        scenario="start: 2026-11-02T00:00:00Z\nprojects: [{id: demo-research, number: '100000000001', locations: [us-central1]}]\n",
    ) as harness:
        assert harness.guard.ledger.latest_cycle() is None
        with a_page(harness, 9467) as place:
            place.desk._made = Made(patience=timedelta(seconds=60))
            for address in ("/plan", "/money", "/backtest"):
                assert "Nobody has looked yet" in text(place, address)
            assert "No tuning job was seen" in text(place, "/jobs")
