"""Tells owners of tunes on Vertex AI when the last day of their base model comes near, once a step of the countdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from guard.core.model import Kind
from guard.core.names import is_provider
from guard.core.notice_text import notice_id
from guard.core.plan import Notice, NoticeKind
from guard.core.settings import Settings
from guard.core.tunes import days_left
from guard.core.verdict import Verdict

STEPS = (90, 30, 7)
"""Days before the last one, where guard.yaml says nothing else (`retirement_days` under openai:)."""


def retirement_notices(verdicts: Sequence[Verdict], settings: Settings, now: datetime) -> Iterator[Notice]:
    """A notice for every tuning job that left an endpoint and whose base has a last day within a step; the outbox folds them."""
    steps = sorted(settings.tunes.retirement_days) if settings.tunes is not None else sorted(STEPS)
    for verdict in verdicts:
        subject, evidence = verdict.subject, verdict.evidence
        day = evidence.get("last_day")
        if subject.kind is not Kind.TUNING_JOB or not day or not evidence.get("endpoints"):
            continue
        left = days_left(date.fromisoformat(str(day)), now)
        step = None if left is None else next((days for days in steps if left <= days), None)
        if step is None or is_provider(subject.name.split("/", 2)[1]):
            continue
        base = str(evidence["base_model"]).rsplit("/", 1)[-1]
        when = f"in {left} days" if left else "now"
        yield Notice(
            id=notice_id(NoticeKind.TUNES, subject.name, f"{day} {step}"),
            kind=NoticeKind.TUNES,
            to=subject.owner or settings.rules_of(subject.project_id).owners.fallback,
            subject=subject.name,
            title=f"{subject.display_name}: its base model {base} ends {when}",
            body=f"The last day of {base} is {day}, by a public list; every tune on it ends with it. "
            "Read the model's page before you plan by it.\nMove its callers before; keep data and evaluation to tune another base.",
            made_at=now,
            data={"project": subject.project_id},
        )
