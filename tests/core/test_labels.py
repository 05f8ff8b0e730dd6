"""One word on a resource always wins, and what is not understood is read as keep."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from guard.core.labels import KeepByLabel, NotUnderstood, iac_mark, label_word
from tests.builders import NOW


def test_keep_until_a_day_holds_through_that_day() -> None:
    word = label_word({"tuneguard-keep-until": "2026-12-01"}, NOW)

    assert word == KeepByLabel("tuneguard-keep-until=2026-12-01", datetime(2026, 12, 2, tzinfo=UTC))
    assert label_word({"tuneguard-keep-until": "2026-12-01"}, datetime(2026, 12, 1, 23, 59, tzinfo=UTC)) == word
    assert label_word({"tuneguard-keep-until": "2026-12-01"}, datetime(2026, 12, 2, tzinfo=UTC)) is None


@pytest.mark.parametrize("value", ["true", "forever", "yes", "TRUE"])
def test_keep_without_an_end_holds_for_good(value: str) -> None:
    assert label_word({"tuneguard-keep": value}, NOW) == KeepByLabel(f"tuneguard-keep={value}", None)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("tuneguard-keep-until", "next-week"),
        ("tuneguard-keep-until", "2026-13-40"),
        ("tuneguard-keep", "false"),
        ("tuneguard", ""),
        ("tuneguard-hold", "true"),
        ("tune-guard-keep", "true"),
        ("tunegaurd-keep", "true"),
        ("tunegard-keep-until", "2026-12-01"),
        ("tuneguard_keep", "true"),
        ("tunguard-keep", "true"),
        ("TuneGuard-Keep", "nonsense"),
    ],
)
def test_what_is_not_understood_is_told_apart_and_never_ignored(key: str, value: str) -> None:
    assert label_word({key: value}, NOW) == NotUnderstood(f"{key}={value}")


@pytest.mark.parametrize("key", ["team", "tuned", "fine-tuned-model", "safeguard", "tuner", "tuning-job", "guard", ""])
def test_other_words_are_nobodys_keep(key: str) -> None:
    assert label_word({key: "true"}, NOW) is None


def test_the_guards_own_mark_says_nothing_about_keeping() -> None:
    assert label_word({"tuneguard-removed": "2026-11-20"}, NOW) is None


def test_the_longest_keep_counts_and_beats_what_is_not_understood() -> None:
    labels = {"tuneguard-keep-until": "2026-12-01", "tuneguard-why": "demo"}

    assert isinstance(label_word(labels, NOW), KeepByLabel)
    assert label_word(labels | {"tuneguard-keep": "true"}, NOW) == KeepByLabel("tuneguard-keep=true", None)


@pytest.mark.parametrize(
    "labels",
    [
        {"managed-by": "terraform"},
        {"managed-by": "anything-at-all"},
        {"goog-pulumi-provisioned": "true"},
        {"goog-terraform-provisioned": "false"},
    ],
)
def test_any_sign_of_an_iac_tool_is_a_mark(labels: dict[str, str]) -> None:
    assert iac_mark(labels) is not None


def test_ordinary_labels_are_no_mark() -> None:
    assert iac_mark({"team": "search", "goog-colab": "x"}) is None
