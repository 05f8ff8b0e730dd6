"""A place that cannot be listed hides nothing: what was there is unknown, kept, listed, and explained as such."""

from guard.core.documents import plan_document
from tests.e2e.harness import Harness


def test_what_is_in_a_place_that_cannot_be_listed_is_listed_as_unknown_and_kept(harness: Harness) -> None:
    harness.steps(1)
    harness.fault("permission_lost", location="us-central1")

    result = harness.steps(4)[-1]

    assert result.plan is not None
    document = plan_document(result.plan, result.unlisted)
    unknown = {item["endpoint_display_name"]: item for item in document["unknown"] if item["kind"] == "deployed_model"}
    assert set(unknown) == {"forgotten", "busy"}
    assert {item["reason"] for item in unknown.values()} == {"listing_failed"}
    assert all(item["evidence"]["not_listed"] for item in unknown.values())
    assert all(item["due_at"] is None for item in unknown.values())
    kept = harness.guard.ledger.verdict(unknown["busy"]["subject"])
    assert kept is not None
    assert (kept["decision"], kept["reason"]) == ("unknown", "listing_failed")
    assert harness.changes() == []


def test_it_is_judged_again_once_the_place_can_be_listed(harness: Harness) -> None:
    harness.steps(1)
    harness.fault("permission_lost", location="us-central1")
    harness.steps(2)
    harness.clear_faults()

    result = harness.steps(1)[-1]

    assert result.unlisted == ()
    assert {v.subject.display_name for v in result.verdicts} >= {"forgotten-model", "busy-model"}
