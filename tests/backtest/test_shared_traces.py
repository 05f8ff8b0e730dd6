"""The bar on the shared traces: captured saving and cold starts. The traces are not ours to ship: without them, skipped."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from guard.backtest.learned import learned_waits
from guard.backtest.score import score
from guard.backtest.trace import read_trace
from tests.backtest.fleets import HOUR

ROOT = Path(__file__).parents[2]
TRACES = Path(os.environ.get("TUNEGUARD_SHARED", ROOT.parent / "shared")) / "traces"
pytestmark = pytest.mark.skipif(not TRACES.is_dir(), reason="the shared traces are not here")

RATIOS_HOURS = [float(r) for r in np.geomspace(1 / 6, 720, 25)]


@pytest.mark.parametrize(
    ("hours", "captured", "cold_starts"), [(1, 95.2, 11.0), (8, 82.7, 4.6), (24, 58.6, 11.0), (72, 28.7, 11.0)]
)
def test_the_learned_wait_beats_the_best_fixed_wait_of_hindsight(
    hours: float, captured: float, cold_starts: float
) -> None:
    silences = read_trace(TRACES / "gentd26_requests.csv.gz")
    (waits,) = learned_waits(silences, [hours * HOUR])

    result = score(silences, waits, hours * HOUR)

    assert result.captured is not None
    assert result.captured > captured
    assert result.cold_starts_per_week < cold_starts


@pytest.mark.parametrize(
    ("name", "bucket"), [("gentd26_requests.csv.gz", 0.0), ("gentd26_gpu_duty.csv.gz", 57.0), ("azure_llm_2023.csv.gz", 0.0)]
)  # fmt: skip
def test_no_trace_loses_money_from_ten_minutes_to_thirty_days(name: str, bucket: float) -> None:
    silences = read_trace(TRACES / name, bucket_seconds=bucket)
    ratios = [hours * HOUR for hours in RATIOS_HOURS]

    for ratio, waits in zip(ratios, learned_waits(silences, ratios, reached_only=True), strict=True):
        assert score(silences, waits, ratio).saved.sum() >= 0, f"break-even {ratio / HOUR:.3g} h"


def test_two_busy_services_are_never_removed() -> None:
    silences = read_trace(TRACES / "azure_llm_2023.csv.gz")
    ratios = [hours * HOUR for hours in RATIOS_HOURS]

    for waits in learned_waits(silences, ratios):
        assert not (silences.length > waits).any()
