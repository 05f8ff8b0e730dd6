"""A policy tried on a ledger's own past: every thing with its own break-even wait, its own price and its policy's practice."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from guard.backtest.terms import histories, terms_of
from guard.backtest.trial import trial
from guard.backtest.trial_page import as_html
from guard.backtest.trial_text import as_text
from guard.cli.app import run
from guard.config import load
from guard.core.model import Machine
from guard.core.rules import IfWrong
from guard.core.units import Money
from guard.core.usage import HourRow, Usage, pack
from guard.ledger import open_ledger

GUARD = """
mode: observe
projects: [my-project]
owners: {from: [label:owner], fallback: ops}
notify: {ops: "json://localhost:9"}
if_wrong:
  scratch: {per_minute_down: 0.10, redeploy: 10m}
  team: {per_minute_down: 1, redeploy: 10m}
policies:
  - {name: prod, match: {labels: {env: prod}}, wait: never, if_wrong: team}
  - {name: scratch, match: {labels: {env: scratch}}, if_wrong: scratch, wait: break_even, notify_before: 0h, do: [undeploy]}
  - {name: open, match: {labels: {env: open}}, wait: 24h, do: [undeploy]}
  - {name: default, match: all, if_wrong: team, wait: break_even, notify_before: 12h, do: [undeploy],
     act_during: Mon-Fri 09:00-17:00 Europe/Madrid}
limits: {removals_per_day: 2}
"""
PARENT = "projects/1/locations/r/endpoints"
HOURS = 24 * 42


def name_of(number: int) -> str:
    return f"{PARENT}/{number}/deployedModels/7"


def a_document(
    number: int, *, rate: str | None = "0.50", currency: str = "USD", env: str = "dev", **changes: Any
) -> dict[str, Any]:
    """A deployed model as it was judged last."""
    return {
        "subject": name_of(number),
        "kind": "deployed_model",
        "project": "my-project",
        "location": "r",
        "display_name": f"m{number}",
        "labels": {"env": env},
        "billed": True,
        "rate": None if rate is None else {"amount": rate, "currency": currency},
        "machine": "n1-standard-4",
        "wait": None,
        **changes,
    }


def called_every(hours: int, *, begin: int = 480_000, length: int = HOURS) -> Usage:
    return pack(
        [
            HourRow(
                hour=begin + h,
                requests=int(h % hours == 0),
                covered=True,
                replicas=1.0,
                duty=30.0 if h % hours == 0 else 0.0,
            )
            for h in range(length)
        ]
    )


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "guard.yaml"
    path.write_text(GUARD)
    return path


def tried(
    config: Path, documents: list[dict[str, Any]], usages: dict[str, Usage], *waits: str, **options: Any
) -> dict[str, Any]:
    settings = load(config).settings
    by_name = {document["subject"]: document for document in documents}
    machines = {name: Machine(machine_type="n1-standard-4") for name in by_name}
    terms, without = terms_of(by_name, settings.rules_of, every=settings.every, machines=machines)
    return trial(
        histories(usages, by_name, terms), terms, waits or ("policy",), source="test", left_out=without, **options
    )


def test_each_thing_has_the_break_even_wait_of_its_own_price_and_class(config: Path) -> None:
    settings = load(config).settings
    documents = {d["subject"]: d for d in (a_document(1), a_document(2, rate="2.00"), a_document(3, env="scratch"))}

    terms, _ = terms_of(documents, settings.rules_of)

    # Ten minutes down at $1, and ten minutes of the machine: $10.08 over $0.50; $10.33 over $2; at $0.10: $1.08 over $0.50.
    waits = [round(terms[name_of(n)].ratio.total_seconds() / 3600, 2) for n in (1, 2, 3)]
    assert waits == [20.17, 5.17, 2.17]


def test_what_cannot_be_weighed_is_named_and_not_replayed(config: Path) -> None:
    documents = [
        a_document(1),
        a_document(2, rate=None),
        a_document(3, env="open"),
        a_document(4, currency="EUR"),
        a_document(5, project="other", billed=False),
        a_document(6),
    ]
    usages = {name_of(n): called_every(50) for n in range(1, 6)}

    document = tried(config, documents, usages)

    why = {line["endpoint"]: line["why"] for line in document["left_out"]}
    assert why[name_of(2)] == "what an hour of it costs is not known"
    assert "does not say what a wrong removal costs" in why[name_of(3)]
    assert "if_wrong is in USD, the price in EUR" in why[name_of(4)]
    assert "never used" in why[name_of(6)]
    assert name_of(5) not in why
    assert [fleet["endpoints"] for fleet in document["fleets"]] == [1]


def test_a_policys_saving_is_money_and_its_practice_costs_some_of_it(config: Path) -> None:
    usages = {name_of(n): called_every(50) for n in (1, 2)}

    (fleet,) = tried(config, [a_document(1), a_document(2, rate="2.00")], usages, "policy", "never")["fleets"]

    alone, floor, notice, window, limits = fleet["practice"]
    # 49 silent hours, 20 times ended: the first waits 20.17 h and saves 28.83 h less a redeploy worth 20.17; the second likewise.
    by_hand = 20 * (0.5 * (49 - 2 * 20.1667) + 2 * (49 - 2 * 5.1667)) + 0.5 * max(0, 7 - 20.17) + 2 * (7 - 5.1667)
    assert alone["what"] == "policy"
    assert alone["saved"] == pytest.approx(by_hand, rel=0.01)
    assert [step["step"] for step in fleet["practice"]] == ["alone", "floor", "notice", "window", "limits"]
    assert notice["costs"] > 0
    assert alone["saved"] > notice["saved"] > limits["saved"]
    assert alone["cold_starts"] > window["cold_starts"]
    assert fleet["results"][0]["saved"] == limits["saved"]
    assert fleet["results"][1]["saved"] == 0
    assert floor["what"] == "+ 2.1 h floor"


def test_a_thing_that_a_policy_never_removes_stays_under_every_rule(config: Path) -> None:
    usages = {name_of(1): called_every(50)}

    (fleet,) = tried(config, [a_document(1, env="prod")], usages, "policy", "24h", "auto", "break_even")["fleets"]

    assert [line["removals"] for line in fleet["results"]] == [0, 0, 0, 0]
    assert fleet["results"][0]["median_wait_hours"] is None


def test_policies_stand_side_by_side_and_classes_are_compared(config: Path) -> None:
    documents = [a_document(n, env="scratch" if n % 2 else "dev") for n in range(8)]
    usages = {name_of(n): called_every(9 + 7 * n) for n in range(8)}
    rules = load(config).settings.default
    classes = {p.if_wrong.name: p.if_wrong for p in rules.policies if p.if_wrong}

    (fleet,) = tried(config, documents, usages, "policy", "auto", classes=classes, most_cold_starts=0.0)["fleets"]

    assert {line["policy"]: line["endpoints"] for line in fleet["policies"]} == {"scratch": 4, "default": 4}
    assert sum(line["saved"] for line in fleet["policies"]) == pytest.approx(fleet["results"][0]["saved"], abs=0.02)
    gentle = {line["if_wrong"]: line for line in fleet["classes"]}
    assert gentle["team"]["break_even_hours"] > gentle["scratch"]["break_even_hours"]
    assert gentle["team"]["cold_starts"] <= gentle["scratch"]["cold_starts"]
    assert "No class in guard.yaml keeps to 0 cold starts" in fleet["advice"]
    assert len(fleet["over_time"]) == 6
    assert len(fleet["timeline"]) == 5


def test_prices_in_two_currencies_are_never_added_up(config: Path) -> None:
    rules = load(config).settings.default
    euros = IfWrong(name="scratch", per_minute_down=Money(Decimal("0.1"), "EUR"), fixed=Money(Decimal(0), "EUR"))
    policies = tuple(replace(p, if_wrong=euros) if p.name == "scratch" else p for p in rules.policies)
    documents = {d["subject"]: d for d in (a_document(1), a_document(2, env="scratch", currency="EUR"))}
    usages = {name: called_every(60) for name in documents}

    terms, _ = terms_of(documents, lambda _: replace(rules, policies=policies))
    fleets = trial(usages, terms, ("policy",), source="test")["fleets"]

    assert [(fleet["currency"], fleet["endpoints"]) for fleet in fleets] == [("USD", 1), ("EUR", 1)]


def test_a_pool_is_called_when_one_of_its_sharers_is(config: Path) -> None:
    pool = {**a_document(9), "subject": "projects/1/locations/r/deploymentResourcePools/p", "kind": "pool",
            "members": [name_of(1), name_of(2)]}  # fmt: skip
    sharers = {name_of(1): called_every(20), name_of(2): called_every(30)}
    machines = pack([HourRow(hour=480_000 + h, covered=True, replicas=1.0, duty=0.0) for h in range(HOURS)])

    joined = histories({**sharers, pool["subject"]: machines}, {pool["subject"]: pool}, [pool["subject"]])

    assert joined[pool["subject"]].used == sharers[name_of(1)].used | sharers[name_of(2)].used


def test_the_command_tries_guard_yaml_on_the_ledger_and_a_person_accepts_what_it_showed(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    monkeypatch.setenv("TUNEGUARD_LEDGER", url)
    ledger = open_ledger(url, world="sandbox:test")
    ledger.save_usage({name_of(n): called_every(50 + n) for n in (1, 2)}, from_hour=0)
    now = datetime(2026, 11, 24, tzinfo=UTC)
    ledger.save_verdicts(
        "c1", now, {name_of(n): {**a_document(n), "decision": "keep", "reason": "waiting"} for n in (1, 2)}
    )
    ledger.close()
    page = tmp_path / "page.html"

    code = run(["backtest", "--config", str(config), "--html", str(page), "--accept", "default", "--by", "kim"])

    out, err = capsys.readouterr()
    assert code == 0, err
    assert "What practice costs policy:" in out
    assert "+ 12 h notice" in out
    assert "kim saw these figures for policy default" in out
    assert page.read_text().count("<svg") == 3
    ledger = open_ledger(url, world="sandbox:test", create=False)
    (word,) = ledger.view(datetime.now(UTC) + timedelta(days=1)).acknowledgements
    ledger.close()
    assert json.loads(word.what.split(" ", 1)[1])["fleets"][0]["policies"][0]["policy"] == "default"
    assert run(["backtest", "--config", str(config), "--notice", "24h"]) == 2
    assert "guard.yaml says it" in " ".join(capsys.readouterr().err.split())


def test_names_in_the_page_and_the_text_are_only_names(config: Path) -> None:
    document = tried(config, [a_document(1)], {name_of(1): called_every(50)})
    document["source"] = document["fleets"][0]["timeline"][0]["endpoint"] = "<b>&"

    assert "<b>&<" not in as_html(document)
    assert "<b>&" in as_text(document)
