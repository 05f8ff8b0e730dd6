"""What the scripts ask of the guard: to keep what is being deployed until a time, and the calls that remove things."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.clients import VertexError, VertexRest
from finetune.deploying import is_gone, wait
from finetune.errors import ProviderError

if TYPE_CHECKING:
    from guard.ports.mutations import Mutations

KEEP_LABEL = "tuneguard-keep-until"
CONFIG = Path("guard.yaml")
PATIENCE_S = 60.0  # right after an undeploy a delete can be refused for a while: python-aiplatform issue 2807


def has_ledger(config: Path) -> bool:
    """Whether a guard works here: a guard.yaml, or a ledger in the environment."""
    return config.exists() or bool(os.environ.get("TUNEGUARD_LEDGER"))


def keep_labels(until: datetime) -> dict[str, str]:
    """Without a guard's ledger at hand: the label by which any guard keeps the endpoint, that day included, in UTC.

    It is written with the endpoint itself, so there is no moment in which the endpoint stands without it.
    """
    return {KEEP_LABEL: f"{until.astimezone(UTC):%Y-%m-%d}"}


def register_keep(config: Path, subject: str, *, who: str, why: str, until: datetime) -> None:
    """Keep an endpoint in the guard's ledger, to the minute; called before anything is deployed to it.

    Raises:
        ProviderError: The ledger cannot be used; then nothing was deployed.
    """
    from guard.wiring import by_hand

    try:
        by_hand.keep(config, subject=subject, who=who, why=why, until=until)
    except by_hand.GuardError as error:
        raise ProviderError(f"The guard's ledger cannot be used, so nothing was deployed: {error}") from error


class Changes:
    """Removals through the guard's gateway of changing calls, each waited for; what is gone already is done.

    The gateway's client takes seconds to import, so it is made at the first removal.
    """

    def __init__(self, rest: VertexRest, poll: float) -> None:
        self._rest = rest
        self._poll = poll
        self._made: Mutations | None = None

    def undeploy(self, endpoint: str, deployed_id: str, split: dict[str, int]) -> None:
        """Take one deployed model off; `split` is the traffic of those that stay."""
        self._do(endpoint, lambda calls: calls.undeploy(endpoint, deployed_id, traffic_split=split or None))

    def delete_endpoint(self, name: str) -> None:
        """Delete an empty endpoint."""
        self._do(name, lambda calls: calls.delete_endpoint(name))

    def delete_model(self, name: str) -> None:
        """Delete a model with all its versions."""
        self._do(name, lambda calls: calls.delete_model(name))

    def _do(self, name: str, call: Callable[[Mutations], Any]) -> None:
        """Call, wait for the operation; a refusal is tried again for a while if the thing is still there."""
        from guard.wiring import by_hand

        self._made = self._made or by_hand.mutations()
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                begun = call(self._made)
            except by_hand.GuardError as error:
                if not self._is_there(name):
                    return
                if time.monotonic() > deadline:
                    raise ProviderError(f"{name} was not removed: {error}") from error
                time.sleep(self._poll)
            else:
                if begun.operation:
                    wait(self._rest, {"name": begun.operation}, self._poll, lambda _text: None)
                return

    def _is_there(self, name: str) -> bool:
        try:
            self._rest.call("GET", name)
        except VertexError as error:
            if is_gone(error):
                return False
            raise
        return True
