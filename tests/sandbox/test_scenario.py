"""Scenario files: what they make, what is said of a wrong one, and that their reference is true."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import guard.sandbox
from guard.sandbox import faults, timings
from guard.sandbox.scenario import schema
from guard.sandbox.scenario.build import build
from guard.sandbox.scenario.load import ScenarioError, load, parse
from guard.sandbox.traffic.named import PATTERNS
from tests.sandbox.conftest import SLOW, a_world

DOCS = Path(__file__).parents[2] / "docs" / "reference" / "scenario.md"
SHIPPED = sorted((Path(guard.sandbox.__file__).parent / "scenarios").glob("*.yaml"))
HOUR = timedelta(hours=1)


def endpoints(text: str) -> str:
    return SLOW + "endpoints:\n" + text


ONE = "  - {id: 1001, display_name: one, project: demo-product, traffic: busy, labels: {team: vision}, deploy: [{id: 11}]}\n"


def document(world: Any, kind: str = "endpoints", ending: str = "") -> Any:
    return next(one for name, one in world.store.all(kind) if name.endswith(ending))


# -- the reference


def section(title: str) -> str:
    text = DOCS.read_text(encoding="utf-8")
    return re.split(r"\n#{2,3} ", text.split(f"\n{title}\n", 1)[1], maxsplit=1)[0]


def rows(text: str) -> list[str]:
    return re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("title", "part"),
    [
        ("## Scenario", schema.Scenario),
        ("## Project", schema.ProjectSpec),
        ("## Model", schema.ModelSpec),
        ("## Pool", schema.PoolSpec),
        ("## Bucket", schema.BucketSpec),
        ("## Endpoint", schema.EndpointSpec),
        ("### Deployed model", schema.DeploySpec),
        ("## Tuning job", schema.TuningSpec),
        ("## Prices", schema.PricesSpec),
        ("## Metric lag", schema.MetricLag),
        ("## Tuning defaults", schema.TuningDefaults),
    ],
)
def test_the_reference_names_every_key_and_no_other(title: str, part: Any) -> None:
    assert sorted(rows(section(title))) == sorted(part.model_fields)


def test_the_reference_names_every_change_with_its_fields() -> None:
    found = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| (.+) \|$", section("## Change"), flags=re.MULTILINE))
    assert sorted(found) == sorted(schema.CHANGE_KINDS)
    for kind, fields in found.items():
        part = schema.Change.model_fields[kind].annotation.__args__[0]  # type: ignore[union-attr]
        own = set(part.model_fields) - set(schema.Place.model_fields)
        if "as above" not in fields or "(" in fields:
            assert set(re.findall(r"`(\w+)`", fields)) == own


def test_the_reference_names_every_fault_scope_operation_and_pattern() -> None:
    text = section("## Fault")
    assert sorted(rows(text)) == sorted([*faults.KINDS, *faults.SCOPE_KEYS])
    for kind, what in faults.KINDS.items():
        line = next(line for line in text.splitlines() if line.startswith(f"| `{kind}` |"))
        assert what.meaning in line
        assert re.findall(r"`(\w+)`", line.split("|")[3]) == list(what.params)
    assert rows(section("## Operations")) == list(timings.DEFAULTS)
    assert sorted(rows(section("### Traffic"))) == sorted(PATTERNS)


def test_the_example_of_the_reference_works() -> None:
    example = DOCS.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    world = build(parse(example))
    world.advance(timedelta(days=10))
    assert world.missed == []
    assert document(world)["labels"] == {"team": "vision", "tuneguard-keep-until": "2026-12-01"}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_a_shipped_scenario_runs_for_a_month(path: Path) -> None:
    world = build(load(path), base_dir=path.parent)
    for _ in range(30):
        world.advance(timedelta(days=1))
    assert world.missed == []


# -- what a scenario makes


def test_the_past_is_played_before_the_start() -> None:
    world = a_world(endpoints(ONE))
    assert document(world)["createTime"] == "2026-10-03T00:00:00.000000Z"
    deployed = document(world)["deployedModels"][0]
    assert deployed["createTime"] == "2026-10-03T00:08:00.000000Z"
    assert document(world)["trafficSplit"] == {"11": 100}
    assert world.deployments[0].started_at == world.start - timedelta(days=30) + timedelta(minutes=8)


def test_a_deployment_to_come_is_an_operation_in_progress() -> None:
    world = a_world(endpoints("  - {id: 1001, project: demo-product, deploy: [{at: 5m, takes: 25m}]}\n"))
    name = document(world)["name"]
    began = world.open_operations[name][0].metadata["genericMetadata"]["createTime"]
    assert began == "2026-11-01T23:40:00.000000Z"
    assert [one.method for one in world.open_operations[name]] == ["DeployModel"]
    assert "deployedModels" not in document(world)
    world.advance(timedelta(minutes=5))
    assert len(document(world)["deployedModels"]) == 1


def test_the_same_scenario_makes_the_same_ids() -> None:
    text = endpoints("  - {id: 1001, project: demo-product, deploy: [{}]}\n")
    one, other = ([name for name, _ in a_world(text).store.all("models")] for _ in range(2))
    assert one == other


def test_endpoints_with_the_same_pattern_are_called_at_different_times() -> None:
    text = endpoints("".join(f"  - {{id: {one}, project: demo-product, traffic: poisson}}\n" for one in (1012, 1021)))
    world = a_world(text)
    one, other = (list(flow.counts(world.start, world.start + 48 * HOUR, HOUR)) for flow in world.traffic.values())
    assert one != other


def test_replicas_follow_the_time_of_day_and_steps() -> None:
    text = endpoints(
        '  - {id: 1001, project: demo-product, deploy: [{daily: {"08:00": 3, "20:00": 1}}]}\n'
        "  - {id: 1002, project: demo-product, deploy: [{steps: [{at: 1d, count: 4}]}]}\n"
    )
    world = a_world(text)
    seen = []
    for _ in range(4):
        world.advance(timedelta(hours=6))
        seen.append(
            [document(world, ending=end)["deployedModels"][0]["status"]["availableReplicaCount"] for end in ("1", "2")]
        )
    assert seen == [[1, 1], [3, 1], [3, 1], [1, 4]]


def test_an_idle_deployment_scales_to_zero_and_wakes() -> None:
    world = a_world(endpoints("  - {id: 1001, project: demo-product, deploy: [{scale_to_zero: {idle: 1h}}]}\n"))
    endpoint = document(world)["name"]
    status = lambda: document(world)["deployedModels"][0]["status"]["availableReplicaCount"]  # noqa: E731
    assert status() == 0
    _, number, _, location, _, endpoint_id = endpoint.split("/")
    world.record_request((number, location, endpoint_id), 1, 429)
    world.advance(timedelta(minutes=6))
    assert status() == 1
    world.advance(timedelta(minutes=55))
    assert status() == 1
    world.advance(timedelta(minutes=15))
    assert status() == 0


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ("label: {endpoint: one, set: {a: b}, remove: [team]}", lambda one: one["labels"] == {"a": "b"}),
        ("undeploy: {endpoint: one}", lambda one: "deployedModels" not in one),
        (
            "deploy: {endpoint: one, deploy: {id: 12}}",
            lambda one: [x["id"] for x in one["deployedModels"]] == ["11", "12"],
        ),
        (
            "scale: {endpoint: one, replicas: 3}",
            lambda one: one["deployedModels"][0]["status"]["availableReplicaCount"] == 3,
        ),
        ("split: {endpoint: one, split: {'11': 100}}", lambda one: one["trafficSplit"] == {"11": 100}),
        ("recreate_endpoint: {endpoint: '1001'}", lambda one: one["createTime"].startswith("2026-11-02T01")),
        ("create_endpoint: {id: '2', project: demo-product}", lambda one: one["displayName"] == "one"),
    ],
)
def test_people_change_endpoints_in_time(change: str, check: Any) -> None:
    world = a_world(endpoints(ONE) + f"changes:\n  - {{at: 1h, {change}}}\n")
    before = dict(document(world, ending="1001"))
    world.advance(2 * HOUR)
    assert world.missed == []
    assert check(document(world, ending="1001"))
    assert before["name"] == document(world, ending="1001")["name"]


def test_people_delete_endpoints_and_models_and_add_versions_and_projects() -> None:
    changes = """changes:
  - {at: 1h, delete_endpoint: {endpoint: one}, by: cleaner@example.com}
  - {at: 1h, new_model_version: {model: shared}}
  - {at: 2h, delete_model: {model: one-model}}
  - {at: 3h, add_project: {id: demo-later, number: "100000000009"}}
"""
    world = a_world(endpoints(ONE) + changes)
    world.advance(4 * HOUR)
    assert world.missed == []
    assert list(world.store.all("endpoints")) == []
    assert [one["versionId"] for _, one in world.store.all("models")] == ["3"]
    assert world.project("demo-later") is not None
    assert world.deployments[0].ended_at == world.start + HOUR
    assert [one.method.rpartition(".")[2] for one in world.creations if one.principal == "cleaner@example.com"] == [
        "DeleteEndpoint"
    ]


def test_a_change_to_what_is_gone_is_skipped_and_told() -> None:
    text = (
        endpoints(ONE)
        + "changes:\n  - {at: 1h, delete_endpoint: {endpoint: one}}\n  - {at: 2h, undeploy: {endpoint: one}}\n"
    )
    world = a_world(text)
    world.advance(3 * HOUR)
    assert len(world.missed) == 1
    assert "one of the endpoints named 'one' is expected; there is none" in world.missed[0]


def test_a_fault_begins_and_ends_in_its_time() -> None:
    world = a_world(SLOW, "faults:\n  - {at: 5h, lasts: 2h, kind: rate_limited, service: aiplatform}\n")
    on = []
    for _ in range(8):
        on.append(bool(world.faults.active("rate_limited", service="aiplatform")))
        world.advance(HOUR)
    assert on == [False] * 5 + [True] * 2 + [False]


def test_creators_are_noted_for_the_audit_log() -> None:
    text = endpoints("  - {id: 1001, project: demo-product, creator: vision-team@example.com, deploy: [{}]}\n")
    noted = [(one.method.rpartition(".")[2], one.principal) for one in a_world(text).creations]
    assert noted == [("CreateEndpoint", "vision-team@example.com"), ("DeployModel", "vision-team@example.com")]


# -- what is wrong


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("start: [", r"^scenario:\d+: not valid YAML"),
        ("- a\n", r"^scenario:1: a mapping with `start` and `projects` is expected"),
        ("start: 2026-11-02T00:00:00Z\n", r"^scenario:1: projects: this key is required"),
        (
            SLOW.replace("2026-11-02T00:00:00Z", "tomorrow"),
            r"^scenario:2: start: an instant such as .* found 'tomorrow'",
        ),
        (SLOW + "endponts: []\n", r"^scenario:\d+: endponts: unknown key"),
        (
            endpoints("  - {id: 1}\n  - {id: 2, deploy: [{machin: a}]}\n"),
            r"^scenario:12: endpoints\[1\].deploy\[0\].machin: unknown",
        ),
        (endpoints("  - {id: 1, deploy: [{takes: 5}]}\n"), r"takes: a duration such as 90s, .* found 5"),
        (endpoints("  - {id: 1, deploy: [{gemini: true, pool: a}]}\n"), "pool and gemini exclude each other"),
        (SLOW + "faults:\n  - {kind: ratelimited}\n", r"faults\[0\]: unknown fault kind 'ratelimited'; one of"),
        (SLOW + "faults:\n  - {kind: latency, sconds: 1}\n", "unknown key 'sconds' for latency"),
        (SLOW + "changes:\n  - {at: 1d}\n", r"changes\[0\]: exactly one of label, deploy"),
        (SLOW + "operations: {deploy: 1s}\n", "unknown operation 'deploy'; one of create_endpoint"),
        (SLOW + "prices: {machines: {a: cheap}}\n", "an amount such as 0.219 is expected; found 'cheap'"),
        (SLOW.replace("europe-west4", "atlantis"), "unknown location 'atlantis'"),
    ],
)
def test_a_wrong_scenario_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        parse(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (endpoints("  - {id: 1}\n"), "the project is not said, and there are several: demo-research"),
        (endpoints("  - {id: 1, project: demo-research}\n"), "the location is not said"),
        (endpoints("  - {id: 1, project: nowhere}\n"), "unknown project 'nowhere'; one of demo-research"),
        (endpoints("  - {id: 1, project: demo-product, deploy: [{model: nothing}]}\n"), "one model named 'nothing'"),
        (endpoints("  - {id: 1, project: demo-product, deploy: [{pool: nothing}]}\n"), "unknown pool 'nothing'"),
        (endpoints("  - {id: 1, project: demo-product, labels: {Upper: x}}\n"), "Invalid label 'Upper'"),
        (endpoints("  - {id: 1, project: demo-product, traffic: bussy}\n"), "did you mean 'busy'"),
        (endpoints("  - {id: 1, project: demo-product, created: soon}\n"), "an instant such as .* found 'soon'"),
        (endpoints("  - {id: 1, project: demo-product}\n" * 2), "there is an endpoint .* already"),
        (SLOW + "faults:\n  - {kind: clock_jump}\n", "clock_jump needs the parameter 'by'"),
    ],
)
def test_a_scenario_that_names_nothing_is_refused(text: str, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        a_world(text)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read: No such file"):
        load(tmp_path / "none.yaml")
