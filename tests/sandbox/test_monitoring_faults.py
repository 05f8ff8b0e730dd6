"""Faults of the sandbox's Monitoring: each one seen once, over gRPC, and the wire's over both transports."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
import requests

from guard.sandbox.deployments import Deployment
from guard.sandbox.server import Running, start_in_thread
from guard.sandbox.traffic import parse
from guard.sandbox.world import Project, World

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
ONLINE = "aiplatform.googleapis.com/prediction/online/"


@pytest.fixture
def world() -> World:
    world = World(start=NOW)
    world.add_project(Project(id="demo", number="123456"))
    for endpoint in ("1", "2", "3"):
        made = Deployment(
            project_number="123456",
            project_id="demo",
            location="us-central1",
            endpoint_id=endpoint,
            deployed_model_id="7",
            endpoint_display_name="e",
            model_display_name="m",
            model_name="projects/123456/locations/us-central1/models/1",
            kind="dedicated",
            accelerator_type="NVIDIA_L4",
            started_at=NOW - timedelta(days=9),
            replica_steps=[(NOW - timedelta(days=9), 1)],
            share_steps=[(NOW - timedelta(days=9), 100)],
        )
        world.deployments.append(made)
        spec = {"pattern": "probes", "every": "10m", "requests": 3}
        world.traffic[made.endpoint_key] = parse(spec if endpoint != "3" else "none", start=NOW, seed=1)
    return world


@pytest.fixture
def sandbox(world: World) -> Iterator[Running]:
    with start_in_thread(world) as running:
        yield running


@pytest.fixture
def client(sandbox: Running) -> Iterator[Any]:
    from google.cloud import monitoring_v3
    from google.cloud.monitoring_v3.services.metric_service.transports import MetricServiceGrpcTransport

    with grpc.insecure_channel(sandbox.grpc) as channel:
        yield monitoring_v3.MetricServiceClient(transport=MetricServiceGrpcTransport(channel=channel))


def pages(
    client: Any,
    metric: str = "prediction_count",
    *,
    timeout: float = 10,
    page_size: int = 0,
    grouped: bool = False,
) -> list[Any]:
    asked = {
        "name": "projects/demo",
        "filter": f'metric.type = "{ONLINE}{metric}"',
        "interval": {"start_time": NOW - 4 * HOUR, "end_time": NOW},
        "aggregation": {
            "alignment_period": {"seconds": 3600},
            "per_series_aligner": "ALIGN_SUM" if "count" in metric else "ALIGN_MAX",
            **(
                {"cross_series_reducer": "REDUCE_SUM", "group_by_fields": ["resource.label.endpoint_id"]}
                if grouped
                else {}
            ),
        },
        "page_size": page_size,
    }
    return list(client.list_time_series(asked, retry=None, timeout=timeout).pages)


def series(client: Any, metric: str = "prediction_count", **options: Any) -> list[tuple[str, list[float]]]:
    return [
        (
            one.resource.labels["endpoint_id"],
            [p.value.int64_value or p.value.double_value for p in reversed(one.points)],
        )
        for page in pages(client, metric, **options)
        for one in page.time_series
    ]


def fault(world: World, kind: str, endpoint: str = "*", *, count: int | None = None, **params: Any) -> None:
    scope = (
        {"service": "monitoring", "resource": f"*endpoints/{endpoint}"}
        if endpoint != "*"
        else {"service": "monitoring"}
    )
    world.faults.add(kind, at=NOW, scope=scope, params=params, count=count)


def test_without_faults_both_called_endpoints_are_whole(client: Any) -> None:
    assert series(client) == [("1", [18, 18, 18, 18]), ("2", [18, 18, 18, 18])]


def test_an_execution_error_comes_with_good_series(world: World, client: Any) -> None:
    fault(world, "monitoring_execution_error", count=1)
    (page,) = pages(client)

    assert [error.code for error in page.execution_errors] == [14]
    assert len(page.time_series) == 2
    assert not pages(client)[0].execution_errors


def test_an_execution_error_is_in_the_rest_answer_too(world: World, sandbox: Running) -> None:
    fault(world, "monitoring_execution_error")
    params = {
        "filter": f'metric.type = "{ONLINE}prediction_count"',
        "interval.startTime": "2026-11-24T04:00:00Z",
        "interval.endTime": "2026-11-24T08:00:00Z",
    }
    document = requests.get(f"{sandbox.http}/v3/projects/demo/timeSeries", params=params, timeout=5).json()

    assert document["executionErrors"][0]["code"] == 14
    assert len(document["timeSeries"]) == 2


def test_a_late_series_ends_early(world: World, client: Any) -> None:
    fault(world, "series_late", "1", seconds=7200)

    assert series(client) == [("1", [18, 18]), ("2", [18, 18, 18, 18])]


def test_a_late_series_may_be_one_of_several_metrics(world: World, client: Any) -> None:
    fault(world, "series_late", "1", seconds=7200, metric="replicas")

    assert series(client)[0] == ("1", [18, 18, 18, 18])
    assert series(client, "replicas") == [("1", [1, 1]), ("2", [1] * 4), ("3", [1] * 4)]


def test_a_missing_series_is_not_there_though_calls_were_made(world: World, client: Any) -> None:
    fault(world, "series_missing", "2")

    assert series(client) == [("1", [18, 18, 18, 18])]
    assert [name for name, _ in series(client, "replicas")] == ["1", "3"]


def test_a_duplicate_series_comes_twice(world: World, client: Any) -> None:
    fault(world, "series_duplicate", "1")

    assert [name for name, _ in series(client)] == ["1", "1", "2"]
    assert [name for name, _ in series(client, grouped=True)] == ["1", "1", "2"]
    assert {tuple(values) for _, values in series(client, grouped=True)} == {(18, 18, 18, 18)}


def test_several_series_of_one_deployment_add_up_to_it(world: World, client: Any) -> None:
    fault(world, "series_several", "1")
    (page,) = pages(client)
    mine = [one for one in page.time_series if one.resource.labels["endpoint_id"] == "1"]

    assert {one.metric.labels["spot"] for one in mine} == {"true", "false"}
    assert sum(point.value.int64_value for one in mine for point in one.points) == 4 * 18
    assert all(sum(point.value.int64_value for point in one.points) > 0 for one in mine)


def test_a_request_turns_up_in_a_time_that_was_read_already(world: World, client: Any) -> None:
    before = series(client)
    fault(world, "request_inside_lag", "3", n=2, seconds=5400)
    after = series(client)

    assert [name for name, _ in before] == ["1", "2"]
    assert after[:2] == before
    assert after[2] == ("3", [2])
    assert series(client) == after


def test_late_requests_turn_up_on_every_endpoint_in_the_scope(world: World, client: Any) -> None:
    fault(world, "request_inside_lag", "[12]", seconds=5400)

    assert series(client) == [("1", [18, 18, 19, 18]), ("2", [18, 18, 19, 18])]


def test_busy_machines_with_a_count_of_nothing(world: World, client: Any) -> None:
    fault(world, "count_witness_disagree", "1")

    assert [name for name, _ in series(client)] == ["2"]
    assert [name for name, _ in series(client, "response_count")] == ["2"]
    assert dict(series(client, "accelerator/duty_cycle"))["1"] == pytest.approx([0.85] * 4)
    assert min(dict(series(client, "cpu/utilization"))["1"]) > 0.5


@pytest.mark.parametrize(
    ("kind", "points"), [("page_missing", [4]), ("page_repeated", [4, 4, 4]), ("listing_shrinks", [4])]
)
def test_pages_can_go_wrong(world: World, client: Any, kind: str, points: list[int]) -> None:
    fault(world, kind)
    found = pages(client, page_size=4)

    assert [sum(len(one.points) for one in page.time_series) for page in found] == points


def test_a_lost_permission_is_refused_on_both_transports(world: World, sandbox: Running, client: Any) -> None:
    from google.api_core import exceptions

    world.faults.add("permission_lost", at=NOW, scope={"permission": "monitoring.timeSeries.list", "project": "demo"})
    with pytest.raises(exceptions.PermissionDenied):
        pages(client)
    params = {"filter": f'metric.type = "{ONLINE}replicas"', "interval.endTime": "2026-11-24T08:00:00Z"}
    answer = requests.get(f"{sandbox.http}/v3/projects/123456/timeSeries", params=params, timeout=5)

    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("kind", "params", "error"),
    [
        ("rate_limited", {}, "ResourceExhausted"),
        ("server_error", {}, "ServiceUnavailable"),
        ("server_error", {"status": 500}, "InternalServerError"),
        ("server_error", {"status": 504}, "DeadlineExceeded"),
        ("answer_dropped", {}, "ServiceUnavailable"),
    ],
)
def test_the_wire_fails_once_and_then_works(
    world: World, client: Any, kind: str, params: dict[str, Any], error: str
) -> None:
    from google.api_core import exceptions

    fault(world, kind, count=1, **params)
    with pytest.raises(getattr(exceptions, error)):
        pages(client)

    assert len(series(client)) == 2
    assert [call.status == 200 for call in world.calls[-2:]] == [False, True]


def test_an_answer_that_never_comes_ends_with_the_callers_patience(world: World, client: Any) -> None:
    from google.api_core import exceptions

    fault(world, "timeout", count=1)
    with pytest.raises(exceptions.DeadlineExceeded):
        pages(client, timeout=0.2)

    assert len(series(client)) == 2


def test_latency_delays_the_answer(world: World, client: Any) -> None:
    from google.api_core import exceptions

    fault(world, "latency", count=1, seconds=0.4)
    with pytest.raises(exceptions.DeadlineExceeded):
        pages(client, timeout=0.1)

    assert len(series(client)) == 2
