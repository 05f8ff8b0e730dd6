"""Verdicts and plans as JSON documents: by value, readable later without the cloud. Pure.

The shape of `tuneguard plan --output json` is a surface that others rely on: `cycle_id`, `taken_at`, `mode`, `actions`,
`notices`, `blocked`, `kept`, `unknown`; each item has `subject`, `stage`, `reason`, `evidence`, `rate`, `due_at`. Further
fields may be added; none of these changes without a changelog entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from guard.core.plan import Plan, Planned
from guard.core.reasons import MEANING, WAY_OUT, KeepReason
from guard.core.removal import act_id
from guard.core.units import Rate
from guard.core.verdict import Idle, Keep, Subject, Undecided, Verdict, Wait

SCHEMA_VERSION = 1

Document = dict[str, Any]


def verdict_document(verdict: Verdict) -> Document:
    """One verdict by value: what it is about, why, since when, and the sum of its wait."""
    document = {
        "schema_version": SCHEMA_VERSION,
        **subject_document(verdict.subject),
        "reason": verdict.reason.value,
        "meaning": MEANING[verdict.reason],
        "policy": verdict.policy,
        "evidence": dict(verdict.evidence),
        "wait": _wait(verdict.wait),
        "silent_hours": _hours(verdict.silent_for),
        "last_used_at": _iso(verdict.last_used_at),
        "stage": None,
        "due_at": None,
    }
    match verdict:
        case Keep():
            document |= {"decision": "keep", "would_go_at": _iso(verdict.would_go_at)}
        case Undecided():
            document |= {"decision": "unknown", "way_out": WAY_OUT.get(verdict.reason, "")}
        case Idle():
            document |= {
                "decision": "idle",
                "stage": verdict.stage.value,
                "due_at": _iso(verdict.due_at),
                "parts": [part.name for part in verdict.parts],
            }
    return document


def subject_document(subject: Subject) -> Document:
    """What a verdict is about."""
    return {
        "subject": subject.name,
        "kind": subject.kind.value,
        "project": subject.project_id,
        "location": subject.location,
        "display_name": subject.display_name,
        "endpoint_display_name": subject.aliases[0] if subject.aliases else "",
        "labels": dict(subject.labels),
        "generation": subject.generation,
        "digest": subject.digest,
        "created_at": _iso(subject.created_at),
        "billed": subject.billed,
        "rate": rate_document(subject.rate),
        "rate_note": subject.rate_note,
        "machine": subject.machine,
        "owner": subject.owner,
        "owner_source": subject.owner_source,
        "members": list(subject.members),
        "group": subject.group,
    }


def planned_document(planned: Planned) -> Document:
    """One act to be: its verdict, its key, when it is due, and what blocks it."""
    rate = planned.group_rate if planned.group else planned.verdict.subject.rate
    return {
        **verdict_document(planned.verdict),
        "due_at": _iso(planned.due_at),
        "act_id": act_id(planned.key),
        "attempt": planned.key.attempt,
        "state": planned.act.state.value if planned.act is not None else None,
        "blocks": [block.value for block in planned.blocks],
        "ways_out": [WAY_OUT[block] for block in planned.blocks],
        "group": planned.group,
        "group_rate": rate_document(rate) if planned.group else None,
    }


def unlisted_document(last: Mapping[str, Any], problem: str) -> Document:
    """The document of a thing whose scope could not be listed: the last one, but unknown; nothing of it is due."""
    reason = KeepReason.LISTING_FAILED
    return {
        **last,
        "decision": "unknown",
        "reason": reason.value,
        "meaning": MEANING[reason],
        "way_out": WAY_OUT.get(reason, ""),
        "evidence": {**last.get("evidence", {}), "not_listed": problem},
        "stage": None,
        "due_at": None,
        "would_go_at": None,
    }


def plan_document(plan: Plan, unlisted: Iterable[Mapping[str, Any]] = ()) -> Document:
    """The whole plan; `notices` are what is announced or to be announced: acts whose time has not come."""
    return {
        "schema_version": SCHEMA_VERSION,
        "cycle_id": plan.cycle_id,
        "taken_at": _iso(plan.taken_at),
        "mode": plan.mode.value,
        "config_digest": plan.config_digest,
        "actions": [planned_document(planned) for planned in plan.actions],
        "notices": [planned_document(planned) for planned in plan.upcoming],
        "blocked": [planned_document(planned) for planned in plan.blocked],
        "kept": [verdict_document(verdict) for verdict in plan.kept],
        "unknown": [*(verdict_document(verdict) for verdict in plan.unknown), *unlisted],
        "suggestions": [
            {"subject": name, "stage": stage.value, "text": text} for name, stage, text in plan.suggestions
        ],
        "void": [{"act_id": act.id, "subject": act.key.subject, "why": why} for act, why in plan.void],
        "doubts": [
            {
                "scope": str(doubt.scope),
                "why": doubt.why,
                "evidence": dict(doubt.evidence),
                "acknowledged": doubt.acknowledged,
            }
            for doubt in plan.doubts
        ],
        "breaker": None
        if plan.breaker is None
        else {
            "selected": plan.breaker.selected,
            "fleet": plan.breaker.fleet,
            "usual": plan.breaker.usual,
            "why": plan.breaker.why,
        },
    }


def rate_document(rate: Rate | None) -> Mapping[str, str] | None:
    """Money an hour as exact text; None where it is not known or nothing bills."""
    if rate is None:
        return None
    return {"amount": f"{rate.per_hour.amount:f}", "currency": rate.per_hour.currency}


def _wait(wait: Wait | None) -> Document | None:
    if wait is None:
        return None
    return {
        "hours": _hours(wait.length),
        "because": wait.because,
        "notice_hours": _hours(wait.notice),
        "worst_case": wait.worst_case,
        "sum": dict(wait.sum),
    }


def _hours(length: timedelta | None) -> float | None:
    return None if length is None else round(length.total_seconds() / 3600, 3)


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
