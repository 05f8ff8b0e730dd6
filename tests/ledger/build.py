"""Builders whose defaults are valid, so that a test shows only what matters to it."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

from guard.core.plan import Approval, Notice, NoticeKind, Seen
from guard.core.reasons import BlockReason, RemoveReason
from guard.core.removal import Act, ActKey, ActState, Recipe, act_id
from guard.core.units import Rate
from guard.core.verdict import Stage
from guard.ledger import SqlLedger
from guard.ports.ledger import CycleRecord, IntentCheck, Lease

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TTL = timedelta(seconds=60)
WORLD = "sandbox:test"
PROJECT = "123456789012"
SCOPE = f"projects/{PROJECT}/locations/europe-west4"
ENDPOINT = f"{SCOPE}/endpoints/4412"
SUBJECT = f"{ENDPOINT}/deployedModels/77"
MODEL = f"{SCOPE}/models/99"


def adopt(ledger: SqlLedger) -> None:
    """Let a ledger act: a person's word, a claim, a configuration."""
    ledger.adopt("ada@example.com", "first use", NOW)
    ledger.record_claim(PROJECT, 1, NOW)
    ledger.config_seen("config-1", NOW)


def lead(ledger: SqlLedger, holder: str = "daemon-1") -> Lease:
    """Take the lease."""
    lease = ledger.acquire_lease(holder, TTL)
    assert lease is not None
    return lease


def an_act(
    subject: str = SUBJECT,
    *,
    attempt: int = 1,
    stage: Stage = Stage.UNDEPLOY,
    generation: str = "g1",
    state: ActState = ActState.DUE,
    **changes: Any,
) -> Act:
    """An act that was announced two hours ago and is due now."""
    key = ActKey(subject, generation, stage, attempt)
    act = Act(
        id=act_id(key),
        key=key,
        state=state,
        reason=RemoveReason.IDLE,
        policy="default",
        project=PROJECT,
        project_id="acme-ml",
        location="europe-west4",
        display_name="support-bot",
        digest="d1",
        proposed_at=NOW - 2 * HOUR,
        due_at=NOW,
        updated_at=NOW - HOUR,
        evidence={"silent_hours": 90, "last_used_at": None},
        rate=Rate.of("0.2208140000001"),
        owner="ada@example.com",
        owner_source="label owner",
        config_digest="config-1",
        noticed_at=NOW - 2 * HOUR,
        machine="n1-standard-4",
    )
    return dataclasses.replace(act, **changes)


def a_recipe(act: Act, **changes: Any) -> Recipe:
    """The recipe of an act's second look."""
    recipe = Recipe(
        id=f"r-{act.id}",
        act_id=act.id,
        subject=act.key.subject,
        stage=act.key.stage,
        made_at=NOW,
        documents={"endpoint": {"name": ENDPOINT}, "deployed_model": {"id": "77", "model": f"{MODEL}@2"}},
        lacks=("the deployed model's id",),
    )
    return dataclasses.replace(recipe, **changes)


def a_check(lease: Lease, **changes: Any) -> IntentCheck:
    """What an intent is compared with, generous in every limit."""
    check = IntentCheck(
        holder=lease.holder,
        term=lease.term,
        config_digest="config-1",
        needs_approval=False,
        evidence_digest="e1",
        attempts=3,
        per_day=100,
        per_project_per_day=None,
        now=NOW,
    )
    return dataclasses.replace(check, **changes)


def an_approval(act: Act, **changes: Any) -> Approval:
    """A person's word on an act, good for a day."""
    approval = Approval(
        act_id=act.id, evidence_digest="e1", who="ada@example.com", made_at=NOW - HOUR, expires_at=NOW + DAY
    )
    return dataclasses.replace(approval, **changes)


def intend(ledger: SqlLedger, act: Act, lease: Lease, **changes: Any) -> Act | BlockReason:
    """Try to commit the intent of an act with the recipe of its second look."""
    return ledger.intend(act.id, a_check(lease, **changes), a_recipe(act), {"silent_hours": 91})


def a_notice(number: int = 1, **changes: Any) -> Notice:
    """A notice of a removal that lies ahead."""
    notice = Notice(
        id=f"n{number}",
        kind=NoticeKind.REMOVAL_AHEAD,
        to="ada@example.com",
        subject=SUBJECT,
        title="support-bot goes in 2 h",
        body="It has been silent for 3 d 18 h.",
        made_at=NOW + number * timedelta(seconds=1),
        data={"rate": "0.22"},
    )
    return dataclasses.replace(notice, **changes)


def a_seen(number: int = 1, **changes: Any) -> Seen:
    """What is remembered of one deployed model."""
    seen = Seen(
        name=f"{SCOPE}/endpoints/{number}/deployedModels/1",
        kind="deployed_model",
        generation=f"g{number}",
        first_seen_at=NOW - DAY,
        last_seen_at=NOW,
        digest=f"d{number}",
        labels={"owner": "ada"},
    )
    return dataclasses.replace(seen, **changes)


def a_cycle(number: int = 1, **changes: Any) -> CycleRecord:
    """A cycle of an hourly rhythm."""
    cycle = CycleRecord(
        id=f"c{number}",
        taken_at=NOW + number * HOUR,
        mode="observe",
        config_digest="config-1",
        term=1,
        took=timedelta(milliseconds=123, microseconds=4),
        summary={"seen": 3, "kept": 2},
        plan={"cycle_id": f"c{number}", "actions": []},
    )
    return dataclasses.replace(cycle, **changes)
