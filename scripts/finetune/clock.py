"""The time that the scripts work by: the machine's, or the sandbox's own when TUNEGUARD_SANDBOX is set."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from finetune.clients import sandbox
from finetune.errors import ProviderError


def now() -> datetime:
    """Aware UTC. The scripts are the outermost shell; the library below takes instants as arguments.

    Raises:
        ProviderError: No sandbox answers at the address given.
    """
    base = sandbox()
    if base:
        import httpx

        try:
            state = httpx.get(f"{base}/sandbox/clock", timeout=10)
            state.raise_for_status()
        except httpx.HTTPError as error:
            raise ProviderError(
                f"TUNEGUARD_SANDBOX: no sandbox answers at {base} ({type(error).__name__}). "
                "Start one: tuneguard sandbox --scenario FILE."
            ) from error
        return datetime.fromisoformat(state.json()["now"]).astimezone(UTC)
    return datetime.fromtimestamp(time.time(), tz=UTC)
