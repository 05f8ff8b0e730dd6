"""The page's door in the ledger: sessions, secrets that work once, tokens, the audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, select, update

from guard.core.access import Identity, Login, Role
from guard.ledger import door_tables as tables
from guard.ledger.room import Room
from guard.ports.door import ApiToken, AuditEntry, Session


class Door(Room):
    """See guard.ports.door."""

    def open_session(self, session: Session) -> None:
        who = session.identity
        with self._database.write(firm=True) as writing:
            writing.connection.execute(
                delete(tables.web_sessions).where(tables.web_sessions.c.ends_at <= session.made_at)
            )
            writing.connection.execute(
                tables.web_sessions.insert().values(
                    digest=session.digest,
                    identity={
                        "login": who.login.value,
                        "name": who.name,
                        "email": who.email,
                        "groups": sorted(who.groups),
                    },
                    made_at=session.made_at,
                    seen_at=session.seen_at,
                    ends_at=session.ends_at,
                )
            )

    def session(self, digest: str) -> Session | None:
        table = tables.web_sessions
        with self._database.read() as connection:
            row = connection.execute(select(table).where(table.c.digest == digest)).first()
        return _session(row) if row else None

    def touch_session(self, digest: str, now: datetime) -> None:
        table = tables.web_sessions
        with self._database.write() as writing:
            writing.connection.execute(update(table).where(table.c.digest == digest).values(seen_at=now))

    def end_session(self, digest: str) -> None:
        table = tables.web_sessions
        with self._database.write(firm=True) as writing:
            writing.connection.execute(delete(table).where(table.c.digest == digest))

    def put_secret(self, kind: str, digest: str, document: Mapping[str, Any], now: datetime, lasts: timedelta) -> None:
        table = tables.web_secrets
        with self._database.write(firm=True) as writing:
            writing.connection.execute(delete(table).where(table.c.expires_at <= now))
            writing.connection.execute(
                table.insert().values(digest=digest, kind=kind, document=dict(document), expires_at=now + lasts)
            )

    def take_secret(self, kind: str, digest: str, now: datetime) -> Mapping[str, Any] | None:
        """See the port. Writers take turns, so of two takers the second finds no row."""
        table = tables.web_secrets
        with self._database.write(firm=True) as writing:
            row = writing.connection.execute(
                delete(table).where(table.c.digest == digest, table.c.kind == kind).returning(table)
            ).first()
        return row.document if row is not None and now < row.expires_at else None

    def add_token(self, token: ApiToken) -> bool:
        table = tables.api_tokens
        statement = self._insert(table).on_conflict_do_nothing(index_elements=["name"])
        with self._database.write(firm=True) as writing:
            stored = writing.connection.execute(
                statement.values(
                    name=token.name,
                    digest=token.digest,
                    role=token.role.value,
                    owns=sorted(token.owns),
                    made_by=token.made_by,
                    made_at=token.made_at,
                    expires_at=token.expires_at,
                ).returning(table.c.name)
            )
            return stored.first() is not None

    def token(self, digest: str) -> ApiToken | None:
        table = tables.api_tokens
        with self._database.read() as connection:
            row = connection.execute(select(table).where(table.c.digest == digest)).first()
        return _token(row) if row else None

    def tokens(self) -> Sequence[ApiToken]:
        table = tables.api_tokens
        with self._database.read() as connection:
            return [_token(row) for row in connection.execute(select(table).order_by(table.c.name))]

    def touch_token(self, digest: str, now: datetime) -> None:
        table = tables.api_tokens
        with self._database.write() as writing:
            writing.connection.execute(update(table).where(table.c.digest == digest).values(used_at=now))

    def revoke_token(self, name: str, who: str, now: datetime) -> bool:
        table = tables.api_tokens
        with self._database.write(firm=True) as writing:
            ended = writing.connection.execute(
                update(table)
                .where(table.c.name == name, table.c.revoked_at.is_(None))
                .values(revoked_at=now, revoked_by=who)
            )
            return bool(ended.rowcount)

    def write_audit(self, entry: AuditEntry) -> None:
        with self._database.write(firm=True) as writing:
            writing.connection.execute(
                tables.audit.insert().values(**{name: getattr(entry, name) for name in AuditEntry.__slots__})
            )

    def audit(self, limit: int, *, subject: str | None = None) -> Sequence[AuditEntry]:
        """See the port."""
        table = tables.audit
        asked = select(table) if subject is None else select(table).where(table.c.subject == subject)
        with self._database.read() as connection:
            rows = connection.execute(asked.order_by(table.c.id.desc()).limit(limit))
            return [AuditEntry(**{name: getattr(row, name) for name in AuditEntry.__slots__}) for row in rows]


def _session(row: Row[Any]) -> Session:
    who = row.identity
    return Session(
        digest=row.digest,
        identity=Identity(
            login=Login(who["login"]), name=who["name"], email=who["email"], groups=frozenset(who["groups"])
        ),
        made_at=row.made_at,
        seen_at=row.seen_at,
        ends_at=row.ends_at,
    )


def _token(row: Row[Any]) -> ApiToken:
    return ApiToken(
        name=row.name,
        digest=row.digest,
        role=Role(row.role),
        owns=frozenset(row.owns),
        made_by=row.made_by,
        made_at=row.made_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        revoked_at=row.revoked_at,
        revoked_by=row.revoked_by,
    )
