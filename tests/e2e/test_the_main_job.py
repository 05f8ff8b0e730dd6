"""Watch, judge, tell, undeploy, restore, explain: over the wire, with the real wiring."""

from datetime import timedelta

from guard.core.reasons import BlockReason, KeepReason
from guard.core.removal import ActState
from guard.core.verdict import Idle, Keep, Stage
from tests.e2e.harness import CONFIG, Harness


def test_a_forgotten_deployment_is_told_then_undeployed_then_verified(harness: Harness) -> None:
    results = harness.until_settled()

    [act] = harness.acts()
    assert (act.display_name, act.state) == ("forgotten", ActState.VERIFIED)
    assert harness.deployed("1001") == []
    assert harness.deployed("1002") == ["12"]
    assert [call.method for call in harness.changes()] == ["UndeployModel", "UpdateEndpoint"]
    assert act.noticed_at is not None
    assert act.intended_at is not None
    assert act.intended_at - act.noticed_at >= timedelta(hours=2), "the notice ran before the act"
    assert "undeploying it 2026-11-02 02:00 UTC" in harness.told()
    assert "was undeployed" in harness.told()
    assert results[-1].settled[0].ours


def test_the_shell_that_stays_says_when_its_model_went(harness: Harness) -> None:
    harness.until_settled()

    document = harness.guard.cycle._p.inventory.get("projects/100000000001/locations/us-central1/endpoints/1001")

    assert document.body is not None
    assert document.body["labels"]["tuneguard-removed"] == "2026-11-02"


def test_a_new_thing_that_bills_is_told_once(harness: Harness) -> None:
    harness.steps(3)

    assert harness.told().count("New: busy") == 1


def test_observe_plans_the_same_and_changes_nothing(harness: Harness) -> None:
    harness.configure(CONFIG.replace("mode: enforce", "mode: observe"))

    results = harness.steps(6)

    assert [planned.verdict.subject.display_name for planned in results[-1].plan.actions] == ["forgotten-model"]
    assert {one.block for one in results[-1].did} == {BlockReason.OBSERVE_MODE}
    assert harness.changes() == []


def test_a_call_before_the_due_time_stops_the_removal(harness: Harness) -> None:
    harness.steps(1)
    harness.change(requests={"endpoint": "forgotten", "requests": 3})

    harness.steps(4)

    assert harness.states()["forgotten"] is ActState.CANCELLED
    assert harness.deployed("1001") == ["11"]
    assert "The notice about" in harness.told()


def test_a_keep_stops_an_announced_removal(harness: Harness) -> None:
    harness.steps(1)
    subject = harness.acts()[0].key.subject
    harness.guard.ledger.add_keep(subject, "a person", "needed on Friday", harness.guard.clock.now(), None)

    last = harness.steps(5)[-1]

    kept = {v.subject.name: v.reason for v in last.verdicts if isinstance(v, Keep)}
    assert kept[subject] is KeepReason.KEPT_BY_PERSON
    assert harness.deployed("1001") == ["11"]


def test_a_restore_brings_the_model_back_and_keeps_it_for_its_grace(harness: Harness) -> None:
    from guard.core.restore import restore_act

    harness.until_settled()
    [removal] = harness.acts()
    harness.guard.ledger.propose(restore_act(removal, 1, harness.guard.clock.now(), asked_by="a person"))

    results = harness.until_settled()

    [restore] = harness.acts(Stage.RESTORE)
    assert restore.state is ActState.VERIFIED, restore.detail
    [back] = harness.deployed("1001")
    assert back != "11", "a redeploy takes a new deployed model id"
    results += [harness.cycle()]
    verdict = next(v for v in results[-1].verdicts if v.subject.name.endswith(f"/deployedModels/{back}"))
    assert not isinstance(verdict, Idle)
    assert "is back" in harness.told()


def test_savings_claimed_and_measured_agree_with_the_meter(harness: Harness) -> None:
    harness.until_settled()
    harness.steps(24)

    [saving] = harness.guard.ledger.savings()

    assert saving.claimed is not None
    assert saving.measured is not None
    assert saving.claimed.amount >= saving.measured.amount > 0
    assert saving.claimed.amount - saving.measured.amount <= 2 * saving.rate.amount
