"""`tuneguard doctor` tries the sources of money that guard.yaml names: Google's notices, the account's prices, the bill."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.cli.world import Place
from tests.e2e.harness import a_harness
from tests.money.test_google_budgets import CLOUD, NAME
from tests.money.test_prices import ACCOUNT
from tests.money.world import CONFIG, SCENARIO

NAMED = f"""
google_budgets: {{subscription: {NAME}}}
billing_account: {ACCOUNT}
billing_export: {{files: [bill.jsonl]}}
"""
SOURCES = ("google budgets", "contract prices", "billing export")


def findings(place: Place) -> dict[str, tuple[bool, str]]:
    found = place.here("doctor", "-o", "json").document["findings"]
    return {one["check"]: (one["good"], one["detail"]) for one in found if one["check"] in SOURCES}


def test_doctor_tries_each_source_of_money_that_is_named_and_takes_nothing_off_the_subscription(tmp_path: Path) -> None:
    scenario = f'{SCENARIO}{CLOUD}\nprices: {{contract: {{"*Prediction N1*": 0.8}}}}\n'
    with a_harness(tmp_path, scenario=scenario, config=CONFIG) as harness:
        place = Place(harness, tmp_path)
        harness.cycle()
        harness.advance(30)
        assert findings(place) == {}, "none is named"

        place.configure(CONFIG + NAMED)
        missing = findings(place)
        assert not missing["billing export"][0]
        assert "no file fits" in missing["billing export"][1]

        export = httpx.get(f"{harness.running.http}/sandbox/billing/export", timeout=60).raise_for_status()
        (tmp_path / "bill.jsonl").write_text(export.text, encoding="utf-8")
        found = findings(place)
        assert all(good for good, _ in found.values()), found
        assert "lines of the last 3 days, exported until 2026-11-0" in found["billing export"][1]
        assert f"SKUs of {ACCOUNT} have a price of their own" in found["contract prices"][1]
        asked = [call.method for call in harness.running.world.calls if call.service == "pubsub"]
        assert set(asked) == {"subscriptions.testIamPermissions"}

        place.change(NAME, f"{NAME}-misspelt")
        harness.fault("permission_lost", service="billing")
        broken = findings(place)
        assert [broken[name][0] for name in SOURCES] == [False, False, True]
        assert "does not exist, or the guard's account may not read it" in broken["google budgets"][1]
