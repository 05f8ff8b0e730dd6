"""Reads request times out of a CSV trace, gzip-compressed or not."""

import csv
import gzip
from collections import defaultdict
from functools import lru_cache
from pathlib import Path
from typing import Final, TextIO

import numpy as np
from numpy.typing import NDArray

from guard.sandbox.traffic.errors import TrafficError

ENDPOINT_COLUMNS: Final = ("endpoint", "model", "pod")
_SUCCESS: Final = frozenset({"", "ok", "succeed", "succeeded", "success"})

Requests = dict[str, dict[int, NDArray[np.float64]]]


def read(path: Path, *, time_column: str, endpoint_column: str | None, status_column: str) -> Requests:
    """Seconds from the trace's start of each request, sorted, by endpoint and HTTP status.

    Args:
        path: CSV with a header line; `.gz` is unpacked.
        time_column: Column of seconds.
        endpoint_column: Column that names the endpoint; None looks for `endpoint`, `model` or `pod`. Without one, all
            rows belong to "".
        status_column: Column of the outcome, if the file has it. A number is a status; a word of success is 200, any other
            word 500.

    Raises:
        TrafficError: The file is not there, or lacks a column, or has a row that is no number.
    """
    try:
        stamp = path.stat().st_mtime_ns
    except OSError as error:
        raise TrafficError("trace", str(path), f"a CSV file that can be read ({error.strerror})") from error
    return _read(path, stamp, time_column, endpoint_column, status_column)


@lru_cache(maxsize=4)  # a fleet names the same file once per endpoint
def _read(path: Path, _stamp: int, time_column: str, endpoint_column: str | None, status_column: str) -> Requests:
    found: defaultdict[str, defaultdict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    try:
        with _open(path) as lines:
            rows = csv.DictReader(lines)
            header = list(rows.fieldnames or ())
            columns = f"one of the columns of {path.name}: {', '.join(header)}"
            if time_column not in header:
                raise TrafficError("trace.time_column", time_column, columns)
            named = endpoint_column or next((name for name in ENDPOINT_COLUMNS if name in header), None)
            if endpoint_column and endpoint_column not in header:
                raise TrafficError("trace.endpoint_column", named, columns)
            for row in rows:
                try:
                    seconds = float(row[time_column])
                except (TypeError, ValueError):
                    where = f"trace {path.name}:{rows.line_num}: {time_column}"
                    raise TrafficError(where, row[time_column], "a number of seconds") from None
                found[row[named] if named else ""][_status(row.get(status_column) or "")].append(seconds)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise TrafficError(
            "trace", str(path), f"a CSV file in UTF-8, gzip-compressed if named .gz ({error})"
        ) from error
    return {name: {code: np.sort(np.array(times)) for code, times in codes.items()} for name, codes in found.items()}


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _status(value: str) -> int:
    if value.isdigit():
        return int(value)
    return 200 if value.lower() in _SUCCESS else 500
