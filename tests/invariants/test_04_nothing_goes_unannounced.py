"""4. No removal without a delivered notice, a committed intent, and a recipe or a named person's recorded acceptance."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from guard.core.plan import NoticeKind
from guard.core.reasons import BlockReason
from guard.core.removal import ActState
from guard.core.verdict import Stage
from tests.e2e.harness import CONFIG, Harness, a_harness


def test_nothing_goes_while_its_notice_does_not_arrive(harness: Harness) -> None:
    harness.sink.refuse = True

    results = harness.steps(30)

    assert harness.changes() == []
    assert BlockReason.NOTICE_NOT_DELIVERED in {one.block for result in results for one in result.did}
    assert harness.states() == {"forgotten": ActState.PROPOSED}


def test_once_it_arrives_the_whole_notice_runs_from_then_on(harness: Harness) -> None:
    harness.sink.refuse = True
    harness.steps(10)
    harness.sink.refuse = False
    harness.steps(14)

    [act] = harness.acts()
    assert act.state is ActState.VERIFIED
    assert act.noticed_at is not None
    assert act.intended_at is not None
    assert act.intended_at - act.noticed_at >= timedelta(hours=2)
    assert act.noticed_at > act.proposed_at + timedelta(hours=9)


def test_an_owner_who_cannot_be_reached_is_replaced_by_the_fallback(harness: Harness) -> None:
    harness.configure(CONFIG.replace('ml: "SINK"', 'ml: "json://127.0.0.1:9"'))

    harness.steps(16)

    [act] = harness.acts()
    [notice] = [n for n in harness.guard.ledger.notices(act_id=act.id) if n.notice.kind is NoticeKind.REMOVAL_AHEAD]
    assert notice.escalated
    assert notice.delivered_at is not None
    assert act.intended_at is not None
    assert act.intended_at - notice.delivered_at >= timedelta(hours=2)
    assert act.state is ActState.VERIFIED


def test_the_intent_is_committed_before_the_call_and_the_recipe_with_it(harness: Harness) -> None:
    at_call: list[tuple[ActState, bool, bool]] = []
    acting = harness.guard.cycle._p.acting
    send = acting._mutations.undeploy  # type: ignore[union-attr]  # the wiring's own class

    def undeploy(endpoint: str, deployed: str, **kwargs: object) -> object:
        [act] = harness.acts()
        recipe = harness.guard.ledger.recipe(act.recipe_id or "")
        stored = recipe is not None and recipe.copied_to is not None
        delivered = any(
            item.delivered_at is not None
            for item in harness.guard.ledger.notices(act_id=act.id)
            if item.notice.kind is NoticeKind.REMOVAL_AHEAD
        )
        at_call.append((act.state, stored, delivered))
        return send(endpoint, deployed, **kwargs)

    acting._mutations.undeploy = undeploy  # type: ignore[union-attr]
    harness.steps(6)

    assert at_call == [(ActState.INTENDED, True, True)]


def test_the_recipe_lies_in_the_bucket_as_raw_documents(harness: Harness) -> None:
    harness.until_settled()
    [act] = harness.acts()
    store = harness.guard.store()
    assert store is not None

    there = store.read(f"recipes/{act.recipe_id}.json")

    assert there is not None
    recipe = json.loads(there[0])
    assert recipe["documents"]["deployed_model"]["id"] == "11"
    assert recipe["documents"]["endpoint"]["displayName"] == "forgotten"
    assert recipe["documents"]["model_version"]["name"].startswith("projects/")


def test_nothing_goes_where_the_recipe_cannot_be_copied_out(harness: Harness) -> None:
    harness.steps(2)
    harness.fault("permission_lost", service="storage", resource="*recipes*")

    results = harness.steps(4)

    assert not [call for call in harness.changes() if call.method == "UndeployModel"]
    assert BlockReason.NO_RECIPE in {one.block for result in results for one in result.did}


def test_nothing_goes_whose_model_is_not_there_to_be_deployed_again(harness: Harness) -> None:
    harness.steps(2)
    harness.change(delete_model={"model": "forgotten-model"})

    results = harness.steps(3)

    assert not [call for call in harness.changes() if call.method == "UndeployModel"]
    assert BlockReason.NO_RECIPE in {one.block for result in results for one in result.did}


MODEL = """
start: 2026-11-02T00:00:00Z
projects:
  - {id: demo-research, number: "100000000001", locations: [us-central1, europe-west4]}
models:
  - {id: 77, display_name: unused, location: us-central1, created: -80d}
"""
DELETE = CONFIG.replace("do: [undeploy]", "do: [{delete_model: {wait: 1d}}]") + "housekeeping: true\n"


def test_what_cannot_be_undone_waits_for_a_named_persons_acceptance(tmp_path: Path) -> None:
    with a_harness(tmp_path, scenario=MODEL, config=DELETE) as harness:
        for _ in range(8):
            harness.cycle()
            harness.advance(12)
        acts = harness.acts(Stage.DELETE_MODEL)
        assert acts, "it is idle and opted in to"
        assert all(act.state is not ActState.VERIFIED for act in acts)
        assert harness.changes() == []
        plan = harness.cycle().plan
        assert plan is not None
        assert {block for planned in plan.blocked for block in planned.blocks} >= {BlockReason.ACCEPTANCE_MISSING}
