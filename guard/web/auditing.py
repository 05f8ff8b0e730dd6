"""Writes the audit: who, when, what, about what, why, from where, and what came of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from guard.ports.door import AuditEntry, DoorBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Auditing:
    """`asked` stands in the ledger before a word is given, so that no word passes unrecorded where the ledger fails."""

    book: DoorBook
    now: Callable[[], datetime]

    def asked(self, *, who: str, via: str, what: str, subject: str = "", why: str = "", detail: str = "") -> AuditEntry:
        entry = AuditEntry(
            at=self.now(),
            request=secrets.token_hex(8),
            who=who,
            via=via,
            what=what,
            subject=subject,
            why=why,
            outcome="asked",
            detail=detail,
        )
        self.book.write_audit(entry)
        return entry

    def came_of_it(self, entry: AuditEntry, outcome: str, detail: str = "") -> None:
        self.book.write_audit(replace(entry, at=self.now(), outcome=outcome, detail=detail))

    def happened(self, *, who: str, via: str, what: str, detail: str = "") -> None:
        """One line for what is no word: a login, a logout, a token made or revoked."""
        entry = AuditEntry(
            at=self.now(),
            request=secrets.token_hex(8),
            who=who,
            via=via,
            what=what,
            subject="",
            why="",
            outcome="done",
            detail=detail,
        )
        self.book.write_audit(entry)
