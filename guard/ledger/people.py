"""People's words: pause and resume, keeps, approvals, acknowledgements. All of them are on the disk before they are confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from guard.core.plan import Acknowledgement, Approval, KeepOrder
from guard.ledger import tables
from guard.ledger.codec import keep_from
from guard.ledger.room import Room
from guard.ports.errors import NotFoundByName
from guard.ports.ledger import Paused


class People(Room):
    """What people said."""

    def pause(self, who: str, why: str, now: datetime) -> None:
        with self._database.write(firm=True) as writing:
            writing.connection.execute(tables.pauses.insert().values(who=who, why=why, at=now))

    def resume(self, who: str, why: str, now: datetime) -> None:
        with self._database.write(firm=True) as writing:
            writing.connection.execute(
                update(tables.pauses)
                .where(tables.pauses.c.resumed_at.is_(None))
                .values(resumed_by=who, resumed_why=why, resumed_at=now)
            )

    def paused(self) -> Paused | None:
        with self._database.read() as connection:
            return current_pause(connection)

    def add_keep(self, subject: str, who: str, why: str, now: datetime, until: datetime | None) -> KeepOrder:
        if until is not None and until <= now:
            raise ValueError(f"a keep until {until.isoformat()} would be over before it begins ({now.isoformat()})")
        keep = tables.keeps
        with self._database.write(firm=True) as writing:
            row = writing.connection.execute(
                keep.insert().values(subject=subject, who=who, why=why, made_at=now, until=until).returning(keep)
            ).one()
        return keep_from(row)

    def end_keeps(self, subject: str, who: str, now: datetime) -> int:
        keep = tables.keeps
        with self._database.write(firm=True) as writing:
            ended = writing.connection.execute(
                update(keep)
                .where(keep.c.subject == subject, keep.c.ended_at.is_(None), _not_over(now))
                .values(ended_at=now, ended_by=who)
            )
            return ended.rowcount

    def keeps(self, subject: str | None = None) -> Sequence[KeepOrder]:
        """See the port: all that were ever said, oldest first, those that ended too."""
        keep = tables.keeps
        query = select(keep).order_by(keep.c.id)
        if subject is not None:
            query = query.where(keep.c.subject == subject)
        with self._database.read() as connection:
            return [keep_from(row) for row in connection.execute(query)]

    def approve(self, approval: Approval) -> None:
        with self._database.write(firm=True) as writing:
            known = select(tables.acts.c.id).where(tables.acts.c.id == approval.act_id)
            if writing.connection.execute(known).first() is None:
                raise NotFoundByName(
                    f"The ledger has no act {approval.act_id}; nothing was approved.", hint="See `tuneguard plan`."
                )
            writing.connection.execute(
                tables.approvals.insert().values(
                    act_id=approval.act_id,
                    evidence_digest=approval.evidence_digest,
                    who=approval.who,
                    made_at=approval.made_at,
                    expires_at=approval.expires_at,
                    accept_loss=approval.accept_loss,
                )
            )

    def acknowledge(self, acknowledgement: Acknowledgement) -> None:
        with self._database.write(firm=True) as writing:
            writing.connection.execute(
                tables.acknowledgements.insert().values(
                    what=acknowledgement.what,
                    who=acknowledgement.who,
                    made_at=acknowledgement.made_at,
                    expires_at=acknowledgement.expires_at,
                )
            )


def current_pause(connection: Connection) -> Paused | None:
    """Return the latest pause that nobody has resumed."""
    pause = tables.pauses
    row = connection.execute(
        select(pause.c.who, pause.c.why, pause.c.at)
        .where(pause.c.resumed_at.is_(None))
        .order_by(pause.c.id.desc())
        .limit(1)
    ).first()
    return Paused(row.who, row.why, row.at) if row else None


def keeps_that_hold(connection: Connection, now: datetime) -> Sequence[KeepOrder]:
    """Return the keeps in force, oldest first."""
    keep = tables.keeps
    query = select(keep).where(and_(keep.c.ended_at.is_(None), _not_over(now))).order_by(keep.c.id)
    return [keep_from(row) for row in connection.execute(query)]


def covers(kept: str, name: str) -> bool:
    """True where a keep on one thing keeps the other: the same, something below it, or something above it that would take
    it along (`models/M` and `models/M@2`, an endpoint and its deployed models).
    """
    return kept == name or name.startswith((f"{kept}/", f"{kept}@")) or kept.startswith((f"{name}/", f"{name}@"))


def _not_over(now: datetime) -> ColumnElement[bool]:
    return or_(tables.keeps.c.until.is_(None), tables.keeps.c.until > now)
