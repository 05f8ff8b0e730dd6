"""What people hear of a thing from its removal to its restore, and what they can say meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.world import Place
from tests.e2e.harness import a_harness

SCENARIO = """
start: 2026-11-02T00:00:00Z
seed: 5
world_id: back
projects: [{id: demo-research, number: "100000000001", locations: [us-central1]}]
endpoints:
  - {id: 1001, display_name: forgotten, project: demo-research, location: us-central1, labels: {owner: ml},
      deploy: [{id: 11, machine: n1-standard-4}], traffic: {pattern: burst_then_forgotten, until: -20d}}
"""
CONFIG = """\
mode: enforce
projects: [demo-research]
locations: [us-central1]
owners: {from: [label:owner], fallback: ops}
notify: {ops: "SINK", ml: "SINK"}
if_wrong: {team: {per_minute_down: 0.5}}
bucket: gs://guard
policies: [{name: default, if_wrong: team, wait: break_even, notify_before: 2h, grace: 3h, do: [undeploy]}]
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The removal is done."""
    folder = tmp_path_factory.mktemp("back")
    with a_harness(folder, scenario=SCENARIO, config=CONFIG) as harness:
        harness.steps(5)
        yield Place(harness, folder)


def test_a_thing_is_followed_through_its_removal_and_its_restore(place: Place) -> None:
    removed = place.here("explain", "forgotten").out
    assert "was undeployed" in removed
    assert "It cost $0.22 an hour" in removed
    assert "It costs" not in removed

    for word in ("keep", "remove"):
        refused = place.here(word, "forgotten")
        assert (refused.code, refused.out) == (1, "")
        assert "forgotten is gone: it was removed 2026-11-02" in refused.err
        assert "tuneguard restore projects/100000000001/" in refused.err

    assert place.here("restore", "forgotten", "--who", "ada").code == 0
    place.harness.steps(2)
    judged = place.here("explain", "forgotten", "-o", "json").document
    assert judged["verdict"]["reason"] in {"restored_recently", "kept_by_person"}
    assert "/deployedModels/11" not in judged["subject"]
    story = place.here("explain", "forgotten").out
    assert "on ada's word; its wait is doubled since then" in story
    changes = place.here("history", judged["subject"], "-o", "json").document["events"]
    assert "restored recently" in [line["detail"] for line in changes if line["what"] == "judged keep"]
    assert "young" not in [line["detail"] for line in changes]

    events = place.here("history", "forgotten", "-o", "json").document["events"]
    whats = [line["what"] for line in events]
    assert whats.index("undeploy verified") < whats.index("restore due") < whats.index("restore verified")
    assert {line["subject"].rsplit("/", 1)[-1] for line in events} > {"11"}, "both the old and the new one"
    assert "asked by ada" in [line["detail"] for line in events]

    place.harness.steps(4)
    kept = place.here("keep", "forgotten", "--until", "2d", "--why", "demo", "--who", "ada")
    assert "It costs $0.22 an hour, $10.51 until then." in kept.out
    place.harness.steps(3)
    again = place.here("keep", "forgotten", "--until", "Friday 18:00", "--tz", "Europe/Madrid", "--who", "bob")
    assert (
        "Kept: forgotten until 2026-11-06 17:00 UTC (Friday 2026-11-06 18:00 Europe/Madrid), on bob's word."
        in again.out
    )
    assert "Keeping it since 2026-11-02" in again.out
    assert "has cost $0.66 so far" in again.out
    assert "; has cost $0.66" in place.here("explain", "forgotten").out
