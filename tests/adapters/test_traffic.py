"""Usage, read with the official client over gRPC from the sandbox's Monitoring."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
import pytest

from guard.adapters.connection import Connection
from guard.adapters.monitoring.traffic import MonitoringTraffic
from guard.core.units import Window, hour_number
from guard.core.usage import HourRow, pack
from guard.ports.traffic import Reading
from guard.sandbox.server import Running
from tests.adapters.sandboxed import ML, US, WEB, connected, last_hours, serving

QUIET_SCENARIO = """
start: 2026-11-02T12:00:00Z
projects: [{id: acme-ml, number: "123456", locations: [us-central1]}]
models: [{id: "2001"}]
pools: [{id: shared}]
endpoints:
  - {id: "1", deploy: [{id: "11", model: "2001", machine: g2-standard-12, accelerator: NVIDIA_L4}]}
  - {id: "2", deploy: [{id: "21", model: "2001"}], traffic: {pattern: failing, per_hour: 30}}
  - {id: "3", deploy: [{id: "31", model: "2001", pool: shared}]}
  - {id: "4", deploy: [{id: "41", model: "2001", at: 2026-11-02T09:00:00Z}]}
"""
ONE, TWO, FOUR = (f"{US}/endpoints/{e}/deployedModels/{e}1" for e in (1, 2, 4))
THREE = f"{US}/endpoints/3/deployedModels/31"
POOL = f"{US}/deploymentResourcePools/shared"


@pytest.fixture(scope="module")
def served() -> Iterator[Running]:
    with serving(QUIET_SCENARIO) as running:
        yield running


@pytest.fixture
def quiet(served: Running) -> Iterator[Running]:
    served.world.faults.clear()
    yield served
    served.world.faults.clear()


@pytest.fixture
def here(quiet: Running) -> Iterator[Connection]:
    with connected(quiet) as made:
        yield made


def read(running: Running, connection: Connection, window: Window | None = None, **settings: timedelta) -> Reading:
    traffic = MonitoringTraffic(connection, running.world.now, **settings)
    return traffic.read(ML, window or last_hours(running.world.now(), 6))


def row(reading: Reading, name: str, at: datetime) -> HourRow:
    return next(one for one in reading.rows[name] if one.hour == hour_number(at))


def fault(running: Running, kind: str, *, count: int | None = None, **about: object) -> None:
    scope = {key: str(about.pop(key)) for key in ("service", "method", "project", "location") if key in about}
    running.world.faults.add(kind, at=running.world.now(), scope=scope, params=about, count=count)


class TestAGoodReading:
    def test_a_busy_endpoint_shows_requests_replicas_and_witnesses(
        self, sandbox: Running, connection: Connection
    ) -> None:
        now = sandbox.world.now()
        reading = MonitoringTraffic(connection, sandbox.world.now).read(ML, last_hours(now, 6))
        busy = row(reading, f"{US}/endpoints/1001/deployedModels/11", now - timedelta(hours=3))

        assert reading.complete, reading.problems
        assert busy.requests > 10
        assert busy.failed <= busy.requests
        assert busy.replicas == 1
        assert busy.duty is not None
        assert busy.duty > 2  # percent
        assert busy.cpu is not None
        assert 0 < busy.cpu < 1  # a share
        assert busy.received_bytes is not None
        assert busy.covered

    def test_requests_equal_what_the_sandbox_sent_by_code(self, here: Connection, quiet: Running) -> None:
        window = last_hours(quiet.world.now(), 6)
        reading = read(quiet, here, window)
        (traffic,) = [one for key, one in quiet.world.traffic.items() if key[2] == "2"]
        sent = traffic.counts(window.start, quiet.world.now() - timedelta(hours=1), timedelta(hours=1))  # type: ignore[attr-defined]

        seen = [one for one in reading.rows[TWO] if one.hour < hour_number(quiet.world.now()) - 1]
        assert [one.requests for one in seen] == [int(n) for n in sent][: len(seen)]
        assert sum(one.requests for one in seen) > 0
        assert [one.failed for one in seen] == [one.requests for one in seen]

    def test_an_endpoint_never_called_is_silent_live_and_quiet(self, here: Connection, quiet: Running) -> None:
        usage = pack(read(quiet, here).rows[ONE])

        assert usage.last_used_hour is None
        assert usage.silent_hours_since(usage.origin) >= 3

    def test_a_pool_has_rows_of_its_own(self, here: Connection, quiet: Running) -> None:
        reading = read(quiet, here)

        assert row(reading, POOL, quiet.world.now() - timedelta(hours=2)).replicas == 1
        assert THREE not in reading.rows  # a sharer that was never called has no series: the pool's are the pool's

    def test_without_pools_four_queries_are_saved(self, here: Connection, quiet: Running) -> None:
        traffic = MonitoringTraffic(here, quiet.world.now, has_pools=lambda _project: False)
        reading = traffic.read(ML, last_hours(quiet.world.now(), 3))

        assert reading.complete
        assert POOL not in reading.rows
        assert sum(here.calls.by_kind().values()) == 8

    def test_one_query_a_metric_serves_every_endpoint(self, sandbox: Running, connection: Connection) -> None:
        MonitoringTraffic(connection, sandbox.world.now).read(ML, last_hours(sandbox.world.now(), 6))

        assert set(connection.calls.by_kind().values()) == {1}
        assert sum(connection.calls.by_kind().values()) == 12

    def test_hours_before_a_deployment_have_no_replicas(self, here: Connection, quiet: Running) -> None:
        reading = read(quiet, here)
        start = datetime.fromisoformat("2026-11-02T09:00:00+00:00")

        assert row(reading, FOUR, start - timedelta(hours=1)).replicas is None
        assert row(reading, FOUR, start + timedelta(hours=1)).replicas == 1

    def test_projects_do_not_mix(self, sandbox: Running, connection: Connection) -> None:
        reading = MonitoringTraffic(connection, sandbox.world.now).read(WEB, last_hours(sandbox.world.now(), 3))

        assert {name.split("/")[1] for name in reading.rows} == {"654321"}


class TestCoverage:
    def test_hours_that_are_not_settled_are_not_covered(self, here: Connection, quiet: Running) -> None:
        now = quiet.world.now()  # 12:00; with a lag of ten minutes the hour from 11 to 12 is not settled
        reading = read(quiet, here)

        assert reading.covered == Window(last_hours(now, 6).start, now - timedelta(hours=1))
        assert [one.covered for one in reading.rows[ONE]] == [True] * 4 + [False] * 2

    def test_a_shorter_lag_covers_more(self, here: Connection, quiet: Running) -> None:
        reading = read(quiet, here, metric_lag=timedelta(0))

        assert reading.covered is not None
        assert reading.covered.end == quiet.world.now()

    def test_a_window_that_is_not_settled_at_all_covers_nothing(self, here: Connection, quiet: Running) -> None:
        reading = read(quiet, here, last_hours(quiet.world.now(), 1))

        assert reading.complete
        assert reading.covered is None

    def test_the_window_is_of_whole_hours(self, here: Connection, quiet: Running) -> None:
        now = quiet.world.now()
        with pytest.raises(ValueError, match="whole hours"):
            read(quiet, here, Window(now - timedelta(minutes=90), now))

    def test_six_weeks_are_read_in_one_go(self, here: Connection, quiet: Running) -> None:
        end = quiet.world.now()
        reading = read(quiet, here, Window(end - timedelta(weeks=6), end))

        assert reading.complete, reading.problems
        assert len(reading.rows[ONE]) == 42 * 24


class TestWhenTheInstrumentsAreInDoubt:
    def spoilt(self, running: Running, connection: Connection) -> str:
        reading = read(running, connection)
        assert not reading.complete
        assert reading.covered is None
        assert not any(one.covered for rows in reading.rows.values() for one in rows)
        assert reading.problems
        return "; ".join(reading.problems)

    @pytest.mark.parametrize(
        "metric",
        [
            "prediction_count",
            "response_count",
            "error_count",
            "private/response_count",
            "online/replicas",
            "online/accelerator/duty_cycle",
            "online/cpu/utilization",
            "network/received_bytes_count",
            "deployment_resource_pool/replicas",
        ],
    )
    def test_an_execution_error_in_any_metric_spoils_the_reading(
        self, here: Connection, quiet: Running, metric: str
    ) -> None:
        fault(quiet, "monitoring_execution_error", metric=f"*{metric}")

        assert "execution error" in self.spoilt(quiet, here)

    def test_a_lost_permission_spoils_the_reading(self, here: Connection, quiet: Running) -> None:
        fault(quiet, "permission_lost", project="acme-ml", service="monitoring")

        assert "403 PERMISSION_DENIED" in self.spoilt(quiet, here)

    def test_a_platform_that_stays_down_spoils_the_reading(self, here: Connection, quiet: Running) -> None:
        fault(quiet, "server_error", service="monitoring", count=40)

        assert "503" in self.spoilt(quiet, here)

    def test_no_answer_spoils_the_reading(self, here: Connection, quiet: Running) -> None:
        fault(quiet, "timeout", service="monitoring", count=36)

        assert "504 DEADLINE_EXCEEDED" in self.spoilt(quiet, here)

    def test_a_busy_platform_is_asked_again(self, here: Connection, quiet: Running) -> None:
        fault(quiet, "rate_limited", service="monitoring", count=2)

        assert read(quiet, here).complete
        assert sum(n for (_, outcome), n in here.calls.by_outcome().items() if outcome == "RateLimited") == 2

    def test_a_missing_count_leaves_the_witnesses(self, here: Connection, quiet: Running) -> None:
        fault(quiet, "series_missing", metric="*prediction_count")
        fault(quiet, "series_missing", metric="*response_count")
        fault(quiet, "series_missing", metric="*error_count")

        reading = read(quiet, here)
        hour = row(reading, TWO, quiet.world.now() - timedelta(hours=3))

        assert hour.requests == 0
        assert hour.replicas == 1

    def test_missing_replicas_are_not_liveness(self, here: Connection, quiet: Running) -> None:
        fault(quiet, "series_missing", metric="*online/replicas")

        usage = pack(read(quiet, here).rows[ONE])

        assert usage.live == 0
        assert usage.silent_hours_since(usage.origin) == 0

    def test_one_count_is_enough_to_be_use(self, here: Connection, quiet: Running) -> None:
        whole = row(read(quiet, here), TWO, quiet.world.now() - timedelta(hours=3))
        fault(quiet, "series_missing", metric="*error_count")
        by_responses = row(read(quiet, here), TWO, quiet.world.now() - timedelta(hours=3))

        assert by_responses.requests == whole.requests > 0

    def test_a_series_that_comes_twice_counts_once(self, here: Connection, quiet: Running) -> None:
        before = [row(read(quiet, here), TWO, quiet.world.now() - timedelta(hours=n)) for n in (2, 3, 4)]
        fault(quiet, "series_duplicate")
        after = [row(read(quiet, here), TWO, quiet.world.now() - timedelta(hours=n)) for n in (2, 3, 4)]

        assert after == before

    def test_spot_and_other_series_add_up(self, here: Connection, quiet: Running) -> None:
        before = [row(read(quiet, here), TWO, quiet.world.now() - timedelta(hours=n)).requests for n in (2, 3, 4)]
        fault(quiet, "series_several")
        after = [row(read(quiet, here), TWO, quiet.world.now() - timedelta(hours=n)).requests for n in (2, 3, 4)]

        assert after == before

    def test_late_series_leave_hours_that_are_not_live(self, here: Connection, quiet: Running) -> None:
        fault(quiet, "series_late", seconds=3 * 3600)

        reading = read(quiet, here)
        usage = pack(reading.rows[ONE])

        assert usage.silent_hours_since(usage.origin) <= 3

    def test_count_and_witness_that_disagree_are_both_told(self, here: Connection, quiet: Running) -> None:
        fault(quiet, "count_witness_disagree")

        hour = row(read(quiet, here), ONE, quiet.world.now() - timedelta(hours=3))
        usage = pack([hour])

        assert hour.requests == 0
        assert usage.busy
        assert not usage.quiet


class TestPagesOfSeries:
    def test_all_pages_are_read(self, here: Connection, quiet: Running, monkeypatch: pytest.MonkeyPatch) -> None:
        whole = read(quiet, here)
        monkeypatch.setattr("guard.adapters.monitoring.series.PAGE_POINTS", 4)
        paged = read(quiet, here)

        assert {name: list(rows) for name, rows in paged.rows.items()} == {
            name: list(rows) for name, rows in whole.rows.items()
        }
        assert here.calls.by_kind()["timeSeries.list replicas"] > 2

    def test_an_error_on_a_later_page_spoils_the_reading(
        self, here: Connection, quiet: Running, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("guard.adapters.monitoring.series.PAGE_POINTS", 4)
        asked = iter(range(100))

        def ask(read: object, call: object, _ask: object = here.call) -> object:
            if next(asked) == 14:
                fault(quiet, "permission_lost", service="monitoring")
            return _ask(read, call)  # type: ignore[operator]

        monkeypatch.setattr(here, "call", ask)

        assert not read(quiet, here).complete


def test_a_request_inside_the_lag_shows_at_the_next_reading(quiet: Running, here: Connection) -> None:
    before = row(read(quiet, here), ONE, quiet.world.now() - timedelta(hours=2))
    fault(quiet, "request_inside_lag", n=3, seconds=2 * 3600 - 60)
    read(quiet, here)  # the sandbox lets them appear with the first question
    after = row(read(quiet, here), ONE, quiet.world.now() - timedelta(hours=2))

    assert (before.requests, after.requests) == (0, 3)


def test_a_real_call_is_seen_in_the_present_hour(here: Connection) -> None:
    with serving(QUIET_SCENARIO) as running, connected(running) as connection:
        httpx.post(f"{running.http}/v1/{US}/endpoints/1:predict", json={"instances": [1]}).raise_for_status()
        running.world.advance(timedelta(minutes=20))

        assert row(read(running, connection), ONE, running.world.now()).requests == 1
