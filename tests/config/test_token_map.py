"""A kept public price map: token prices and last days as data with their day; what it says twice is not taken."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from guard.config import load
from guard.core.model import JobState
from guard.core.own_prices import book_of_project
from guard.core.prices import Part, PriceBook
from guard.core.rules import Mode
from guard.core.settings import Settings
from guard.core.units import Known
from guard.daemon.retiring import retirement_notices
from guard.ports.errors import ConfigInvalid
from tests.builders import NOW, a_job, a_snapshot, judged

GUARD = """
projects: [demo-research]
owners: {fallback: ops}
notify: {ops: "json://127.0.0.1"}
policies: [{name: default, wait: 24h}]
token_prices: {file: map.json, as_of: 2026-11-24}
"""
GEMINI = {
    "litellm_provider": "vertex_ai-language-models",
    "input_cost_per_token": 1.25e-06,
    "output_cost_per_token": 1e-05,
}
MAP: dict[str, Any] = {
    "sample_spec": {"litellm_provider": "one of https://docs"},
    "gemini-2.5-pro": {**GEMINI, "deprecation_date": "2026-12-20"},
    "vertex_ai/gemini-2.5-pro": {**GEMINI, "litellm_provider": "vertex_ai"},
    "gemini-9-flash": GEMINI,
    "vertex_ai/gemini-9-flash": {**GEMINI, "litellm_provider": "vertex_ai", "input_cost_per_token": 9e-06},
    "gpt-4o": {"litellm_provider": "openai", "input_cost_per_token": 2.5e-06},
}


def settings(folder: Path, content: str) -> Settings:
    (folder / "guard.yaml").write_text(GUARD)
    (folder / "map.json").write_text(content)
    return load(folder / "guard.yaml", {}).settings


def test_prices_are_exact_a_million_tokens_with_file_and_day(tmp_path: Path) -> None:
    found = settings(tmp_path, json.dumps(MAP))
    book = book_of_project(PriceBook(), found.rules_of, NOW.date())("demo-research")

    row = book.find(Part.INPUT_TOKENS, "gemini-2.5-pro", "global", NOW)
    assert isinstance(row, Known)
    assert (row.value.amount, row.value.source, row.value.as_of) == (
        Decimal("1.25"),
        "token prices in map.json",
        date(2026, 11, 24),
    )
    names = {(one.part, one.item) for one in found.default.price_rows}
    assert (Part.INPUT_TOKENS, "gemini-9-flash") not in names, "two prices: which one holds is not known"
    assert (Part.OUTPUT_TOKENS, "gemini-9-flash") in names
    assert not any("gpt" in item for _, item in names)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is no JSON that we know"),
        ("[]", "found no JSON object"),
        ("{}", "names no Gemini model of Vertex AI"),
        (json.dumps({"gemini-1": {**GEMINI, "input_cost_per_token": "dear"}}), "gemini-1:"),
        (json.dumps({"gemini-1": {**GEMINI, "deprecation_date": "soon"}}), "gemini-1:"),
    ],
)
def test_a_map_that_cannot_be_read_is_one_clear_error(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(ConfigInvalid, match=r"guard.yaml:\d+:\d+: token_prices.file: ") as refused:
        settings(tmp_path, content)
    assert said in str(refused.value)


def test_the_owner_of_a_tune_hears_of_its_bases_last_day_once_a_step(tmp_path: Path) -> None:
    found = settings(tmp_path, json.dumps(MAP))
    left = ("projects/1234/locations/us-central1/endpoints/9",)
    tuned = a_job("j1", base_model="gemini-2.5-pro", state=JobState.SUCCEEDED, endpoints=left, ended_at=NOW)
    nothing_left = a_job("j2", base_model="gemini-2.5-pro", state=JobState.SUCCEEDED, endpoints=(), ended_at=NOW)
    other = a_job("j3", base_model="gemini-3.5-flash", state=JobState.SUCCEEDED, endpoints=left, ended_at=NOW)
    rules = found.default
    verdicts = list(judged(a_snapshot(jobs=[tuned, nothing_left, other]), {}, rules=rules).values())

    first = list(retirement_notices(verdicts, found, NOW))
    assert ["gemini-2.5-pro ends in 26 days" in notice.title for notice in first] == [True]
    again = list(retirement_notices(verdicts, found, NOW))
    assert [notice.id for notice in again] == [notice.id for notice in first], "the outbox folds it"
    assert rules.mode is Mode.OBSERVE
