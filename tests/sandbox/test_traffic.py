"""Traffic of the sandbox's endpoints: shapes, codes, traces, real calls, and clear refusals."""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from guard.sandbox.traffic import Traffic, TrafficError, parse

START = datetime(2026, 11, 2, tzinfo=UTC)  # a Monday
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def traffic(spec: Any, **options: Any) -> Traffic:
    return parse(spec, start=START, seed=options.pop("seed", 7), **options)


def daily(spec: Any, days: int = 14) -> list[int]:
    return [int(n) for n in traffic(spec).counts(START, START + days * DAY, DAY)]


def test_no_traffic_is_silent_for_ever() -> None:
    assert traffic("none").is_silent
    assert not traffic(None).counts(START - 42 * DAY, START, HOUR).any()


def test_a_busy_endpoint_follows_the_hours_of_the_day() -> None:
    by_hour = traffic({"pattern": "busy", "per_hour": 120, "weekend": 1.0}).counts(START, START + 28 * DAY, HOUR)
    profile = by_hour.reshape(28, 24).mean(axis=0)

    assert profile.mean() == pytest.approx(120, rel=0.05)
    assert profile.argmax() in {13, 14}
    assert profile[2] < 40
    assert profile[14] > 180


def test_a_nightly_batch_runs_at_its_hour_and_never_else() -> None:
    by_hour = traffic({"pattern": "nightly", "requests": 600, "at": "02:00"}).counts(START, START + 2 * DAY, HOUR)

    assert {hour: int(n) for hour, n in enumerate(by_hour) if n} == {2: 600, 26: 600}


def test_a_batch_across_midnight_loses_no_request() -> None:
    assert sum(daily({"pattern": "nightly", "requests": 101, "at": "23:30", "lasts": "2h"}, days=29)) == 29 * 101


def test_office_traffic_rests_at_the_weekend() -> None:
    days = daily("weekdays")

    assert [n > 100 for n in days] == [True] * 5 + [False] * 2 + [True] * 5 + [False] * 2
    assert days[5:7] == [0, 0]


def test_probes_come_in_their_cadence_in_every_bucket() -> None:
    probes = traffic({"pattern": "probes", "requests": 2, "every": "10m"})

    assert set(probes.counts(START, START + 40 * DAY, HOUR).tolist()) == {12}


def test_a_real_call_shows_above_the_probes() -> None:
    both = traffic([{"pattern": "probes", "every": "5m"}, {"pattern": "calls", "at": "30h", "requests": 3}])
    by_hour = both.counts(START, START + 2 * DAY, HOUR)

    assert {hour: int(n) for hour, n in enumerate(by_hour) if n != 12} == {30: 15}


def test_names_joined_by_plus_add_up() -> None:
    assert daily("nightly + probes", days=3) == [600 + 288] * 3


def test_failing_traffic_is_answered_with_500_only() -> None:
    first = int(START.timestamp()) // 60

    assert set(traffic("failing").by_code(first, first + 1440)) == {500}


def test_codes_split_the_requests_and_lose_none() -> None:
    first = int(START.timestamp()) // 60
    mixed = traffic({"pattern": "poisson", "per_hour": 600, "codes": {200: 0.9, 429: 0.07, 503: 0.03}})
    by_code = {code: int(n.sum()) for code, n in mixed.by_code(first, first + 7 * 1440).items()}

    assert sum(by_code.values()) == int(mixed.counts(START, START + 7 * DAY, HOUR).sum())
    assert by_code[429] / sum(by_code.values()) == pytest.approx(0.07, rel=0.05)


def test_monthly_traffic_comes_on_its_day() -> None:
    assert daily({"pattern": "monthly", "day": 5, "requests": 90}, days=28) == [0, 0, 0, 90] + [0] * 24


def test_a_forgotten_endpoint_falls_silent_and_stays_so() -> None:
    days = daily({"pattern": "burst_then_forgotten", "per_hour": 60, "until": "3d"}, days=10)

    assert all(n > 1000 for n in days[:3])
    assert days[3:] == [0] * 7


def test_since_and_until_take_instants_and_offsets() -> None:
    spec = {"pattern": "probes", "every": "1h", "since": "1d", "until": "2026-11-04T12:00:00Z"}

    assert daily(spec, days=5) == [0, 24, 12, 0, 0]


def test_renewal_gaps_have_their_mean_and_a_heavy_tail() -> None:
    visits = traffic({"pattern": "renewal", "mean_gap": "2h", "tail": 1.8})
    minutes = np.flatnonzero(visits.counts(START, START + 700 * DAY, timedelta(minutes=1)))
    gaps = np.diff(minutes) / 60

    assert gaps.mean() == pytest.approx(2, rel=0.3)
    assert gaps.max() > 20 * gaps.mean()


def test_sparse_traffic_is_a_few_calls_a_week() -> None:
    assert 20 < int(traffic({"pattern": "sparse", "per_week": 3}).counts(START, START + 84 * DAY, DAY).sum()) < 60


@pytest.mark.parametrize("spec", ["busy", "renewal", {"pattern": "poisson", "codes": {200: 0.5, 500: 0.5}}])
def test_the_same_question_has_the_same_answer_whatever_was_asked_before(spec: Any) -> None:
    early_last, late_first = traffic(spec), traffic(spec)
    late_first.counts(START + 60 * DAY, START + 61 * DAY, HOUR)

    window = (START - 42 * DAY, START + 3 * DAY, HOUR)
    assert early_last.counts(*window).tolist() == late_first.counts(*window).tolist()


def test_another_seed_is_another_endpoint() -> None:
    window = (START, START + DAY, HOUR)

    assert traffic("busy", seed=1).counts(*window).tolist() != traffic("busy", seed=2).counts(*window).tolist()


def test_recorded_calls_are_counted_in_their_minute_with_their_code() -> None:
    quiet = traffic({"pattern": "calls", "at": "-1h"})
    assert not quiet.counts(START, START + DAY, HOUR).any()
    quiet.record(START + timedelta(hours=3, minutes=7), 2, 200)
    quiet.record(START + timedelta(hours=3, minutes=8), 1, 503)

    assert {hour: int(n) for hour, n in enumerate(quiet.counts(START, START + DAY, HOUR)) if n} == {3: 3}
    minute = int(START.timestamp()) // 60 + 187
    assert {code: n.tolist() for code, n in quiet.by_code(minute, minute + 2).items()} == {200: [2, 0], 503: [0, 1]}


def test_a_window_across_weeks_is_one_piece() -> None:
    busy = traffic("busy")
    whole = busy.counts(START - 21 * DAY, START, HOUR)
    halves = [
        busy.counts(START - 21 * DAY + k * 7 * HOUR, START - 21 * DAY + (k + 1) * 7 * HOUR, HOUR) for k in range(72)
    ]

    assert whole.tolist() == np.concatenate(halves).tolist()


def test_a_trace_is_replayed_from_the_start_with_its_codes(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("t_seconds,model,status\n0,a,SUCCEED\n3600,a,FAILED\n10,b,SUCCEED\n7300,a,429\n")
    replay = traffic({"trace": "t.csv", "endpoint": "a"}, base_dir=tmp_path)
    first = int(START.timestamp()) // 60

    assert replay.counts(START, START + 4 * HOUR, HOUR).tolist() == [1, 1, 1, 0]
    assert sorted(replay.by_code(first, first + 240)) == [200, 429, 500]


def test_a_trace_may_be_compressed_shifted_and_stretched(tmp_path: Path) -> None:
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(b"t_seconds,pod\n0,a\n3600,a\n"))
    spec = {"trace": "t.csv.gz", "endpoint": "a", "shift": "-2h", "scale": 3}

    assert traffic(spec, base_dir=tmp_path).counts(START - 2 * HOUR, START + 2 * HOUR, HOUR).tolist() == [1, 0, 0, 1]


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("bussy", r"traffic.pattern: found 'bussy'.*did you mean 'busy'"),
        (5, "traffic: found 5. Expected none, a pattern"),
        ({"pattern": "busy", "per_hr": 3}, "traffic.per_hr: .*did you mean 'per_hour'"),
        ({"pattern": "busy", "per_hour": -1}, "traffic.per_hour: found -1. Expected a number of at least 0"),
        ({"pattern": "busy", "per_hour": 1e300}, "traffic.per_hour: .*at most 1,000,000,000"),
        ({"pattern": "probes", "every": "9999999999w"}, "traffic.every: .*at most 100 years"),
        ({"pattern": "busy", "per_hour": True}, "traffic.per_hour: found True"),
        ({"pattern": "busy", "peak": 840}, "traffic.peak: found 840. Expected a quoted time of day"),
        ({"pattern": "probes", "every": 5}, "traffic.every: found 5. Expected a duration with a unit"),
        ({"pattern": "probes", "every": "0s"}, "traffic.every: found '0s'. Expected a duration above zero"),
        ({"pattern": "burst_then_forgotten"}, "traffic.until: found None. Expected the instant of the last call"),
        (
            {"pattern": "busy", "since": "yesterday"},
            "traffic.since: found 'yesterday'. Expected an instant with a zone",
        ),
        ({"pattern": "busy", "codes": {200: 0.5}}, "traffic.codes: .*these sum to 0.5"),
        ({"pattern": "busy", "codes": {2000: 1}}, "traffic.codes: found 2000. Expected HTTP response codes"),
        ({"pattern": "renewal", "tail": 1}, "traffic.tail: found 1"),
        ({"pattern": "monthly", "day": 31}, "traffic.day: found 31"),
        ({"pattern": "busy", "trace": "t.csv"}, "one of the two"),
        (
            {"trace": "nowhere.csv", "endpoint": "a"},
            "trace: found '.*nowhere.csv'. Expected a CSV file that can be read",
        ),
        ({"trace": "t.csv"}, "traffic.endpoint: found None"),
        (
            {"trace": "t.csv", "endpoint": "z"},
            "traffic.endpoint: found 'z'. Expected one of the 1 endpoints of t.csv: a",
        ),
        (
            {"trace": "t.csv", "endpoint": "a", "time_column": "when"},
            "trace.time_column: found 'when'.*t_seconds, model",
        ),
        (
            {"trace": "bad.csv", "endpoint": "a"},
            "trace bad.csv:2: t_seconds: found 'noon'. Expected a number of seconds",
        ),
        ({"trace": "bad.csv.gz", "endpoint": "a"}, "gzip-compressed if named .gz"),
    ],
)
def test_a_bad_specification_is_refused_with_field_finding_and_expectation(
    spec: Any, said: str, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text("t_seconds,model\n0,a\n")
    (tmp_path / "bad.csv").write_text("t_seconds,model\nnoon,a\n")
    (tmp_path / "bad.csv.gz").write_bytes(b"not gzip")

    with pytest.raises(TrafficError, match=said):
        traffic(spec, base_dir=tmp_path)
