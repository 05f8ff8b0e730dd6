"""One leader: a lease row with a fencing term. Its times are the database's clock, which all who share a ledger see alike."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from guard.ledger import tables
from guard.ledger.engine import machine_ms
from guard.ledger.room import Room
from guard.ports.ledger import Held, Lease

MILLISECOND = timedelta(milliseconds=1)


class Leader(Room):
    """The lease."""

    def acquire_lease(self, holder: str, ttl: timedelta) -> Lease | None:
        row = tables.lease
        with self._database.read() as connection:
            if connection.execute(select(row.c.expires_ms)).scalar_one() > machine_ms(connection):
                return None
        with self._database.write(firm=True) as writing:
            now = machine_ms(writing.connection)
            term = writing.connection.execute(
                update(row)
                .where(row.c.expires_ms <= now)
                .values(holder=holder, term=row.c.term + 1, expires_ms=now + ttl // MILLISECOND)
                .returning(row.c.term)
            ).scalar()
        return None if term is None else Lease(holder, term, ttl)

    def renew_lease(self, lease: Lease, ttl: timedelta) -> Lease | None:
        row = tables.lease
        with self._database.write() as writing:
            now = machine_ms(writing.connection)
            renewed = writing.connection.execute(
                update(row)
                .where(row.c.holder == lease.holder, row.c.term == lease.term, row.c.expires_ms > now)
                .values(expires_ms=now + ttl // MILLISECOND)
                .returning(row.c.term)
            ).scalar()
        return None if renewed is None else Lease(lease.holder, lease.term, ttl)

    def release_lease(self, lease: Lease) -> None:
        row = tables.lease
        with self._database.write() as writing:
            now = machine_ms(writing.connection)
            writing.connection.execute(
                update(row)
                .where(row.c.holder == lease.holder, row.c.term == lease.term, row.c.expires_ms > now)
                .values(expires_ms=now)
            )

    def leader(self) -> Held | None:
        row = tables.lease
        with self._database.read() as connection:
            holder, expires = connection.execute(select(row.c.holder, row.c.expires_ms)).one()
            left = expires - machine_ms(connection)
        return Held(holder, left * MILLISECOND) if left > 0 else None

    def current_term(self) -> int:
        with self._database.read() as connection:
            return int(connection.execute(select(tables.lease.c.term)).scalar_one())

    def last_holder_expired_for(self) -> timedelta | None:
        """See the port. A ledger that nobody ever led counts from 1970: nobody can have a call in flight."""
        with self._database.read() as connection:
            expires = connection.execute(select(tables.lease.c.expires_ms)).scalar_one()
            now = machine_ms(connection)
        return None if expires > now else (now - expires) * MILLISECOND
