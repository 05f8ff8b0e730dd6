"""What the ledger remembers and a look did not show: gone, or in a scope that could not be listed (then unknown, and kept)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from guard.core.documents import unlisted_document
from guard.core.memory import gone, unlisted
from guard.core.model import Snapshot
from guard.core.plan import LedgerView
from guard.core.verdict import Verdict
from guard.ports.ledger import Ledger

GONE = "gone"


class Absent:
    """Makes the documents of what was not seen; what is gone is written once."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._told_gone: set[str] = set()

    def gone(self, snapshot: Snapshot, verdicts: Iterable[Verdict], view: LedgerView) -> dict[str, dict[str, Any]]:
        """The last documents of things that are not there any more, marked as gone."""
        names = [name for name in gone(view.seen, snapshot, verdicts) if name not in self._told_gone]
        self._told_gone.update(names)
        return {name: {**last, "decision": GONE} for name in names if (last := self._last(name)) is not None}

    def unlisted(self, snapshot: Snapshot, verdicts: Iterable[Verdict], view: LedgerView) -> dict[str, dict[str, Any]]:
        """The documents of things whose project and location could not be listed: the last ones, but unknown."""
        problems = unlisted(view.seen, snapshot, verdicts)
        return {
            name: unlisted_document(last, problem)
            for name, problem in problems.items()
            if (last := self._last(name)) is not None
        }

    def _last(self, name: str) -> dict[str, Any] | None:
        last = self._ledger.verdict(name)
        return None if last is None or last.get("decision") == GONE else dict(last)
