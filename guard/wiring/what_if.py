"""Puts a question of what-if together: a look now under another guard.yaml, and the ledger's costs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from guard.wiring import clock_of_environment, open_existing_ledger
from guard.wiring.looking import look_now
from guard.wiring.money import accounting, settings_of


def what_if_of(path: Path, against: Path, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """What the month ends at under `against`. Looks now, changes nothing. Raises GuardError."""
    from guard.desk.what_if import what_if

    other = settings_of(against, environment)
    ledger = open_existing_ledger(path, environment)
    try:
        look = look_now(path, environment, against)
        return what_if(ledger, accounting(path, environment), other, look, clock_of_environment(environment).now())
    finally:
        ledger.close()
