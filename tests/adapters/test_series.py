"""Replies of Monitoring that the sandbox does not give: absurd values, crooked hours, missing labels, circling pages."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from google.cloud import monitoring_v3

from guard.adapters.connection import Connection
from guard.adapters.http import sandbox_session
from guard.adapters.monitoring.traffic import MonitoringTraffic
from guard.adapters.worlds import SandboxWorld
from guard.core.units import Window
from guard.ports.traffic import Reading
from tests.adapters.sandboxed import HURRIED, ML, US

START = datetime(2026, 11, 2, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(hours=3))
PREFIX = "aiplatform.googleapis.com/prediction/online/"
DEPLOYED = f"{US}/endpoints/1/deployedModels/11"
OTHER = f"{US}/endpoints/1/deployedModels/12"


def a_series(
    values: Iterable[float],
    *,
    deployed: str | None = "11",
    unit: str = "1",
    kind: str = "int64_value",
    location: str | None = "us-central1",
    minute: int = 0,
    first: int = 0,
    **labels: str,
) -> monitoring_v3.TimeSeries:
    resource = {"endpoint_id": "1", **({"location": location} if location else {})}
    metric = {**({"deployed_model_id": deployed} if deployed is not None else {}), **labels}
    points = []
    for hour, value in enumerate(values, first):
        end = START + timedelta(hours=hour + 1, minutes=minute)
        points.append({"interval": {"end_time": end}, "value": {kind: value}})
    return monitoring_v3.TimeSeries(
        resource={"labels": resource}, metric={"labels": metric}, unit=unit, points=list(reversed(points))
    )


def a_page(*series: monitoring_v3.TimeSeries, token: str = "") -> monitoring_v3.ListTimeSeriesResponse:
    return monitoring_v3.ListTimeSeriesResponse(time_series=list(series), next_page_token=token)


def read(**answers: list[monitoring_v3.ListTimeSeriesResponse]) -> Reading:
    """Read with a service that gives these pages by metric (`prediction_count=[...]`), one page for all others."""

    class Service:
        """What of the official client the reader uses."""

        transport = SimpleNamespace(close=lambda: None)

        def list_time_series(self, *, request: Any, **_: Any) -> Any:
            metric = request.filter.partition(PREFIX)[2].rstrip('"').replace("/", "_")
            pages = answers.get(metric, [a_page()])
            at = int(request.page_token or 0)
            return SimpleNamespace(pages=iter([pages[min(at, len(pages) - 1)]]))

    world = SandboxWorld(
        session=sandbox_session(None, None), url="http://127.0.0.1:9", grpc="127.0.0.1:9", name="sandbox:x"
    )
    connection = Connection(world, patience=HURRIED)
    connection.metric_service = Service  # type: ignore[method-assign,assignment]
    try:
        traffic = MonitoringTraffic(connection, lambda: WINDOW.end + timedelta(hours=1), has_pools=lambda _: False)
        return traffic.read(ML, WINDOW)
    finally:
        connection.close()


def requests(reading: Reading, name: str = DEPLOYED) -> list[int]:
    return [row.requests for row in reading.rows[name]]


REPLICAS = [a_page(a_series([1, 1, 1]), a_series([1, 1, 1], deployed="12"))]


class TestWhatAddsUp:
    def test_the_larger_of_the_counters_is_believed(self) -> None:
        reading = read(
            prediction_count=[a_page(a_series([5, 1, 0]))],
            response_count=[a_page(a_series([3, 2, 0], response_code="2xx"), a_series([0, 2, 1], response_code="5xx"))],
            error_count=[a_page(a_series([0, 2, 3]))],
        )

        assert reading.complete, reading.problems
        assert requests(reading) == [5, 4, 3]
        assert [row.failed for row in reading.rows[DEPLOYED]] == [0, 2, 3]

    def test_private_requests_come_on_top(self) -> None:
        reading = read(
            prediction_count=[a_page(a_series([5, 0, 0]))],
            private_response_count=[
                a_page(a_series([2, 0, 0], response_code="200"), a_series([0, 0, 3], response_code="500"))
            ],
        )

        assert requests(reading) == [7, 0, 3]
        assert [row.failed for row in reading.rows[DEPLOYED]] == [0, 0, 3]

    def test_a_code_that_is_not_told_is_not_called_a_failure(self) -> None:
        reading = read(response_count=[a_page(a_series([4, 0, 0], response_code=""))])

        assert (requests(reading)[0], reading.rows[DEPLOYED][0].failed) == (4, 0)

    def test_replicas_of_several_series_add_up_and_shares_do_not(self) -> None:
        reading = read(
            replicas=[a_page(a_series([1, 1], spot="true"), a_series([2, 2, 2], spot="false"))],
            cpu_utilization=[
                a_page(
                    a_series([0.1, 0.5], kind="double_value", unit="10^2.%", replica_id="a"),
                    a_series([0.3, 0.2], kind="double_value", unit="10^2.%", replica_id="b"),
                )
            ],
        )

        assert [row.replicas for row in reading.rows[DEPLOYED]] == [3, 3, 2]
        assert [row.cpu for row in reading.rows[DEPLOYED]] == [0.3, 0.5, None]

    @pytest.mark.parametrize(
        ("unit", "value", "percent"), [("10^2.%", 0.25, 25.0), ("1", 0.25, 25.0), ("%", 25.0, 25.0), ("", 0.25, 25.0)]
    )
    def test_a_duty_cycle_is_percent_whatever_its_unit(self, unit: str, value: float, percent: float) -> None:
        reading = read(accelerator_duty_cycle=[a_page(a_series([value], kind="double_value", unit=unit))])

        assert reading.rows[DEPLOYED][0].duty == percent

    def test_the_same_series_and_hour_twice_counts_once_with_the_larger_value(self) -> None:
        reading = read(prediction_count=[a_page(a_series([5, 1]), a_series([5, 2, 7]))])

        assert requests(reading) == [5, 2, 7]

    def test_requests_that_name_no_deployed_model_count_for_all_of_the_endpoint(self) -> None:
        reading = read(prediction_count=[a_page(a_series([0, 4, 0], deployed=None))], replicas=REPLICAS)

        assert requests(reading, DEPLOYED) == [0, 4, 0]
        assert requests(reading, OTHER) == [0, 4, 0]
        assert set(reading.rows) == {DEPLOYED, OTHER}

    def test_rows_are_read_by_place_and_slice(self) -> None:
        rows = read(prediction_count=[a_page(a_series([5, 1, 7]))]).rows[DEPLOYED]

        assert len(rows) == 3
        assert [row.requests for row in rows[1:]] == [1, 7]
        assert rows[-1].requests == 7
        assert [row.hour for row in rows] == [rows[0].hour, rows[0].hour + 1, rows[0].hour + 2]


class TestWhatIsNotBelieved:
    @pytest.mark.parametrize(
        ("page", "words"),
        [
            (a_page(a_series([-1])), "which cannot be"),
            (a_page(a_series([10**15])), "which cannot be"),
            (a_page(a_series([float("nan")], kind="double_value")), "which cannot be"),
            (a_page(a_series([float("inf")], kind="double_value")), "which cannot be"),
            (a_page(a_series(["3"], kind="string_value")), "kind string_value, expected a number"),
            (a_page(a_series([1], minute=30)), "not on the hour"),
            (a_page(a_series([1], first=3)), "outside of what was asked for"),
            (a_page(a_series([1], first=-1)), "outside of what was asked for"),
            (a_page(a_series([1], location=None)), "without location"),
        ],
    )
    def test_a_reply_that_cannot_be_right_spoils_the_reading(
        self, page: monitoring_v3.ListTimeSeriesResponse, words: str
    ) -> None:
        reading = read(prediction_count=[page], replicas=REPLICAS)

        assert not reading.complete
        assert reading.covered is None
        assert not any(row.covered for row in reading.rows[DEPLOYED])
        assert words in reading.problems[0]
        assert [row.replicas for row in reading.rows[DEPLOYED]] == [1, 1, 1]  # what could be read is told all the same

    def test_pages_that_circle_spoil_the_reading(self) -> None:
        reading = read(prediction_count=[a_page(a_series([1]), token="1"), a_page(token="1")])

        assert "same page token came twice" in reading.problems[0]

    def test_later_pages_count(self) -> None:
        reading = read(prediction_count=[a_page(a_series([1]), token="1"), a_page(a_series([2], first=1))])

        assert reading.complete
        assert requests(reading) == [1, 2, 0]

    def test_an_execution_error_on_the_last_page_spoils_the_reading(self) -> None:
        last = monitoring_v3.ListTimeSeriesResponse(execution_errors=[{"code": 14, "message": "a cell was away"}])
        reading = read(prediction_count=[a_page(a_series([1]), token="1"), last])

        assert not reading.complete
        assert "a cell was away" in reading.problems[0]
