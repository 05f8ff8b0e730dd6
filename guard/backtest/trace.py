"""Read a usage trace from CSV or CSV.gz: single requests, or counts per bucket, or a gauge sampled per bucket."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from guard.backtest.errors import TraceInvalid
from guard.backtest.silences import Floats, Silences, silences_of

NAMES = ("endpoint", "model", "pod")
VALUES = ("requests", "duty_percent")


def read_trace(
    path: Path, *, bucket_seconds: float = 0.0, min_value: float = 0.0, lifetimes: Path | None = None
) -> Silences:
    """Return the silences of a trace.

    Args:
        path: CSV or CSV.gz with `t_seconds` and one of endpoint, model, pod; optional `latency_seconds` (one row is one
            request that lasts so long), `requests` or `duty_percent` (one row covers a bucket, active above `min_value`);
            optional `kind`: endpoints of one kind are alike.
        bucket_seconds: Seconds that one row covers; 0 for single requests.
        min_value: The value up to which a bucket counts as silent.
        lifetimes: CSV with `endpoint,last_seen_seconds`: until when each endpoint was observed; else all until the last row.

    Raises:
        TraceInvalid: A file that is missing, not CSV, lacks a column, or holds something that is no number.
    """
    if bucket_seconds < 0:
        raise TraceInvalid(f"--bucket-seconds: found {bucket_seconds:g}, expected 0 (single requests) or more")
    rows: dict[str, tuple[list[float], list[float]]] = {}
    seen: dict[str, float] = {}
    kinds: dict[str, str] = {}
    latest = 0.0
    column: str | None = None
    value: str | None = None
    for line, row in _rows(path):
        if column is None:
            column = _column(path, row)
            value = next((name for name in VALUES if name in row), None)
        at = _number(path, line, row, "t_seconds")
        name = row[column]
        if row.get("kind"):
            kinds[name] = row["kind"]
        if not name:
            raise TraceInvalid(f"{path}:{line}: {column} is empty; expected the name of an endpoint")
        until = at + bucket_seconds
        latest = max(latest, until)
        if value == "duty_percent":  # a gauge is sampled while the thing exists
            seen[name] = max(until, seen.get(name, until))
        starts, stops = rows.setdefault(name, ([], []))
        if value is None or row[value] in {"", None} or _number(path, line, row, value) > min_value:
            starts.append(at)
            lasts = bucket_seconds
            if not lasts and row.get("latency_seconds"):
                lasts = _number(path, line, row, "latency_seconds")
            stops.append(at + lasts)
    if not rows:
        raise TraceInvalid(f"{path}: no rows; expected a header line and one line a request or bucket")
    ends = _lifetimes(lifetimes) if lifetimes else seen
    intervals = {name: _in_order(starts, stops) for name, (starts, stops) in rows.items()}
    last_seen = {name: ends.get(name, latest) for name in rows}
    return silences_of(intervals, last_seen, resolution=bucket_seconds, kinds=kinds)


def _in_order(starts: list[float], stops: list[float]) -> tuple[Floats, Floats]:
    begun, ended = np.array(starts, np.float64), np.array(stops, np.float64)
    order = np.lexsort((ended, begun))
    return begun[order], ended[order]


def _lifetimes(path: Path) -> dict[str, float]:
    ends = {}
    for line, row in _rows(path):
        if "endpoint" not in row or "last_seen_seconds" not in row:
            raise TraceInvalid(f"{path}:{line}: expected the columns endpoint,last_seen_seconds, found {','.join(row)}")
        ends[row["endpoint"]] = _number(path, line, row, "last_seen_seconds")
    return ends


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="") as file:
            reader = csv.DictReader(file)
            for row in reader:
                yield reader.line_num, row
    except OSError as error:
        raise TraceInvalid(
            f"{path}: cannot be read ({error.strerror or error}); expected a CSV or CSV.gz file"
        ) from error
    except (UnicodeDecodeError, csv.Error, zlib.error, EOFError) as error:
        raise TraceInvalid(
            f"{path}: is no CSV ({error}); expected UTF-8 text, gzipped if the name ends in .gz"
        ) from error


def _column(path: Path, row: dict[str, str]) -> str:
    if "t_seconds" in row:
        for name in NAMES:
            if name in row:
                return name
    found = ",".join(str(name) for name in row)
    raise TraceInvalid(f"{path}:1: found the columns {found}; expected t_seconds and one of {', '.join(NAMES)}")


def _number(path: Path, line: int, row: dict[str, str], column: str) -> float:
    text = row[column]
    try:
        value = float(text)
    except (TypeError, ValueError):
        value = float("nan")
    if not np.isfinite(value):
        raise TraceInvalid(f"{path}:{line}: {column}: found {text!r}, expected a number of seconds or a count")
    return value
