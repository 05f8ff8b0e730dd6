"""What was seen: resources, how far usage has been read, who made what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

from guard.core.plan import Seen
from guard.ledger import tables
from guard.ledger.codec import SEEN_FIELDS, seen_from, seen_row
from guard.ledger.room import Room, batches


class Sightings(Room):
    """Resources seen."""

    def save_seen(self, seen: Sequence[Seen]) -> None:
        if not seen:
            return
        table = tables.resources
        statement = self._insert(table)
        changed = {name: statement.excluded[name] for name in SEEN_FIELDS if name != "name"}
        # Once any sign of an IaC tool was seen it stays, whatever later looks say.
        changed["iac_marked"] = table.c.iac_marked.op("OR")(statement.excluded.iac_marked)
        statement = statement.on_conflict_do_update(index_elements=["name"], set_=changed)
        with self._database.write() as writing:
            writing.connection.execute(statement, [seen_row(one) for one in seen])

    def seen(self) -> Mapping[str, Seen]:
        with self._database.read() as connection:
            return all_seen(connection)

    def usage_covered_until(self) -> Mapping[str, datetime]:
        with self._database.read() as connection:
            return {row.project: row.covered_until for row in connection.execute(select(tables.usage_reads))}

    def set_usage_covered_until(self, until: Mapping[str, datetime]) -> None:
        if until:
            rows = [{"project": project, "covered_until": at} for project, at in until.items()]
            with self._database.write() as writing:
                writing.connection.execute(self._upsert(tables.usage_reads), rows)

    def save_creators(self, creators: Mapping[str, str]) -> None:
        if creators:
            rows = [{"name": name, "creator": creator} for name, creator in creators.items()]
            with self._database.write() as writing:
                writing.connection.execute(self._upsert(tables.creators), rows)

    def creators(self) -> Mapping[str, str]:
        with self._database.read() as connection:
            return {row.name: row.creator for row in connection.execute(select(tables.creators))}

    def save_learning(self, rows: Mapping[str, Mapping[str, Any]]) -> None:
        values = [{"name": name, "document": dict(document)} for name, document in rows.items()]
        with self._database.write() as writing:
            kept = writing.connection.execute(select(tables.learning.c.name)).scalars().all()
            gone = [{"gone": name} for name in kept if name not in rows]
            if gone:
                forget = delete(tables.learning).where(tables.learning.c.name == bindparam("gone"))
                writing.connection.execute(forget, gone)
            for part in batches(values):
                writing.connection.execute(self._upsert(tables.learning), part)

    def learning(self) -> Mapping[str, Mapping[str, Any]]:
        with self._database.read() as connection:
            return {row.name: row.document for row in connection.execute(select(tables.learning))}


def all_seen(connection: Connection) -> dict[str, Seen]:
    """Return everything that is remembered of things, by name."""
    return {row.name: seen_from(row) for row in connection.execute(select(tables.resources))}
