"""Plans and verdicts by value: JSON that says everything, and the shape that others rely on."""

from __future__ import annotations

import json
from datetime import datetime

from hypothesis import given

from guard.core.documents import plan_document, planned_document, verdict_document
from guard.core.model import Snapshot
from guard.core.planning import make_plan
from guard.core.reasons import MEANING
from guard.core.removal import ActState, act_id
from guard.core.rules import Mode
from guard.core.usage import Usage
from tests.builders import LONG_AGO, NOW, a_pool_with, a_snapshot, a_view, an_act, an_endpoint, judged, some_rules
from tests.strategies import checked, fleets

PROMISED = {"subject", "stage", "reason", "evidence", "rate", "due_at"}


def plan_of(snapshot: Snapshot, usages: dict[str, Usage] | None = None) -> dict[str, object]:
    rules = some_rules()
    acts = tuple(
        an_act(d.name, generation=f"{LONG_AGO.isoformat()}/{d.id}", state=ActState.NOTICED)
        for e in snapshot.endpoints[:1]
        for d in e.deployed
    )
    verdicts = tuple(judged(snapshot, usages, rules=rules).values())
    plan = make_plan(verdicts, lambda _: rules, a_view(acts=acts), (), NOW, "c1", Mode.OBSERVE, "config-1")
    return plan_document(plan)


def test_a_plan_has_the_promised_shape() -> None:
    document = plan_of(a_snapshot(an_endpoint(1), an_endpoint(2), an_endpoint(3, deployed=())))

    assert {"cycle_id", "taken_at", "mode", "actions", "notices", "blocked", "kept", "unknown"} <= set(document)
    assert document["cycle_id"] == "c1"
    assert document["mode"] == "observe"
    for name in ("actions", "notices", "kept"):
        items = document[name]
        assert isinstance(items, list)
        assert items
        assert set(items[0]) >= PROMISED


def test_a_rate_is_exact_text_and_unknown_is_null() -> None:
    verdicts = judged(a_snapshot(an_endpoint(1), an_endpoint(2, deployed=())))
    documents = {name: verdict_document(verdict) for name, verdict in verdicts.items()}

    rates = sorted((str(d["rate"]) for d in documents.values()), key=len)
    assert rates[0] == "None"
    assert rates[1] == "{'amount': '0.2200', 'currency': 'USD'}"


def test_a_planned_act_names_its_id_its_blocks_and_its_pool() -> None:
    pool, endpoints = a_pool_with(2)
    rules = some_rules()
    verdicts = tuple(judged(a_snapshot(*endpoints, pools=[pool]), rules=rules).values())
    (first, _) = make_plan(verdicts, lambda _: rules, a_view(), (), NOW, "c", Mode.OBSERVE, "d").upcoming

    document = planned_document(first)

    assert document["act_id"] == act_id(first.key)
    assert document["group"] == pool.name
    assert document["rate"] is None
    assert document["group_rate"] == {"amount": "0.2200", "currency": "USD"}
    assert document["blocks"] == []


@checked
@given(fleets())
def test_every_document_survives_json_and_every_reason_has_a_meaning(fleet: tuple[Snapshot, dict[str, Usage]]) -> None:
    snapshot, usages = fleet
    document = plan_of(snapshot, usages)
    meanings = {reason.value for reason in MEANING}

    assert json.loads(json.dumps(document)) == document
    for name in ("actions", "notices", "blocked", "kept", "unknown"):
        items = document[name]
        assert isinstance(items, list)
        for item in items:
            assert item["reason"] in meanings
            assert isinstance(item["evidence"], dict)
    assert datetime.fromisoformat(str(document["taken_at"])) == NOW
