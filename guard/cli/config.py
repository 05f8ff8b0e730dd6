"""`tuneguard config`: check guard.yaml offline, show what is in force, print its schema."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

from cyclopts import App

from guard.cli.common import COMMON, Common, emit_json, say

app = App(name="config", help="Check guard.yaml, show what is in force, print its schema.")


@app.command
def check(*, common: Common = COMMON) -> int:
    """Check guard.yaml offline: every problem with file, line and field; exit code 2 if there is one.

    `tuneguard doctor` checks it against the cloud.
    """
    from guard.config import load

    config = load(common.path)
    settings = config.settings
    if common.as_json:
        emit_json({"valid": True, "digest": settings.digest, "warnings": list(config.warnings)})
        return 0
    what = settings.enrolment.projects or tuple(f"folder {folder}" for folder in settings.enrolment.folders)
    say(
        f"{common.path} is valid: mode {settings.default.mode.value}, {len(settings.default.policies)} policies, {', '.join(what)}."
    )
    for warning in config.warnings:
        say(f"Note: {warning}")
    return 0


@app.command
def show(*, common: Common = COMMON) -> None:
    """Show the configuration in force as JSON, secrets left out."""
    from guard.config import load

    config = load(common.path)
    document = json.loads(json.dumps(asdict(config.settings), default=_plain))
    emit_json(
        {
            "file": str(common.path),
            "ledger": _masked(config.ledger),
            "notify": sorted(config.notify),
            "settings": document,
        }
    )


@app.command
def schema() -> None:
    """Print the JSON Schema of guard.yaml, for your editor."""
    from guard.config import json_schema

    sys.stdout.write(json.dumps(json_schema(), indent=2) + "\n")


def _masked(url: str) -> str:
    from guard.telemetry.logging import mask

    return mask(url)


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else str(value)
