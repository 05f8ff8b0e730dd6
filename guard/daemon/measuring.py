"""How long redeploys take here: asked once for each endpoint, those about to be announced first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from guard.core.model import Kind
from guard.core.names import endpoint_of
from guard.core.verdict import Idle, Verdict
from guard.ports.errors import GuardError
from guard.ports.inventory import Inventory
from guard.telemetry import events, logging

AT_ONCE = 32
"""How many endpoints are asked for in one cycle where nothing hurries: one call each, side by side."""

log = logging.get()


class Redeploys:
    """Remembers what was measured, by canonical deployed model name."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._took: dict[str, timedelta] = {}
        self._asked: set[str] = set()

    @property
    def measured(self) -> Mapping[str, timedelta]:
        return self._took

    def measure(self, verdicts: Iterable[Verdict]) -> bool:
        """Ask for deployed models not asked for yet: all idle ones, and some of the others; True if something was learned.

        Then the caller judges again: a wait rests on the measured time from the first announcement on.
        """
        idle: list[str] = []
        others: list[str] = []
        for verdict in verdicts:
            subject = verdict.subject
            if subject.kind is Kind.DEPLOYED_MODEL and subject.billed and subject.name not in self._asked:
                (idle if isinstance(verdict, Idle) else others).append(subject.name)
        names = idle + others[: max(0, AT_ONCE - len(idle))]
        if not names:
            return False
        self._asked.update(names)
        with ThreadPoolExecutor(max_workers=min(AT_ONCE, len(names)), thread_name_prefix="redeploy") as pool:
            found = {
                name: took for name, took in zip(names, pool.map(self._ask, names), strict=True) if took is not None
            }
        self._took.update(found)
        return bool(found)

    def _ask(self, name: str) -> timedelta | None:
        try:
            return self._inventory.deploy_took(endpoint_of(name))
        except GuardError as error:
            log.info(events.SCOPE_FAILED, endpoint_id=name, detail=f"its deploys could not be read: {error}")
            return None
