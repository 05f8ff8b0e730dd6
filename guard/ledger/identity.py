"""Which ledger this is, who let it act, what it claims, and how it is known from a copy of itself."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import case, delete, select, update

from guard.ledger import tables
from guard.ledger.room import Room
from guard.ports.ledger import HighWater, LedgerInfo


class Identity(Room):
    """Identity, adoption, claims."""

    def info(self) -> LedgerInfo:
        with self._database.read() as connection:
            row = connection.execute(select(tables.ledger)).one()
            adopted = connection.execute(
                select(tables.adoptions).order_by(tables.adoptions.c.id.desc()).limit(1)
            ).first()
        return LedgerInfo(
            id=row.ledger_id,
            world=row.world,
            created_at=row.created_at,
            durable=self._durable,
            adopted_by=adopted.who if adopted else None,
            adopted_at=adopted.at if adopted else None,
            url=self._database.place.shown,
            incarnation=row.incarnation,
            last_write=row.last_write,
        )

    def adopt(self, who: str, why: str, now: datetime, *, above_term: int = 0) -> None:
        incarnation = secrets.token_hex(8)
        term = tables.lease.c.term
        with self._database.write(firm=True) as writing:
            writing.connection.execute(
                tables.adoptions.insert().values(who=who, why=why, at=now, incarnation=incarnation)
            )
            writing.connection.execute(update(tables.ledger).values(incarnation=incarnation))
            writing.connection.execute(
                update(tables.lease).values(term=case((term < above_term, above_term), else_=term))
            )

    def high_water(self) -> HighWater:
        with self._database.read() as connection:
            row = connection.execute(
                select(tables.ledger, tables.lease.c.term).join(tables.lease, tables.lease.c.one == tables.ledger.c.one)
            ).one()
        return HighWater(row.ledger_id, row.incarnation, row.term, row.last_write, row.events, row.head)

    def behind(self, claimed: HighWater) -> str | None:
        own = self.high_water()
        if claimed.ledger_id != own.ledger_id:
            return f"the claim is ledger {claimed.ledger_id}'s, this is {own.ledger_id}"
        if claimed.term > own.term:
            return f"the claim knows term {claimed.term}, this ledger only {own.term}: it was restored from a backup"
        if claimed.events > own.events:
            return f"the claim knows {claimed.events} act events, this ledger only {own.events}: it was restored from a backup"
        if claimed.events:
            events = tables.act_events
            with self._database.read() as connection:
                found = connection.execute(select(events.c.hash).where(events.c.seq == claimed.events)).scalar()
            if found != claimed.head:
                return f"act event {claimed.events} is another one than the claim knows: this is a copy that went its own way"
        if claimed.incarnation != own.incarnation and claimed.last_write >= own.last_write:
            return "the claim knows an adoption that this ledger does not: it is the copy that was left behind"
        return None

    def record_claim(self, project: str, generation: int | None, now: datetime) -> None:
        with self._database.write(firm=True) as writing:
            if generation is None:
                writing.connection.execute(delete(tables.claims).where(tables.claims.c.project == project))
            else:
                writing.connection.execute(
                    self._upsert(tables.claims), {"project": project, "generation": generation, "at": now}
                )

    def claims(self) -> Mapping[str, int]:
        with self._database.read() as connection:
            rows = connection.execute(select(tables.claims.c.project, tables.claims.c.generation))
            return {row.project: row.generation for row in rows}
