"""Cycles and verdicts: the latest of each thing, and a row for each change, so that "why" is answered without the cloud."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update

from guard.ledger import tables
from guard.ledger.codec import cycle_from
from guard.ledger.room import Room
from guard.ledger.types import Written, canonical
from guard.ports.ledger import CycleRecord

PLANS_KEPT = 24
"""How many of the latest cycles keep their whole plan. A plan of 1,000 things is about 1 MB; what was decided of each thing
stays in verdict_changes and acts.
"""


class Cycles(Room):
    """Cycles, verdicts, the configuration in force."""

    def save_cycle(self, record: CycleRecord) -> None:
        table = tables.cycles
        with self._database.write() as writing:
            # A cycle that is run again at the same instant replaces its record: replaying adds nothing.
            writing.connection.execute(delete(table).where(table.c.cycle_id == record.id))
            writing.connection.execute(
                table.insert().values(
                    cycle_id=record.id,
                    taken_at=record.taken_at,
                    mode=record.mode,
                    config_digest=record.config_digest,
                    term=record.term,
                    took_us=record.took // timedelta(microseconds=1),
                    summary=dict(record.summary),
                    plan=record.plan,
                )
            )
            oldest_whole = (
                select(table.c.id).order_by(table.c.id.desc()).limit(1).offset(PLANS_KEPT - 1).scalar_subquery()
            )
            # Only the few rows just below the line can still hold a plan, so this never walks the table.
            writing.connection.execute(
                update(table)
                .where(table.c.id < oldest_whole, table.c.id >= oldest_whole - PLANS_KEPT, table.c.plan.is_not(None))
                .values(plan=None)
            )

    def latest_cycle(self) -> CycleRecord | None:
        found = self.cycles(1)
        return found[0] if found else None

    def cycles(self, limit: int) -> Sequence[CycleRecord]:
        """See the port: newest first; only the latest PLANS_KEPT ones have their plan."""
        query = select(tables.cycles).order_by(tables.cycles.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [cycle_from(row) for row in connection.execute(query)]

    def save_verdicts(self, cycle_id: str, now: datetime, verdicts: Mapping[str, Mapping[str, Any]]) -> None:
        """See the port. A document's keys `decision` and `reason` say what counts as a change."""
        if not verdicts:
            return
        table = tables.verdicts
        fresh, changes = [], []
        with self._database.write() as writing:
            query = select(table.c.subject, table.c.verdict, table.c.reason, table.c.digest)
            stored = {row.subject: row for row in writing.connection.execute(query)}
            for subject, document in verdicts.items():
                text = canonical(document)
                digest = hashlib.sha256(text.encode()).hexdigest()
                there = stored.get(subject)
                if there is not None and there.digest == digest:
                    continue
                verdict, reason = str(document.get("decision", "")), str(document.get("reason", ""))
                said = {"subject": subject, "cycle_id": cycle_id, "at": now, "verdict": verdict, "reason": reason}
                written = Written(text)
                fresh.append(said | {"digest": digest, "document": written})
                if there is None or (there.verdict, there.reason) != (verdict, reason):
                    changes.append(said | {"document": written})
            if fresh:
                writing.connection.execute(self._upsert(table), fresh)
            if changes:
                writing.connection.execute(tables.verdict_changes.insert(), changes)

    def verdict(self, subject: str) -> Mapping[str, Any] | None:
        query = select(tables.verdicts.c.document).where(tables.verdicts.c.subject == subject)
        with self._database.read() as connection:
            found: Mapping[str, Any] | None = connection.execute(query).scalar()
            return found

    def verdicts(self) -> Mapping[str, Mapping[str, Any]]:
        query = select(tables.verdicts.c.subject, tables.verdicts.c.document)
        with self._database.read() as connection:
            return {row.subject: row.document for row in connection.execute(query)}

    def verdict_changes(self, subject: str, limit: int) -> Sequence[Mapping[str, Any]]:
        """See the port: newest first, each with `at`, `cycle_id`, `verdict`, `reason` and the whole `document`."""
        table = tables.verdict_changes
        query = (
            select(table.c.at, table.c.cycle_id, table.c.verdict, table.c.reason, table.c.document)
            .where(table.c.subject == subject)
            .order_by(table.c.id.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def config_seen(self, digest: str, now: datetime) -> bool:
        """See the port. The first configuration that a ledger sees is no change."""
        with self._database.read() as connection:
            if connection.execute(select(tables.ledger.c.config_digest)).scalar() == digest:
                return False
        with self._database.write() as writing:
            writing.connection.execute(update(tables.ledger).values(config_digest=digest, config_seen_at=now))
            return writing.config_digest not in {None, digest}
