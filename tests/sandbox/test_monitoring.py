"""Cloud Monitoring of the sandbox, read by the unchanged client library over gRPC and by plain REST."""

import re
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
import requests

from guard.sandbox.deployments import Deployment, DeploymentKind, PoolRun
from guard.sandbox.monitoring.metrics import METRICS, PREFIX
from guard.sandbox.scenario.build import build
from guard.sandbox.scenario.load import parse as parse_scenario
from guard.sandbox.server import Running, start_in_thread
from guard.sandbox.traffic import parse
from guard.sandbox.world import Project, World

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ONLINE = "aiplatform.googleapis.com/prediction/online/"
COUNT, RESPONSES, ERRORS = f"{ONLINE}prediction_count", f"{ONLINE}response_count", f"{ONLINE}error_count"
REPLICAS, CPU, DUTY = f"{ONLINE}replicas", f"{ONLINE}cpu/utilization", f"{ONLINE}accelerator/duty_cycle"
RECEIVED, PRIVATE = f"{ONLINE}network/received_bytes_count", f"{ONLINE}private/response_count"
POOL_REPLICAS, POOL_CPU = (
    f"{ONLINE}deployment_resource_pool/replicas",
    f"{ONLINE}deployment_resource_pool/cpu/utilization",
)
INVOCATIONS = "aiplatform.googleapis.com/publisher/online_serving/model_invocation_count"
ALL = (COUNT, RESPONSES, ERRORS, REPLICAS, CPU, DUTY, RECEIVED, PRIVATE, POOL_REPLICAS, POOL_CPU, INVOCATIONS)


def deployment(
    world: World,
    endpoint_id: str,
    traffic: Any = "none",
    *,
    model: str = "7",
    kind: DeploymentKind = "dedicated",
    started: datetime = NOW - 60 * DAY,
    ended: datetime | None = None,
    replicas: list[tuple[datetime, int]] | None = None,
    share: int = 100,
    **options: Any,
) -> Deployment:
    made = Deployment(
        project_number="123456",
        project_id="demo",
        location=options.pop("location", "us-central1"),
        endpoint_id=endpoint_id,
        deployed_model_id=model,
        endpoint_display_name=f"endpoint {endpoint_id}",
        model_display_name="tuned",
        model_name="projects/123456/locations/us-central1/models/2001",
        kind=kind,
        machine_type="g2-standard-12",
        accelerator_type=options.pop("accelerator_type", "NVIDIA_L4"),
        started_at=started,
        ended_at=ended,
        replica_steps=replicas or [(started, 1)],
        share_steps=[(started, share)],
        **options,
    )
    world.deployments.append(made)
    world.traffic.setdefault(made.endpoint_key, parse(traffic, start=NOW, seed=int(endpoint_id)))
    return made


def a_fleet() -> World:
    world = World(start=NOW)
    world.add_project(Project(id="demo", number="123456"))
    world.add_project(Project(id="other", number="99"))
    world.add_project(Project(id="closed", number="77", forbidden=True))
    deployment(world, "1", {"pattern": "busy", "codes": {200: 0.9, 503: 0.1}})
    deployment(world, "2")
    deployment(world, "3", {"pattern": "probes", "requests": 2, "every": "10m"}, accelerator_type="")
    deployment(world, "4", "failing")
    deployment(world, "5", {"pattern": "calls", "at": "-5h10m"}, replicas=[(NOW - 60 * DAY, 2), (NOW - 2 * HOUR, 0)])
    deployment(world, "6", {"pattern": "probes", "every": "1m"}, model="61", share=30)
    deployment(world, "6", model="62", share=70)
    deployment(world, "6", model="63", share=0)
    deployment(world, "7", {"pattern": "probes", "every": "1m"}, started=NOW - 3 * HOUR, ended=NOW - HOUR)
    deployment(world, "8", {"pattern": "probes", "every": "1m"}, kind="gemini")
    deployment(world, "9", {"pattern": "probes", "every": "1m"}, kind="pool", pool_id="p1")
    deployment(world, "10", kind="pool", pool_id="p1")
    deployment(world, "11", {"pattern": "probes", "every": "2m"}, location="europe-west4", spot=True)
    deployment(world, "12", {"pattern": "probes", "every": "5m"})
    private = "projects/123456/locations/us-central1/endpoints/12"
    world.store.put(private, {"name": private, "network": "projects/123456/global/networks/n"})
    world.pool_runs.append(
        PoolRun(
            project_number="123456",
            project_id="demo",
            location="us-central1",
            pool_id="p1",
            machine_type="n1-standard-4",
            started_at=NOW - 60 * DAY,
            replica_steps=[(NOW - 60 * DAY, 3)],
        )
    )
    return world


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with start_in_thread(a_fleet()) as running:
        yield running


@pytest.fixture(autouse=True)
def _no_faults_left(sandbox: Running) -> Iterator[None]:
    yield
    sandbox.world.faults.clear()


@pytest.fixture(scope="module")
def client(sandbox: Running) -> Iterator[Any]:
    from google.cloud import monitoring_v3
    from google.cloud.monitoring_v3.services.metric_service.transports import MetricServiceGrpcTransport

    with grpc.insecure_channel(sandbox.grpc) as channel:
        yield monitoring_v3.MetricServiceClient(transport=MetricServiceGrpcTransport(channel=channel))


def request(metric: str = COUNT, **options: Any) -> dict[str, Any]:
    end: datetime = options.pop("end", NOW)
    aggregation = {
        key: options.pop(name)
        for name, key in (
            ("period", "alignment_period"),
            ("aligner", "per_series_aligner"),
            ("reducer", "cross_series_reducer"),
            ("group_by", "group_by_fields"),
        )
        if name in options
    }
    return {
        "name": options.pop("name", "projects/demo"),
        "filter": options.pop("filter", f'metric.type = "{metric}"') + options.pop("more", ""),
        "interval": {"start_time": options.pop("start", end - 6 * HOUR), "end_time": end},
        "view": options.pop("view", "FULL"),
        **({"aggregation": aggregation} if aggregation else {}),
        **options,
    }


def read(client: Any, metric: str = COUNT, **options: Any) -> list[Any]:
    return list(client.list_time_series(request(metric, **options), retry=None, timeout=10))


def hourly(client: Any, metric: str = COUNT, **options: Any) -> dict[str, list[float]]:
    """endpoint/deployed model -> values by hour, oldest first."""
    found = read(client, metric, **{"period": {"seconds": 3600}, "aligner": "ALIGN_SUM", **options})
    return {
        f"{one.resource.labels.get('endpoint_id', '')}/{one.metric.labels.get('deployed_model_id', '')}": [
            point.value.int64_value or point.value.double_value for point in reversed(one.points)
        ]
        for one in found
    }


def rest(sandbox: Running, metric: str = COUNT, **options: Any) -> requests.Response:
    asked = request(metric, **options)
    aggregation = asked.get("aggregation", {})
    params: dict[str, Any] = {
        "filter": asked["filter"],
        "interval.startTime": asked["interval"]["start_time"].isoformat(),
        "interval.endTime": asked["interval"]["end_time"].isoformat().replace("+00:00", "Z"),
        "view": asked["view"],
        "pageSize": asked.get("page_size", ""),
        "pageToken": asked.get("page_token", ""),
    }
    if aggregation:
        params["aggregation.alignmentPeriod"] = f"{aggregation['alignment_period']['seconds']}s"
        params["aggregation.perSeriesAligner"] = aggregation["per_series_aligner"]
        params["aggregation.crossSeriesReducer"] = aggregation.get("cross_series_reducer", "")
        params["aggregation.groupByFields"] = aggregation.get("group_by_fields", [])
    params = {key: value for key, value in params.items() if value not in ("", [])}
    return requests.get(f"{sandbox.http}/v3/{asked['name']}/timeSeries", params=params, timeout=10)


# -- what there is


def test_only_endpoints_that_were_called_have_a_count(client: Any) -> None:
    called = {name.partition("/")[0] for name in hourly(client)}

    assert called == {"1", "3", "5", "6", "7", "9", "11"}


def test_every_running_deployment_has_replicas_called_or_not(client: Any) -> None:
    found = hourly(client, REPLICAS, aligner="ALIGN_MAX")

    assert found["2/7"] == [1] * 6
    assert found["5/7"] == [2, 2, 2, 2, 0, 0]
    assert found["7/7"] == [1, 1]
    assert {"9/7", "10/7", "8/7"}.isdisjoint(found)


def test_labels_are_those_of_the_platform_and_no_others(client: Any) -> None:
    series = next(one for one in read(client) if one.resource.labels["endpoint_id"] == "11")

    assert series.resource.type == "aiplatform.googleapis.com/Endpoint"
    assert dict(series.resource.labels) == {
        "resource_container": "123456", "location": "europe-west4", "endpoint_id": "11"
    }  # fmt: skip
    assert dict(series.metric.labels) == {
        "deployed_model_id": "7", "spot": "true", "model_display_name": "tuned", "endpoint_display_name": "endpoint 11"
    }  # fmt: skip
    assert (series.metric_kind, series.value_type) == (2, 2)  # DELTA, INT64


def test_responses_come_by_class_and_add_up(client: Any) -> None:
    by_code = Counter[str]()
    for one in read(client, RESPONSES, more=' AND resource.label.endpoint_id = "1"'):
        by_code[one.metric.labels["response_code"]] += sum(point.value.int64_value for point in one.points)

    assert set(by_code) == {"2xx", "5xx"}
    assert sum(hourly(client)["1/7"]) == by_code["2xx"]
    assert sum(hourly(client, ERRORS)["1/7"]) == by_code["5xx"]


def test_calls_that_all_fail_show_in_responses_and_errors_only(client: Any) -> None:
    assert "4/7" not in hourly(client)
    assert sum(hourly(client, RESPONSES)["4/7"]) == sum(hourly(client, ERRORS)["4/7"]) > 0


def test_traffic_is_shared_out_and_a_leftover_gets_none(client: Any) -> None:
    found = hourly(client)

    assert [a + b for a, b in zip(found["6/61"], found["6/62"], strict=True)][:5] == [60] * 5
    assert 60 < sum(found["6/61"]) < 150
    assert "6/63" not in found


def test_a_deployment_that_ended_is_still_read_for_its_time(client: Any) -> None:
    assert hourly(client)["7/7"] == [60, 60, 0]  # zeros for five minutes after its end


def test_a_private_endpoint_counts_elsewhere_and_by_single_code(client: Any) -> None:
    assert "12/7" not in hourly(client)
    assert hourly(client, PRIVATE)["12/7"][:5] == [12] * 5
    labels = read(client, PRIVATE)[0].metric.labels
    assert dict(labels) == {"deployed_model_id": "7", "response_code": "200"}


def test_a_pool_has_the_machines_and_its_sharers_the_counts(client: Any) -> None:
    pool = read(client, POOL_REPLICAS, period={"seconds": 3600}, aligner="ALIGN_MAX")

    assert [dict(one.resource.labels) for one in pool] == [
        {"resource_container": "123456", "location": "us-central1", "deployment_resource_pool_id": "p1"}
    ]
    assert [point.value.int64_value for point in pool[0].points] == [3] * 6
    assert len(read(client, POOL_CPU)) == 3
    assert "9/7" in hourly(client)
    assert "9/7" not in hourly(client, CPU, aligner="ALIGN_MEAN")


def test_tuned_gemini_shows_on_the_publisher_model_only_and_names_no_endpoint(client: Any) -> None:
    for metric in ALL[:-1]:
        assert all(one.resource.labels.get("endpoint_id") != "8" for one in read(client, metric)), metric
    (series,) = read(client, INVOCATIONS)
    assert series.resource.type == "aiplatform.googleapis.com/PublisherModel"
    assert "endpoint_id" not in {*series.resource.labels, *series.metric.labels}


def test_witnesses_are_quiet_without_calls_and_rise_with_them(client: Any) -> None:
    cpu = hourly(client, CPU, aligner="ALIGN_MAX")
    duty = hourly(client, DUTY, aligner="ALIGN_MAX")
    received = hourly(client, RECEIVED)

    assert max(cpu["2/7"]) < 0.05 < max(cpu["1/7"])
    assert duty["2/7"] == [0] * 6
    assert max(duty["1/7"]) > 0.01
    assert "3/7" not in duty  # no accelerator there
    assert max(received["2/7"]) < 100_000 < max(received["1/7"])


def test_every_replica_has_a_series_of_its_own(client: Any) -> None:
    mine = [one for one in read(client, CPU) if one.resource.labels["endpoint_id"] == "5"]

    assert len({one.metric.labels["replica_id"] for one in mine}) == 2


# -- points


def test_raw_points_are_a_minute_each_newest_first_with_zeros_after_a_call(client: Any) -> None:
    (series,) = read(client, more=' AND resource.labels.endpoint_id = "5"')
    ends = [point.interval.end_time for point in series.points]

    assert [point.value.int64_value for point in series.points] == [0, 0, 0, 0, 0, 1]
    assert ends == sorted(ends, reverse=True)
    assert ends[-1] == NOW - timedelta(hours=5, minutes=9)
    assert series.points[-1].interval.start_time == NOW - timedelta(hours=5, minutes=10)


def test_gauges_are_stamped_at_one_instant(client: Any) -> None:
    point = read(client, REPLICAS)[0].points[0]

    assert point.interval.start_time == point.interval.end_time


def test_the_newest_points_have_not_come_in_yet(client: Any) -> None:
    newest = {
        metric: max(p.interval.end_time for one in read(client, metric) for p in one.points) for metric in (COUNT, CPU)
    }

    assert newest[COUNT] == NOW - timedelta(minutes=3)
    assert newest[CPU] == NOW - timedelta(minutes=6)


def test_nothing_is_older_than_six_weeks(client: Any) -> None:
    points = read(client, REPLICAS, start=NOW - 90 * DAY, more=' AND resource.labels.endpoint_id = "2"')[0].points

    assert points[-1].interval.end_time == NOW - 42 * DAY + timedelta(minutes=1)


@pytest.mark.parametrize("end", [NOW, NOW + 3000 * DAY])
def test_an_interval_far_wider_than_the_data_costs_nothing(client: Any, end: datetime) -> None:
    more = ' AND resource.labels.endpoint_id = "3"'
    (series,) = read(
        client, period={"seconds": 60}, aligner="ALIGN_SUM", more=more, start=datetime(1970, 1, 2, tzinfo=UTC), end=end
    )

    assert len(series.points) == 42 * 1440 * 6 // 10  # a probe, then five zeros, every ten minutes
    assert series.points[0].interval.end_time == NOW - timedelta(minutes=4)


def test_buckets_end_at_the_end_of_the_interval(client: Any) -> None:
    end = NOW - timedelta(minutes=17)
    (series,) = read(
        client, period={"seconds": 3600}, aligner="ALIGN_SUM", end=end, start=end - 3 * HOUR,
        more=' AND resource.labels.endpoint_id = "3"',
    )  # fmt: skip

    assert [point.interval.end_time for point in series.points] == [end, end - HOUR, end - 2 * HOUR]
    assert series.points[0].interval.start_time == end - HOUR
    assert [point.value.int64_value for point in series.points] == [12, 12, 12]


@pytest.mark.parametrize(
    ("metric", "aligner", "value"),
    [
        (COUNT, "ALIGN_SUM", 12), (COUNT, "ALIGN_DELTA", 12), (COUNT, "ALIGN_RATE", 12 / 3600), (COUNT, "ALIGN_MAX", 2),
        (COUNT, "ALIGN_COUNT", 36), (COUNT, "ALIGN_MIN", 0), (COUNT, "ALIGN_MEAN", 1 / 3), (REPLICAS, "ALIGN_MEAN", 1),
        (REPLICAS, "ALIGN_COUNT", 60), (REPLICAS, "ALIGN_SUM", 60), (REPLICAS, "ALIGN_MIN", 1),
    ],
)  # fmt: skip
def test_aligners_do_what_their_names_say(client: Any, metric: str, aligner: str, value: float) -> None:
    assert hourly(client, metric, aligner=aligner)["3/7"][1:4] == pytest.approx([value] * 3)


def test_delta_and_rate_invent_values_where_there_are_none_and_sum_does_not(sandbox: Running, client: Any) -> None:
    traffic = parse({"pattern": "calls", "at": ["-5h30m", "-1h30m"]}, start=NOW, seed=1)
    made = deployment(sandbox.world, "20")
    sandbox.world.traffic[made.endpoint_key] = traffic
    summed, delta = hourly(client)["20/7"], hourly(client, aligner="ALIGN_DELTA")["20/7"]
    sandbox.world.deployments.remove(made)

    assert summed == [1, 1]
    assert delta == [1, 1, 1, 1, 1]


def test_groups_keep_only_the_labels_they_are_grouped_by(client: Any) -> None:
    found = read(
        client, RESPONSES, period={"seconds": 3600}, aligner="ALIGN_SUM", reducer="REDUCE_SUM",
        group_by=["resource.label.endpoint_id", "resource.label.location"],
    )  # fmt: skip
    by_endpoint = {one.resource.labels["endpoint_id"]: one for one in found}

    assert len(found) == len(by_endpoint)
    assert dict(by_endpoint["11"].resource.labels) == {"endpoint_id": "11", "location": "europe-west4"}
    assert not by_endpoint["11"].metric.labels
    assert [point.value.int64_value for point in by_endpoint["6"].points][1:] == [60] * 5


@pytest.mark.parametrize(
    ("reducer", "value"),
    [("REDUCE_SUM", 5), ("REDUCE_MAX", 2), ("REDUCE_MIN", 1), ("REDUCE_MEAN", 1.25), ("REDUCE_COUNT", 4)],
)
def test_reducers_do_what_their_names_say(client: Any, reducer: str, value: float) -> None:
    (one,) = read(
        client, REPLICAS, period={"seconds": 3600}, aligner="ALIGN_MAX", reducer=reducer,
        filter=f'metric.type = "{REPLICAS}" AND resource.label.endpoint_id = one_of("1", "2", "3", "5")', end=NOW - 3 * HOUR,
    )  # fmt: skip

    assert not one.resource.labels
    assert (one.points[0].value.int64_value or one.points[0].value.double_value) == value


# -- filters and refusals


@pytest.mark.parametrize(
    ("more", "endpoints"),
    [
        (' AND resource.type = "aiplatform.googleapis.com/Endpoint"', {"1", "3", "5", "6", "7", "9", "11"}),
        (' AND resource.labels.location = "europe-west4"', {"11"}),
        (' AND resource.label.location = starts_with("eu")', {"11"}),
        (" AND (resource.labels.endpoint_id = 3 OR resource.labels.endpoint_id = 5)", {"3", "5"}),
        (' AND NOT resource.labels.endpoint_id = one_of("1", "3", "5", "6", "7")', {"9", "11"}),
        (' AND metric.label.spot != "false"', {"11"}),
        (' AND metric.labels.endpoint_display_name = has_substring("t 1")', {"1", "11"}),
        (' AND metric.labels.deployed_model_id = monitoring.regex.full_match("6[12]")', {"6"}),
        (' AND resource.type = "gce_instance"', set()),
    ],
)
def test_filters_choose_series(client: Any, more: str, endpoints: set[str]) -> None:
    assert {one.resource.labels["endpoint_id"] for one in read(client, more=more)} == endpoints


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"filter": 'resource.type = "x"'}, "InvalidArgument", "exactly one restriction on"),
        ({"filter": f'metric.type = starts_with("{ONLINE}")'}, "InvalidArgument", "exactly one restriction on"),
        ({"filter": f'metric.type = "{COUNT}" OR metric.type = "{CPU}"'}, "InvalidArgument", "exactly one restriction"),
        ({"filter": f'metric.type = "{COUNT}" resource.type'}, "InvalidArgument", "unexpected 'resource.type'"),
        ({"filter": f'metric.type = "{COUNT}" AND color = "red"'}, "InvalidArgument", "unknown field 'color'"),
        ({"filter": f'metric.type = "{ONLINE}nothing"'}, "NotFound", "Cannot find metric"),
        ({"aligner": "ALIGN_SUM"}, "InvalidArgument", "at least 60 seconds"),
        ({"aligner": "ALIGN_SUM", "period": {"seconds": 30}}, "InvalidArgument", "at least 60 seconds"),
        ({"reducer": "REDUCE_SUM", "period": {"seconds": 60}}, "InvalidArgument", "must have a perSeriesAligner"),
        ({"metric": CPU, "aligner": "ALIGN_RATE", "period": {"seconds": 60}}, "InvalidArgument", "cannot be applied"),
        ({"aligner": "ALIGN_PERCENTILE_99", "period": {"seconds": 60}}, "InvalidArgument", "cannot be applied"),
        ({"aligner": "ALIGN_STDDEV", "period": {"seconds": 60}}, "MethodNotImplemented", "does not do ALIGN_STDDEV"),
        ({"start": NOW + HOUR}, "InvalidArgument", "must not be later"),
        ({"name": "folders/1"}, "InvalidArgument", "one project"),
        ({"name": "demo"}, "InvalidArgument", "Name must begin"),
        ({"name": "projects/nowhere"}, "PermissionDenied", "or the resource may not exist"),
        ({"name": "projects/closed"}, "PermissionDenied", "or the resource may not exist"),
        ({"page_token": "x"}, "InvalidArgument", "pageToken"),
        ({"page_token": "MQ=="}, "InvalidArgument", "pageToken"),
    ],
)
def test_what_the_platform_refuses_is_refused(client: Any, options: dict[str, Any], error: str, said: str) -> None:
    from google.api_core import exceptions

    with pytest.raises(getattr(exceptions, error), match=said):
        read(client, **options)


def test_both_names_of_a_project_are_taken_and_another_project_is_empty(client: Any) -> None:
    assert len(read(client, name="projects/123456")) == len(read(client)) > 0
    assert read(client, name="projects/99") == []


# -- pages, views, the two transports


def test_a_page_counts_points_and_a_series_may_go_on_on_the_next(client: Any) -> None:
    whole = read(client, period={"seconds": 3600}, aligner="ALIGN_SUM")
    asked = request(period={"seconds": 3600}, aligner="ALIGN_SUM", page_size=4)
    pages = list(client.list_time_series(asked).pages)
    joined = Counter[str]()
    for page in pages:
        assert sum(len(one.points) for one in page.time_series) <= 4
        for one in page.time_series:
            joined[str(one.resource.labels)] += sum(point.value.int64_value for point in one.points)
    expected = Counter[str]()
    for one in whole:
        expected[str(one.resource.labels)] += sum(point.value.int64_value for point in one.points)

    assert len(pages) > 5
    assert joined == expected


def test_pages_are_cut_from_one_reading_while_the_clock_runs(sandbox: Running, client: Any) -> None:
    pages = client.list_time_series(request(REPLICAS, page_size=1000)).pages
    first = next(pages)
    sandbox.world.clock.jump(timedelta(minutes=2))
    rest_of = sum(len(one.points) for page in pages for one in page.time_series)
    sandbox.world.clock.jump(timedelta(minutes=-2))

    whole = sum(len(one.points) for one in read(client, REPLICAS))
    assert sum(len(one.points) for one in first.time_series) + rest_of == whole


def test_headers_have_no_points(client: Any) -> None:
    pages = list(client.list_time_series(request(view="HEADERS", page_size=3)).pages)

    assert [len(page.time_series) for page in pages] == [3, 3, 2]
    assert all(not one.points for page in pages for one in page.time_series)


@pytest.mark.parametrize("metric", ALL)
@pytest.mark.parametrize(
    "how",
    [
        {},
        {"period": {"seconds": 3600}, "aligner": "ALIGN_MEAN"},
        {
            "period": {"seconds": 1800}, "aligner": "ALIGN_SUM", "reducer": "REDUCE_SUM",
            "group_by": ["resource.label.endpoint_id", "metric.label.deployed_model_id"],
        },
    ],
    ids=["raw", "aligned", "grouped"],
)  # fmt: skip
def test_rest_and_grpc_say_the_same(sandbox: Running, client: Any, metric: str, how: dict[str, Any]) -> None:
    from google.cloud import monitoring_v3

    answer = rest(sandbox, metric, **how)
    by_rest = monitoring_v3.ListTimeSeriesResponse.from_json(answer.content)
    by_grpc = client.list_time_series(request(metric, **how))

    assert answer.status_code == 200
    assert by_rest.time_series
    assert list(by_rest.time_series) == list(by_grpc)


def test_rest_refuses_in_the_envelope_of_the_platform(sandbox: Running) -> None:
    for options, code, status in (
        ({"filter": "x"}, 400, "INVALID_ARGUMENT"),
        ({"name": "organizations/1"}, 400, "INVALID_ARGUMENT"),
        ({"name": "projects/nowhere"}, 403, "PERMISSION_DENIED"),
        ({"metric": f"{ONLINE}nothing"}, 404, "NOT_FOUND"),
        ({"view": "SOME"}, 400, "INVALID_ARGUMENT"),
    ):
        refused = rest(sandbox, **options)
        assert (refused.status_code, refused.json()["error"]["status"]) == (code, status), options


def test_descriptors_list_the_metrics_and_resources_that_there_are(client: Any) -> None:
    metrics = list(
        client.list_metric_descriptors({"name": "projects/demo", "filter": f'metric.type = starts_with("{ONLINE}")'})
    )
    resources = list(client.list_monitored_resource_descriptors({"name": "projects/demo"}))

    assert {one.type for one in metrics} >= set(ALL) - {INVOCATIONS}
    assert INVOCATIONS not in {one.type for one in metrics}
    endpoint = next(one for one in resources if one.type == "aiplatform.googleapis.com/Endpoint")
    assert [label.key for label in endpoint.labels] == ["resource_container", "location", "endpoint_id"]


def test_a_real_call_is_counted_once_it_has_come_in(sandbox: Running, client: Any) -> None:
    world = sandbox.world
    made = deployment(world, "30")
    world.record_request(made.endpoint_key, 3, 200)
    more = ' AND resource.labels.endpoint_id = "30"'
    early = read(client, end=NOW + HOUR, more=more)
    world.clock.jump(timedelta(minutes=5))
    late = read(client, end=NOW + HOUR, more=more)
    world.clock.jump(timedelta(minutes=-5))
    world.deployments.remove(made)

    assert early == []
    assert max(point.value.int64_value for point in late[0].points) == 3


def test_the_lag_is_the_scenarios(sandbox: Running, client: Any) -> None:
    sandbox.world.settings["metric_lag"] = {"counts": timedelta(hours=2)}
    newest = max(point.interval.end_time for one in read(client) for point in one.points)
    del sandbox.world.settings["metric_lag"]

    assert newest == NOW - 2 * HOUR


def test_calls_are_logged_with_their_caller(sandbox: Running, client: Any) -> None:
    metadata = [("authorization", "Bearer sandbox:guard@example.com")]
    list(client.list_time_series(request(), metadata=metadata))
    rest(sandbox)
    deadline = time.monotonic() + 5
    while sandbox.world.calls[-1].principal != "anonymous" and time.monotonic() < deadline:
        time.sleep(0.005)  # the frame writes the line once the answer has gone out
    by_grpc, by_rest = sandbox.world.calls[-2:]

    assert (by_grpc.service, by_grpc.method, by_grpc.status) == ("monitoring", "timeSeries.list", 200)
    assert (by_grpc.principal, by_grpc.resource, by_grpc.changes) == ("guard@example.com", "projects/demo", False)
    assert (by_rest.service, by_rest.method, by_rest.resource) == (by_grpc.service, by_grpc.method, by_grpc.resource)


def test_the_reference_lists_every_metric_with_its_kind_and_labels() -> None:
    reference = Path(__file__).parents[2] / "docs" / "reference" / "sandbox-metrics.md"
    rows = re.findall(
        r"^\| `([\w/.]+)` \| (\w+) (\w+) \| (.+) \|$", reference.read_text(encoding="utf-8"), re.MULTILINE
    )

    assert sorted(rows) == sorted(
        (
            metric.type.removeprefix(PREFIX),
            metric.kind,
            metric.value_type,
            ", ".join(f"`{one}`" for one in metric.labels),
        )
        for metric in METRICS.values()
    )


SCENARIO = """
start: 2026-11-02T00:00:00Z
projects: [{id: demo-ml, number: "123456", locations: [us-central1]}]
metric_lag: {counts: 2m, utilisation: 2m}
operations: {undeploy: 5m}
endpoints:
  - {id: 1001, deploy: [{id: 11, machine: g2-standard-12, accelerator: NVIDIA_L4}], traffic: {pattern: probes, every: 10m}}
"""


def test_series_end_when_the_model_is_undeployed_through_the_api_and_real_calls_count() -> None:
    world = build(parse_scenario(SCENARIO))
    with start_in_thread(world) as running, requests.Session() as http:
        endpoint = f"{running.http}/v1/projects/demo-ml/locations/us-central1/endpoints/1001"
        http.post(f"{endpoint}:predict", json={"instances": [{"prompt": "x"}]}, timeout=5).raise_for_status()
        world.advance(HOUR)
        http.post(f"{endpoint}:undeployModel", json={"deployedModelId": "11"}, timeout=5).raise_for_status()
        world.advance(3 * HOUR)
        found = {}
        for metric, aligner in ((COUNT, "ALIGN_SUM"), (REPLICAS, "ALIGN_COUNT")):
            params = {
                "filter": f'metric.type = "{metric}"',
                "interval.startTime": "2026-11-02T00:00:00Z",
                "interval.endTime": "2026-11-02T04:00:00Z",
                "aggregation.alignmentPeriod": "3600s",
                "aggregation.perSeriesAligner": aligner,
            }
            answer = http.get(f"{running.http}/v3/projects/demo-ml/timeSeries", params=params, timeout=5).json()
            (series,) = answer["timeSeries"]
            found[metric] = {
                point["interval"]["endTime"][11:13]: int(point["value"]["int64Value"]) for point in series["points"]
            }

    assert found[COUNT] == {"01": 7, "02": 1}  # six probes and the real call, then the one before the model was gone
    assert found[REPLICAS] == {"01": 60, "02": 5}
