"""The week ahead as a document: what is coming, what waits for a person, what is under way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from guard.config import load
from guard.core.removal import Act, ActState
from guard.core.settings import Settings
from guard.desk.week import week
from guard.ledger import SqlLedger, open_ledger, tables
from guard.ports.ledger import CycleRecord
from tests.builders import NOW, PARENT, an_act

FILE = """\
mode: observe
projects: [acme-ml]
owners: {fallback: ops}
notify: {ops: "json://127.0.0.1:1"}
every: 1h
if_wrong: {team: {per_minute_down: 1}}
policies:
  - {name: watched, match: {labels: {tier: gold}}, if_wrong: team, wait: 24h}
  - {name: default, if_wrong: team, wait: 24h, do: [undeploy]}
limits: {removals_per_day: 2}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "guard.yaml").write_text(FILE, encoding="utf-8")
    return load(tmp_path / "guard.yaml", {}).settings


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    ledger = open_ledger(f"sqlite:///{tmp_path / 'l.db'}", world="sandbox:desk", durable_hint=True)
    yield ledger
    ledger.close()


def subject(name: str) -> str:
    return f"{PARENT}/endpoints/{name}/deployedModels/1"


def a_line(name: str, *, amount: str | None = "1", hours: float = 0, **changes: Any) -> dict[str, Any]:
    """One thing's line in a plan, due so many hours from now."""
    return {
        "subject": subject(name),
        "kind": "deployed_model",
        "project": "acme-ml",
        "location": "us-central1",
        "display_name": name,
        "endpoint_display_name": name,
        "owner": None,
        "policy": "default",
        "decision": "idle",
        "reason": "idle",
        "meaning": "",
        "stage": "undeploy",
        "billed": True,
        "rate": None if amount is None else {"amount": amount, "currency": "USD"},
        "due_at": (NOW + timedelta(hours=hours)).isoformat(),
        "blocks": [],
        "group": None,
        "group_rate": None,
        "act_id": f"a-{name}",
        **changes,
    }


def a_kept(name: str, hours: float, **changes: Any) -> dict[str, Any]:
    would = (NOW + timedelta(hours=hours)).isoformat()
    return a_line(name, decision="keep", reason="waiting", stage=None, due_at=None, would_go_at=would, **changes)


def look(ledger: SqlLedger, **lists: list[dict[str, Any]]) -> None:
    plan = {name: lists.get(name, []) for name in ("actions", "notices", "blocked", "kept", "unknown")}
    ledger.save_verdicts("c-1", NOW, {one["subject"]: one for items in plan.values() for one in items})
    ledger.save_cycle(
        CycleRecord(
            id="c-1",
            taken_at=NOW,
            mode="observe",
            config_digest="d",
            term=None,
            took=timedelta(seconds=1),
            summary={},
            plan={"cycle_id": "c-1", "breaker": None, "doubts": [], **plan},
        )
    )


def when(document: dict[str, Any]) -> dict[str, float]:
    """Name -> hours after the look, of everything within the week."""
    return {
        one["name"]: (datetime.fromisoformat(one["goes_at"]) - NOW) / timedelta(hours=1)
        for day in document["days"]
        for one in day["items"]
    }


def test_due_announced_and_silent_things_come_in_the_order_of_the_limits(ledger: SqlLedger, settings: Settings) -> None:
    look(
        ledger,
        actions=[a_line("cheap", amount="1"), a_line("dear", amount="9"), a_line("unpriced", amount=None)],
        notices=[a_line("announced", hours=30)],
        kept=[a_kept("silent", 100), a_kept("far", 24 * 9)],
    )

    document = week(ledger, settings, NOW)

    assert when(document) == {"dear": 1, "cheap": 1, "unpriced": 25, "announced": 30, "silent": 100}
    assert [one["name"] for one in document["next"]] == ["dear", "cheap"]
    assert document["days"][0]["frees"] == [{"amount": "10", "currency": "USD"}]
    assert {one["sure"] for day in document["days"] for one in day["items"]} == {"due", "announced", "silent"}
    assert (document["kept"], document["unknown"]) == (2, 0)


def test_what_waits_for_a_person_has_no_hour_but_a_way_out(ledger: SqlLedger, settings: Settings) -> None:
    look(
        ledger, blocked=[a_line("wide", blocks=["large_widening", "throttled"]), a_line("later", blocks=["throttled"])]
    )

    document = week(ledger, settings, NOW)

    assert list(when(document)) == ["later"], "a limit passes by itself"
    [blocked] = document["blocked"]
    assert blocked["name"] == "wide"
    assert blocked["blocks"][0]["way_out"] == "Look at `tuneguard plan`, then `tuneguard approve --widening`."


def test_what_its_policy_only_watches_never_comes(ledger: SqlLedger, settings: Settings) -> None:
    look(ledger, kept=[a_kept("watched", 5, policy="watched"), a_kept("other", 5)])

    assert list(when(week(ledger, settings, NOW))) == ["other"]


def test_what_has_begun_is_under_way_and_counts_against_the_cap(ledger: SqlLedger, settings: Settings) -> None:
    begun = an_act(subject("begun"), state=ActState.PROPOSED)
    ledger.propose(begun)
    look(ledger, actions=[a_line("begun", act_id=begun.id), a_line("next")])
    before = when(week(ledger, settings, NOW))
    _begin(ledger, begun)

    document = week(ledger, settings, NOW)

    assert set(before) == {"begun", "next"}
    assert list(when(document)) == ["next"]
    assert [one["subject"] for one in document["under_way"]] == [subject("begun")]
    assert (document["caps"]["used"], document["caps"]["left"]) == (1, 1)


def test_the_sharers_of_a_pool_stop_its_bill_once(ledger: SqlLedger, settings: Settings) -> None:
    shared = {
        "group": f"{PARENT}/deploymentResourcePools/p",
        "group_rate": {"amount": "4", "currency": "USD"},
        "rate": None,
    }
    look(ledger, actions=[a_line("one", **shared), a_line("two", **shared), a_line("alone", amount="1")])
    ledger.save_verdicts(
        "c-1", NOW, {shared["group"]: a_line("p", amount="4", subject=shared["group"], kind="pool", decision="idle")}
    )

    document = week(ledger, settings, NOW)

    assert document["picture"] is not None
    stands, planned = (one["values"] for one in document["picture"]["series"])
    assert (stands[0], planned[-1]) == (5.0, 0.0)


def test_a_ledger_that_saw_nothing_has_no_week(ledger: SqlLedger, settings: Settings) -> None:
    document = week(ledger, settings, NOW)

    assert (document["taken_at"], document["next"], document["picture"]) == (None, [], None)
    assert [day["count"] for day in document["days"]] == [0] * 7


def _begin(ledger: SqlLedger, act: Act) -> None:
    """As if the daemon had begun it: the arrow itself needs a leader, a claim and more."""
    with ledger._database.write() as writing:
        writing.connection.execute(
            update(tables.acts).where(tables.acts.c.id == act.id).values(state=ActState.STARTED.value, intended_at=NOW)
        )
