"""How long redeploys take here, measured where it matters: asked once for each endpoint that is about to be announced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from guard.core.model import Kind
from guard.core.names import endpoint_of
from guard.core.verdict import Idle, Verdict
from guard.ports.errors import GuardError
from guard.ports.inventory import Inventory
from guard.telemetry import events, logging

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
        """Ask for each idle deployed model not asked for yet; True if something new was learned (then judge again)."""
        learned = False
        for verdict in verdicts:
            name = verdict.subject.name
            if not isinstance(verdict, Idle) or verdict.subject.kind is not Kind.DEPLOYED_MODEL or name in self._asked:
                continue
            self._asked.add(name)
            try:
                took = self._inventory.deploy_took(endpoint_of(name))
            except GuardError as error:
                log.info(events.SCOPE_FAILED, endpoint_id=name, detail=f"its deploys could not be read: {error}")
                continue
            if took is not None:
                self._took[name] = took
                learned = True
        return learned
