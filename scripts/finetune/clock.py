"""The time that the scripts work by: the machine's, or the sandbox's own when TUNEGUARD_SANDBOX is set."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime


def now() -> datetime:
    """Aware UTC. The scripts are the outermost shell; the library below takes instants as arguments."""
    base = os.environ.get("TUNEGUARD_SANDBOX")
    if base:
        import httpx

        state = httpx.get(f"{base.rstrip('/')}/sandbox/clock", timeout=10)
        state.raise_for_status()
        return datetime.fromisoformat(state.json()["now"]).astimezone(UTC)
    return datetime.fromtimestamp(time.time(), tz=UTC)
