"""`tuneguard jobs` with a provider whose tunes bill by tokens."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from tests.cli.world import Place
from tests.e2e.harness import Harness, a_harness
from tests.money.world import CONFIG, SCENARIO

KEYS = {"OPENAI_API_KEY": "sk-ordinary", "OPENAI_ADMIN_KEY": "sk-admin"}


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Place]:
    """A sandbox with one tune that was used and one that was not."""
    config = CONFIG + "openai: {every: 1h, retirement_days: [90, 60], to: ml}\n"
    with a_harness(tmp_path, scenario=SCENARIO, config=config) as harness:
        tunes = [{"suffix": "used", "last_used_days_ago": 2}, {"suffix": "idle", "base": "gpt-4o-2024-08-06"}]
        httpx.post(f"{harness.running.http}/sandbox/openai", json={"tunes": tunes}).raise_for_status()
        yield Place(harness, tmp_path)


@pytest.fixture
def with_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    read = vars(Harness)["environment"].fget
    monkeypatch.setattr(Harness, "environment", property(lambda self: {**read(self), **KEYS}))


@pytest.mark.usefixtures("with_keys")
def test_tunes_are_shown_with_days_left_and_last_use_and_are_said_to_cost_nothing(provider: Place) -> None:
    provider.harness.cycle()

    said = provider.here("jobs").out

    assert "costs nothing while idle (it bills by tokens); deleting it saves nothing and cannot be undone" in said
    assert "2 d ago" in said
    assert "not seen" in said
    [look] = provider.here("jobs", "-o", "json").document["providers"]
    assert [tune["days_left"] for tune in look["tunes"]] == [73, 73]
    changed = [call for call in provider.harness.running.world.calls if call.service == "openai" and call.changes]
    assert changed == [], "the guard only reads there"


@pytest.mark.usefixtures("with_keys")
def test_costs_names_what_was_spent_there_beside_the_sums_and_never_in_them(provider: Place) -> None:
    lately = {"tunes": [{"suffix": "lately", "last_used_days_ago": 0.5}]}
    httpx.post(f"{provider.harness.running.http}/sandbox/openai", json=lately).raise_for_status()
    provider.harness.cycle()
    found = provider.here("costs", "-o", "json").document
    [there] = found["providers"]
    [spent] = there["known"]
    assert Decimal(spent["amount"]) == sum(Decimal(one["amount"]) for one in there["items"].values()) > 0
    assert not any("openai" in line["group"] for line in found["lines"])
    assert "by its own costs API" in " ".join(provider.here("costs").out.split())
    assert "Spent at openai in the UTC month 2026-11" in provider.here("report").out
    assert provider.here("costs", "-o", "json", "--project", "demo-product").document["providers"] == []


def test_without_an_admin_key_what_was_spent_there_is_unknown(
    provider: Place, monkeypatch: pytest.MonkeyPatch, with_keys: None
) -> None:
    monkeypatch.delitem(KEYS, "OPENAI_ADMIN_KEY")
    provider.harness.cycle()
    [there] = provider.here("costs", "-o", "json").document["providers"]
    assert (there["known"], there["unknown"]) == ([], "costs need an admin key: OPENAI_ADMIN_KEY")
    assert "Unknown, in no sum: costs at openai" in provider.here("costs").out


@pytest.mark.usefixtures("with_keys")
def test_a_shut_down_is_told_once_a_step_of_its_countdown(provider: Place) -> None:
    for _ in range(3):
        provider.harness.cycle()
        provider.harness.advance(2)
    assert provider.harness.told().count("is shut down in 73 days") == 2, "once for each tune"
    provider.harness.advance(24 * 14)
    provider.harness.cycle()
    assert provider.harness.told().count("is shut down in 59 days") == 2


def test_without_a_key_it_is_said_and_the_rest_goes_on(provider: Place) -> None:
    result = provider.harness.cycle()
    assert len(result.verdicts) > 5
    assert "openai cannot be read now" in provider.here("jobs").out
    assert "Set OPENAI_API_KEY" in provider.here("jobs").out


@pytest.mark.usefixtures("with_keys")
def test_a_service_that_is_away_leaves_the_last_look(provider: Place) -> None:
    provider.harness.cycle()
    provider.harness.fault("server_error", service="openai")
    provider.harness.advance(2)
    provider.harness.cycle()
    said = provider.here("jobs").out
    assert "looked at 2 h ago" in said
    assert "openai cannot be read now" in said
    assert "2 d 2 h ago" in said
