"""A fresh look for people's questions: a guard that cannot act is built, looks once, and is closed again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from guard.desk.looking import Look


def look_now(path: Path, environment: Mapping[str, str] = os.environ, against: Path | None = None) -> Look:
    """Look and plan, writing nothing; `against`: under another guard.yaml. Raises GuardError where a project can't be found."""
    from guard import wiring
    from guard.config import load
    from guard.telemetry import logging

    logging.set_up(level="error")
    guard = wiring.build(path, environment, may_act=False)
    try:
        settings = load(against, environment).settings if against is not None else None
        result = guard.cycle.look(guard.clock.now(), settings)
        if guard.enrolled.problems:
            raise guard.enrolled.problems[0]  # half an answer would be read as a whole one
        assert result.plan is not None  # noqa: S101  # look() always plans
        return Look(plan=result.plan, verdicts=tuple(result.verdicts), unlisted=tuple(result.unlisted))
    finally:
        guard.close()
