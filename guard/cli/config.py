"""`tuneguard config`: check guard.yaml offline, show what is in force, print its schema."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import timedelta
from enum import Enum
from typing import Any

from cyclopts import App

from guard.cli.common import COMMON, Common, emit_json, say
from guard.core.units import short

app = App(name="config", help="Check guard.yaml, show what is in force, print its schema.")


@app.command
def check(*, common: Common = COMMON) -> int:
    """Check guard.yaml offline: every problem with file, line and field; exit code 2 if there is one.

    `tuneguard doctor` checks it against the cloud.
    """
    from guard.config import load
    from guard.wiring import SANDBOX
    from guard.wiring.in_force import try_channels

    config = load(common.path)
    try_channels(config, loopback_only=bool(os.environ.get(SANDBOX)))
    settings = config.settings
    if common.as_json:
        emit_json({"valid": True, "digest": settings.digest, "warnings": list(config.warnings)})
        return 0
    what = settings.enrolment.projects or tuple(f"folder {folder}" for folder in settings.enrolment.folders)
    count = len(settings.default.policies)
    policies = "1 policy" if count == 1 else f"{count} policies"
    mode = settings.default.mode.value
    say(
        "{file} is valid: mode {mode}, {policies}, {what}.",
        file=common.path,
        mode=mode,
        policies=policies,
        what=", ".join(what),
    )
    for warning in config.warnings:
        say("Note: {warning}", warning=warning)
    return 0


@app.command
def show(*, common: Common = COMMON) -> None:
    """Show the configuration in force as JSON, secrets left out."""
    from guard.config import load

    config = load(common.path)
    document = _document(config.settings)
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


def _document(value: object) -> Any:
    """A value by its fields; a kind without fields (a wait of `never`) by its name."""
    if is_dataclass(value) and not isinstance(value, type):
        found = {field.name: _document(getattr(value, field.name)) for field in fields(value)}
        return found or type(value).__name__.lower()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): _document(inner) for key, inner in value.items()}
    if isinstance(value, frozenset):
        return sorted(map(_document, value))
    if isinstance(value, tuple | list):
        return [_document(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return short(value) if isinstance(value, timedelta) else str(value)
