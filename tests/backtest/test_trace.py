"""Reading traces: what counts as use, and how a bad file is refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from guard.backtest.dump import dump_waits
from guard.backtest.errors import TraceInvalid
from guard.backtest.trace import read_trace


def a_file(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_requests_that_overlap_leave_no_silence_between_them(tmp_path: Path) -> None:
    trace = a_file(tmp_path / "t.csv", "t_seconds,model,latency_seconds\n0,a,50\n10,a,5\n40,a,30\n100,a,0\n300,b,0\n")

    silences = read_trace(trace)

    assert silences.names == ("a", "b")
    np.testing.assert_allclose(silences.start, [70, 100])
    np.testing.assert_allclose(silences.length, [30, 200])
    assert silences.returned.tolist() == [True, False]


def test_a_bucket_without_requests_is_silence_and_its_rows_need_no_order(tmp_path: Path) -> None:
    rows = ["7200,e,3", "0,e,1", "3600,e,0", "10800,e,0"]
    trace = tmp_path / "t.csv.gz"
    with gzip.open(trace, "wt") as file:
        file.write("t_seconds,endpoint,requests\n" + "\n".join(rows) + "\n")

    silences = read_trace(trace, bucket_seconds=3600)

    np.testing.assert_allclose(silences.start, [3600, 10800])
    np.testing.assert_allclose(silences.length, [3600, 3600])
    assert silences.resolution == 3600


def test_lifetimes_end_the_tail_where_the_endpoint_was_last_seen(tmp_path: Path) -> None:
    trace = a_file(tmp_path / "t.csv", "t_seconds,endpoint\n0,a\n1000,b\n")
    lives = a_file(tmp_path / "l.csv", "endpoint,last_seen_seconds\na,400\nb,5000\n")

    silences = read_trace(trace, lifetimes=lives)

    np.testing.assert_allclose(silences.length, [400, 4000])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no rows"),
        ("time,endpoint\n1,a\n", "t.csv:1: found the columns time,endpoint; expected t_seconds and one of"),
        ("t_seconds,endpoint\nsoon,a\n", "t.csv:2: t_seconds: found 'soon', expected a number"),
        ("t_seconds,endpoint\n1,a\nnan,a\n", "t.csv:3: t_seconds: found 'nan'"),
        ("t_seconds,endpoint\n1,\n", "t.csv:2: endpoint is empty"),
        ("t_seconds,endpoint,requests\n1,a,many\n", "t.csv:2: requests: found 'many'"),
    ],
)
def test_a_bad_trace_is_refused_with_place_and_expectation(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TraceInvalid) as refused:
        read_trace(a_file(tmp_path / "t.csv", text))

    assert message in str(refused.value)


def test_a_file_that_is_no_gzip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TraceInvalid, match="expected a CSV or CSV"):
        read_trace(a_file(tmp_path / "t.csv.gz", "t_seconds,endpoint\n1,a\n"))


def test_a_dump_has_one_row_a_silence_and_says_inf_for_never(tmp_path: Path) -> None:
    silences = read_trace(a_file(tmp_path / "t.csv", "t_seconds,endpoint\n0,a\n100,a\n250.5,a\n900,b\n"))

    dump_waits(tmp_path / "w.csv", silences, np.array([np.inf, 12.5, 3.0]))

    assert (tmp_path / "w.csv").read_text().splitlines() == [
        "endpoint,gap_start_seconds,wait_seconds", "a,0.0,inf", "a,100.0,12.5", "a,250.5,3.0",
    ]  # fmt: skip
