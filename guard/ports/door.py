"""What the page's door remembers: sessions, secrets that work once, tokens of machines, and who said what from where.

Secrets are kept as digests only (SHA-256 of 256 random bits), so that whoever reads the ledger cannot come in with what is there.
All instants are the machine's wall clock, aware UTC: a sandbox may step domain time, and a session must not end with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from guard.core.access import Identity, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who is signed in, until `ends_at` or until nothing was heard of them for the idle time."""

    digest: str
    identity: Identity
    made_at: datetime
    seen_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A machine's token: its own name, role and things; without its secret."""

    name: str
    digest: str
    role: Role
    owns: frozenset[str]
    made_by: str
    made_at: datetime
    expires_at: datetime | None
    used_at: datetime | None = None
    revoked_at: datetime | None = None
    revoked_by: str | None = None

    def works(self, now: datetime) -> bool:
        """True while it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One line of the audit. A word has two: `asked` before it is given, `done`, `refused` or `failed` after."""

    at: datetime
    request: str  # the same for the lines of one word
    who: str
    via: str
    what: str  # `keep`, `login`, `token.create`, ...
    subject: str
    why: str
    outcome: str
    detail: str = ""


class DoorBook(Protocol):
    """The door's part of the ledger. Raises LedgerBusy, LedgerUnusable."""

    def open_session(self, session: Session) -> None:
        """Store a session; those that are over are dropped on the way."""
        ...

    def session(self, digest: str) -> Session | None: ...
    def touch_session(self, digest: str, now: datetime) -> None: ...
    def end_session(self, digest: str) -> None: ...

    def put_secret(self, kind: str, digest: str, document: Mapping[str, Any], now: datetime, lasts: timedelta) -> None:
        """Remember what a secret stands for; it works once. Those that are over are dropped on the way."""
        ...

    def take_secret(self, kind: str, digest: str, now: datetime) -> Mapping[str, Any] | None:
        """What a secret stands for, and never again; None where it is unknown, used or over. Of two takers one wins."""
        ...

    def add_token(self, token: ApiToken) -> bool:
        """Store a token; False where one of its name was stored before, working or not."""
        ...

    def token(self, digest: str) -> ApiToken | None: ...
    def tokens(self) -> Sequence[ApiToken]:
        """All that were ever made, by name."""
        ...

    def touch_token(self, digest: str, now: datetime) -> None: ...
    def revoke_token(self, name: str, who: str, now: datetime) -> bool:
        """End a token; False where none of the name works."""
        ...

    def write_audit(self, entry: AuditEntry) -> None: ...
    def audit(self, limit: int, *, subject: str | None = None) -> Sequence[AuditEntry]:
        """The latest entries, of everything or of the words on one thing, newest first."""
        ...
