"""A fresh look for commands that read: the whole cycle up to the plan, nothing written, nothing changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from guard.cli.common import Common


def look_now(common: Common) -> tuple[datetime | None, list[Mapping[str, Any]], str, str]:
    """Look and return when, the verdict documents, a pause in words, and the mode."""
    from guard.core.documents import verdict_document

    document, verdicts, paused = plan_now(common)
    return (
        datetime.fromisoformat(document["taken_at"]),
        [
            *(verdict_document(v) for v in verdicts),
            *(doc for doc in document["unknown"] if "not_listed" in doc["evidence"]),
        ],
        paused,
        document["mode"],
    )


def plan_now(common: Common, against: Path | None = None) -> tuple[dict[str, Any], list[Any], str]:
    """Look and return the plan document, the verdicts, and a pause in words; `against`: under another guard.yaml."""
    from guard import wiring
    from guard.cli.common import when
    from guard.config import load
    from guard.core.documents import plan_document
    from guard.telemetry import logging

    logging.set_up(level="error")
    guard = wiring.build(common.path, may_act=False)
    try:
        settings = load(against).settings if against is not None else None
        result = guard.cycle.look(guard.clock.now(), settings)
        if guard.enrolled.problems:
            raise guard.enrolled.problems[0]  # half an answer would be read as a whole one
        pause = guard.ledger.paused()
        paused = f"paused by {pause.who} since {when(pause.at)}: {pause.why}" if pause else ""
        assert result.plan is not None  # noqa: S101  # look() always plans
        return plan_document(result.plan, result.unlisted), list(result.verdicts), paused
    finally:
        guard.close()
