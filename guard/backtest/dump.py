"""Write the wait that was in force for each silence, so that anyone can score the rule again."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from guard.backtest.errors import TraceInvalid
from guard.backtest.silences import Floats, Silences


def dump_waits(path: Path, silences: Silences, waits: Floats) -> None:
    """Write `endpoint,gap_start_seconds,wait_seconds` (inf for never), one row a gap or tail; overwrites `path`.

    Raises TraceInvalid where the file cannot be written.
    """
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("endpoint", "gap_start_seconds", "wait_seconds"))
            for endpoint, start, wait in zip(silences.endpoint, silences.start, waits, strict=True):
                shown = "inf" if np.isinf(wait) else repr(round(float(wait), 3))
                writer.writerow((silences.names[endpoint], repr(float(start)), shown))
    except OSError as error:
        raise TraceInvalid(f"{path}: cannot be written ({error.strerror or error})") from error
