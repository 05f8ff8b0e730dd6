"""Scores by hand, dense hours, advice, acceptance and the page."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pytest

from guard.backtest.acceptance import Acceptance, accept
from guard.backtest.advice import recommend
from guard.backtest.errors import TraceInvalid
from guard.backtest.history import silences_of_usage
from guard.backtest.hours import replay_hours
from guard.backtest.page import as_html
from guard.backtest.practice import Practice
from guard.backtest.report import as_json, as_text, backtest
from guard.backtest.rules import in_steps, rule_of
from guard.backtest.score import score
from guard.backtest.silences import Silences, silences_of
from guard.core.usage import HourRow, pack
from tests.backtest.fleets import HOUR, a_fleet, lognormal


def by_hand() -> Silences:
    """Endpoint a: gaps of 2 and 10 hours, a tail of 30; b: one gap of 5 hours, no tail."""
    h = HOUR
    intervals = {
        "a": (np.array([0, 3 * h, 14 * h]), np.array([h, 4 * h, 15 * h])),
        "b": (np.array([0, 6 * h]), np.array([h, 7 * h])),
    }
    return silences_of(intervals, {"a": 45 * h, "b": 7 * h})


def test_a_score_is_what_one_reckons_by_hand() -> None:
    silences = by_hand()

    result = score(silences, np.full(len(silences.start), 4 * HOUR), 4 * HOUR)

    # a: the gap of 10 h saves 6 and costs 4, the tail saves 26; hindsight saves 6 and 30. b: saves 1, costs 4; hindsight 1.
    np.testing.assert_allclose(result.saved, [28, -3])
    np.testing.assert_allclose(result.possible, [36, 1])
    assert result.cold_starts.tolist() == [1, 1]
    assert result.removals.tolist() == [2, 1]
    assert result.captured == pytest.approx(100 * 25 / 37)
    assert result.worst_ratio == pytest.approx(2.0)
    assert result.worst_endpoints(silences.names, 1) == [("b", -3.0)]


def test_an_interval_is_the_same_every_time_and_holds_the_figure() -> None:
    silences = a_fleet(lognormal(6, 1.5), endpoints=15, days=30)
    result = score(silences, np.full(len(silences.start), 8 * HOUR), 8 * HOUR)

    low, high = result.interval() or (0.0, 0.0)

    assert result.interval() == (low, high)
    assert result.captured is not None
    assert low < result.captured < high


def test_a_dense_table_of_hours_gives_what_the_silences_give() -> None:
    rng = np.random.default_rng(3)
    requests = (rng.random((24 * 20, 50)) < rng.uniform(0.005, 0.3, 50)).astype(np.uint16)
    requests[0] = 1  # the silences count from the first use
    starts = {f"e{i}": np.flatnonzero(requests[:, i]) * HOUR for i in range(50)}
    silences = silences_of(
        {name: (begun, begun + HOUR) for name, begun in starts.items()},
        dict.fromkeys(starts, len(requests) * HOUR),
        resolution=HOUR,
    )

    for record in replay_hours(requests, [1, 6, 24, 72]):
        removed = silences.length > record.wait_hours * HOUR
        assert record.removals == removed.sum()
        assert record.cold_starts == (removed & silences.returned).sum()
        assert record.off_hours * HOUR == pytest.approx((silences.length[removed] - record.wait_hours * HOUR).sum())


def test_an_endpoint_that_is_never_called_is_switched_off_once() -> None:
    (record,) = replay_hours(np.zeros((100, 1), np.uint16), [24])

    assert (record.off_hours, record.removals, record.cold_starts) == (76, 1, 0)


def test_an_hour_that_nobody_watched_counts_as_use() -> None:
    quiet = [HourRow(hour=h, covered=True, replicas=1.0, duty=0.0) for h in (*range(1, 5), *range(8, 12))]
    used = HourRow(hour=0, requests=5, covered=True, replicas=1.0, duty=20.0)

    silences = silences_of_usage({"x": pack([used, *quiet]), "never called": pack(quiet)})

    assert silences.names == ("x",)
    np.testing.assert_allclose(silences.length / HOUR, [4, 4])
    assert silences.returned.tolist() == [True, False]


def test_a_notice_as_long_as_the_wait_or_longer_takes_its_place() -> None:
    silences = by_hand()
    rules = in_steps(rule_of("break_even"), Practice(notice=24 * HOUR))
    report = backtest(silences, rules, [4 * HOUR], source="hand")

    plain, noticed = report.lines
    assert plain.score.saved.sum() == pytest.approx(25)
    assert noticed.score.saved.sum() == pytest.approx(6)
    assert "break_even + 24 h notice" in as_text(report)


@pytest.mark.parametrize("word", ["soon", "24", "-3h", "24 hours and a bit", ""])
def test_a_rule_that_is_none_is_refused(word: str) -> None:
    with pytest.raises(TraceInvalid, match="expected auto, break_even, never"):
        rule_of(word)


def test_dearer_wrong_removals_are_advised_where_people_accept_fewer_cold_starts() -> None:
    silences = a_fleet(lognormal(6, 1.5), endpoints=15, days=40)

    patient = recommend(silences, rule_of("auto"), most_cold_starts=0.2, hourly_price=3.0)
    hasty = recommend(silences, rule_of("auto"), most_cold_starts=5.0, hourly_price=3.0)

    assert patient.ratio > hasty.ratio
    assert patient.cold_starts_per_week <= 0.2
    assert "per_minute_down" in patient.sentence


def test_an_acceptance_holds_the_digest_and_the_figures_that_were_seen() -> None:
    report = backtest(by_hand(), [rule_of("break_even")], [4 * HOUR], source="hand")
    written: list[Acceptance] = []

    accept(
        as_json(report), policy_digest="abc123", who="kim", at=datetime(2026, 11, 1, tzinfo=UTC), record=written.append
    )

    digest, figures = written[0].what.split(" ", 1)
    assert digest == "backtest:abc123"
    assert json.loads(figures)["results"][0]["captured_percent"] == 67.57


def test_the_page_stands_alone_and_escapes_names() -> None:
    intervals = {"<b>&": (np.array([0.0, 40 * HOUR]), np.array([HOUR, 41 * HOUR]))}
    report = backtest(
        silences_of(intervals, {"<b>&": 90 * HOUR}), [rule_of("auto"), rule_of("never")], [HOUR], source="<i>"
    )

    page = as_html(report)

    assert page.count("<svg") == 2
    assert "<b>&<" not in page
    assert "http" not in page
    assert as_json(report)["results"][1]["removals"] == 0
