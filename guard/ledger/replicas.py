"""Mean replicas hour by hour: a row for each thing and UTC day, what cost is integrated over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache

from sqlalchemy import Connection, select

from guard.ledger import money_tables, tables
from guard.ledger.room import batches
from guard.ledger.usage import HOURS, UsageRecord

_PLACES = Decimal("0.0001")


class ReplicaRecord(UsageRecord):
    """Hourly usage, and hourly replicas beside it (both number their subjects in one table)."""

    def save_replicas(self, means: Mapping[str, Mapping[int, float]]) -> None:
        """See the port."""
        given = {name: hours for name, hours in means.items() if hours}
        if not given:
            return
        table = money_tables.replica_days
        with self._database.write() as writing:
            ids = self._ids(writing, list(given))
            days: dict[tuple[int, int], dict[int, str]] = {}
            for name, hours in given.items():
                for hour, mean in hours.items():
                    days.setdefault((ids[name], hour // HOURS), {})[hour % HOURS] = _text(mean)
            stored = _stored(writing.connection, days)
            rows = []
            for (subject, day), news in days.items():
                before = stored.get((subject, day), [""] * HOURS)
                after = [news.get(hour, old) for hour, old in enumerate(before)]
                if after != before:
                    rows.append({"subject_id": subject, "day": day, "means": ",".join(after)})
            if rows:
                writing.connection.execute(self._upsert(table), rows)

    def replicas(self, *, from_hour: int, subjects: Sequence[str] | None = None) -> Mapping[str, Mapping[int, Decimal]]:
        """See the port."""
        days, names = money_tables.replica_days, tables.usage_subjects
        query = (
            select(names.c.name, days.c.day, days.c.means)
            .join(names, names.c.id == days.c.subject_id)
            .where(days.c.day >= from_hour // HOURS)
        )
        found: dict[str, dict[int, Decimal]] = {}
        with self._database.read() as connection:
            parts = [query] if subjects is None else [query.where(names.c.name.in_(some)) for some in batches(subjects)]
            for part in parts:
                for name, day, means in connection.execute(part):
                    hours = found.setdefault(name, {})
                    for offset, mean in enumerate(means.split(",")):
                        if mean and day * HOURS + offset >= from_hour:
                            hours[day * HOURS + offset] = _number(mean)
        return found


@lru_cache(maxsize=4096)
def _number(text: str) -> Decimal:
    """The same few counts come again and again: one object each, not one an hour (100 bytes times millions)."""
    return Decimal(text)


def _text(mean: float) -> str:
    return f"{Decimal(mean).quantize(_PLACES).normalize():f}"


def _stored(connection: Connection, days: Iterable[tuple[int, int]]) -> dict[tuple[int, int], list[str]]:
    table = money_tables.replica_days
    wanted = set(days)
    first, last = min(day for _, day in wanted), max(day for _, day in wanted)
    found: dict[tuple[int, int], list[str]] = {}
    for some in batches(sorted({subject for subject, _ in wanted})):
        query = select(table).where(table.c.subject_id.in_(some), table.c.day.between(first, last))
        for subject, day, means in connection.execute(query):
            if (subject, day) in wanted:
                found[subject, day] = means.split(",")
    return found
