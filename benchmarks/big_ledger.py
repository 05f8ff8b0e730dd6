"""A ledger that remembers a large fleet, written by the ledger's own methods: no cloud, no guard, one minute for 10,000 things."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from guard.core.billed import Billed
from guard.core.model import Kind, Machine
from guard.core.reasons import MEANING, KeepReason, RemoveReason
from guard.core.units import hour_number, hour_start
from guard.core.usage import Usage
from guard.ledger import SqlLedger, open_ledger
from guard.ports.ledger import CycleRecord

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
DAYS = 31
MACHINES = (("n1-standard-4", "0.2190"), ("g2-standard-12", "1.1507"), ("n1-standard-8", "0.4380"))
OWNERS = ("vision", "nlp", "search", "support", "platform")


def fill(file: Path, things: int) -> SqlLedger:
    """Write a ledger with so many deployed models, a month of hourly usage and replicas, and one look. Returns it, open."""
    ledger = open_ledger(f"sqlite:///{file}", world="sandbox:bench", durable_hint=True)
    first = hour_number(NOW) - 24 * DAYS
    hours = hour_number(NOW) - first
    everything = (1 << hours) - 1
    for start in range(0, things, 1000):
        part = range(start, min(start + 1000, things))
        ledger.save_usage({name_of(i): _usage(i, first, everything) for i in part}, from_hour=first)
        ledger.save_replicas({name_of(i): dict.fromkeys(range(first, first + hours), 1.0) for i in part})
    ledger.save_billed([_billed(i) for i in range(things)])
    documents = {name_of(i): document(i) for i in range(things)}
    ledger.save_verdicts("c-1", NOW, documents)
    by_decision: dict[str, list[dict[str, Any]]] = {"keep": [], "idle": []}
    for one in documents.values():
        by_decision[one["decision"]].append(one)
    announced = {"blocks": [], "ways_out": [], "act_id": "a", "attempt": 1, "state": None, "group_rate": None}
    plan = {
        "cycle_id": "c-1", "taken_at": NOW.isoformat(), "mode": "observe", "config_digest": "d", "actions": [],
        "notices": [one | announced for one in by_decision["idle"]],
        "blocked": [], "kept": by_decision["keep"], "unknown": [], "suggestions": [], "void": [], "doubts": [], "breaker": None,
    }  # fmt: skip
    ledger.save_cycle(
        CycleRecord(
            id="c-1",
            taken_at=NOW,
            mode="observe",
            config_digest="d",
            term=None,
            took=timedelta(seconds=1),
            summary={"seen": things},
            plan=plan,
        )
    )
    return ledger


def name_of(i: int) -> str:
    """The resource name of one deployed model."""
    return f"projects/{100000000001 + i % 20}/locations/us-central1/endpoints/{1000 + i}/deployedModels/{i}"


def _usage(i: int, first: int, everything: int) -> Usage:
    silent = i % 240  # hours of silence at the end
    used = everything & ((1 << max(0, everything.bit_length() - silent)) - 1)
    return Usage(
        origin=first,
        covered=everything,
        live=everything,
        used=used,
        answered=used,
        quiet=everything & ~used,
        busy=used,
        counts={first + bit: 1 + (i + bit) % 97 for bit in range(used.bit_length())},
    )


def _billed(i: int) -> Billed:
    return Billed(
        name=name_of(i),
        kind=Kind.DEPLOYED_MODEL,
        project_id=f"acme-{i % 20}",
        location="us-central1",
        display_name=f"model-{i}",
        machine=Machine(machine_type=MACHINES[i % 3][0], accelerator_type=None, accelerator_count=0),
        labels={"team": OWNERS[i % 5]},
        owner=OWNERS[i % 5],
        policy="default",
        created_at=NOW - timedelta(days=DAYS),
        seen_at=NOW - timedelta(days=DAYS),
    )


def document(i: int) -> dict[str, Any]:
    """The verdict's document of one deployed model: one in four is idle."""
    silent = i % 240
    idle = silent > 180
    reason = RemoveReason.IDLE if idle else KeepReason.IN_USE
    machine, rate = MACHINES[i % 3]
    last = hour_start(hour_number(NOW) - silent - 1).isoformat()
    return {
        "schema_version": 1,
        "subject": name_of(i),
        "kind": "deployed_model",
        "project": f"acme-{i % 20}",
        "location": "us-central1",
        "display_name": f"model-{i}",
        "endpoint_display_name": f"endpoint-{i}",
        "labels": {"team": OWNERS[i % 5]},
        "generation": f"g/{i}",
        "digest": f"{i:064x}",
        "created_at": (NOW - timedelta(days=DAYS)).isoformat(),
        "billed": True,
        "rate": {"amount": rate, "currency": "USD"},
        "rate_note": "Cloud Billing Catalog, SKU 4134-65EA-3E8F, 2026-11-02; Cloud Billing Catalog, SKU E7D6-30BF-D128, 2026-11-02",
        "machine": machine,
        "owner": OWNERS[i % 5],
        "owner_source": "label owner",
        "members": [],
        "group": None,
        "reason": reason.value,
        "meaning": MEANING[reason],
        "policy": "default",
        "evidence": {
            "counted_from": last,
            "holes_hours": 0,
            "last_used_at": last,
            "machine": machine,
            "policy_line": "guard.yaml:12",
            "proven_until": NOW.isoformat(),
            "replicas": 1.0,
            "silent_hours": silent,
            "traffic_share": 100,
            "wait_hours": 180.0,
        },
        "wait": {
            "hours": 180.0,
            "because": "waits 7 d 12 h: a wrong removal costs $22.38 (44 min down x $0.50/min), an idle hour $0.22",
            "notice_hours": 2.0,
            "worst_case": "at worst 2x the cost of knowing the future",
            "sum": {"base_hours": 180.0, "currency": "USD", "factor": 1, "idle_hour": rate, "wrong_removal": "22.38"},
        },
        "silent_hours": float(silent),
        "last_used_at": last,
        "stage": "undeploy" if idle else None,
        "due_at": (NOW + timedelta(hours=2)).isoformat() if idle else None,
        "decision": "idle" if idle else "keep",
        "would_go_at": None if idle else (NOW + timedelta(hours=180 - silent)).isoformat(),
    }  # fmt: skip


def names(things: int) -> Iterator[str]:
    """Every name of such a ledger."""
    return (name_of(i) for i in range(things))
