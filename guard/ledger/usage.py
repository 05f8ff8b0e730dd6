"""Hourly usage: a row for each thing and UTC day, the hours as bits, so that a year of a thing is 365 short rows.

Saving merges with what is there by the core's own rule (usage.merge): nothing stored ever falls.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from guard.core.usage import NO_COUNTS, Usage, merge
from guard.ledger import tables
from guard.ledger.engine import Writing
from guard.ledger.room import Room, batches

HOURS = 24
DAY_MASK = (1 << HOURS) - 1
MASKS = ("covered", "live", "used", "answered", "quiet", "busy")


class UsageRecord(Room):
    """Hourly usage."""

    def save_usage(self, usage: Mapping[str, Usage], *, from_hour: int) -> None:
        if not usage:
            return
        with self._database.write() as writing:
            ids = self._ids(writing, list(usage))
            parts = {
                (ids[name], day): part for name, record in usage.items() for day, part in days_of(record, from_hour)
            }
            if not parts:
                return
            stored = _stored(writing.connection, parts)
            rows = []
            for key, part in parts.items():
                there = stored.get(key)
                joined = merge(there, part) if there is not None else part
                if joined != there:
                    rows.append(_row(*key, joined))
            if rows:
                writing.connection.execute(self._upsert(tables.usage_days), rows)

    def load_usage(self, *, from_hour: int, subjects: Sequence[str] | None = None) -> Mapping[str, Usage]:
        """See the port. A record's origin is `from_hour`, or the first hour of the first day stored if that is later."""
        days, names = tables.usage_days, tables.usage_subjects
        query = (
            select(names.c.name, *(days.c[column] for column in _COLUMNS))
            .join(names, names.c.id == days.c.subject_id)
            .where(days.c.day >= from_hour // HOURS)
            .order_by(days.c.subject_id, days.c.day)
        )
        with self._database.read() as connection:
            if subjects is None:
                return _gather(connection.execute(query), from_hour)
            found: dict[str, Usage] = {}
            for part in batches(subjects):
                found |= _gather(connection.execute(query.where(names.c.name.in_(part))), from_hour)
            return found

    def _ids(self, writing: Writing, names: Sequence[str]) -> dict[str, int]:
        table = tables.usage_subjects
        found: dict[str, int] = {}
        for attempt in ("look", "after adding"):
            missing = [name for name in names if name not in found]
            if missing and attempt == "after adding":
                statement = self._insert(table).on_conflict_do_nothing(index_elements=["name"])
                writing.connection.execute(statement, [{"name": name} for name in missing])
            for part in batches(missing):
                for row in writing.connection.execute(select(table.c.name, table.c.id).where(table.c.name.in_(part))):
                    found[row.name] = row.id
        return found


def days_of(usage: Usage, from_hour: int) -> Iterable[tuple[int, Usage]]:
    """Cut a record into days from `from_hour` on, each with its day's first hour as origin; days that say nothing are left out."""
    length = max(mask.bit_length() for mask in (usage.covered, usage.live, usage.used, usage.quiet, usage.busy))
    last = max(usage.origin + length - 1, usage.replicas_hour if usage.replicas_hour is not None else 0)
    for day in range(max(usage.origin, from_hour) // HOURS, last // HOURS + 1):
        start = day * HOURS
        first = max(start, from_hour)
        part = _cut(usage, start, first)
        if part.covered or part.live or part.used or part.quiet or part.busy or part.replicas_hour is not None:
            yield day, part


def _cut(usage: Usage, start: int, first: int) -> Usage:
    """Return the hours [first, start + 24) with origin `start`."""
    keep = DAY_MASK & ~((1 << (first - start)) - 1)
    shift = start - usage.origin

    def bits(mask: int) -> int:
        return (mask >> shift if shift >= 0 else mask << -shift) & keep

    used = bits(usage.used)
    hour = (
        usage.replicas_hour
        if usage.replicas_hour is not None and first <= usage.replicas_hour < start + HOURS
        else None
    )
    return Usage(
        origin=start,
        covered=bits(usage.covered),
        live=bits(usage.live),
        used=used,
        answered=bits(usage.answered),
        quiet=bits(usage.quiet),
        busy=bits(usage.busy),
        counts=_counts_within(usage, start, used) if used else NO_COUNTS,
        replicas=usage.replicas if hour is not None else None,
        replicas_hour=hour,
    )


def _counts_within(usage: Usage, start: int, used: int) -> dict[int, int]:
    hours = (start + offset for offset in range(HOURS) if used >> offset & 1)
    return {hour: usage.counts[hour] for hour in hours if hour in usage.counts}


def _row(subject_id: int, day: int, part: Usage) -> dict[str, Any]:
    start = day * HOURS
    return {
        "subject_id": subject_id,
        "day": day,
        **{mask: getattr(part, mask) for mask in MASKS},
        "counts": " ".join(f"{hour - start}:{count}" for hour, count in sorted(part.counts.items())) or None,
        "replicas_hour": part.replicas_hour - start if part.replicas_hour is not None else None,
        "replicas": part.replicas,
    }


def _stored(connection: Connection, parts: Mapping[tuple[int, int], Usage]) -> dict[tuple[int, int], Usage]:
    """Read the stored days that `parts` will change."""
    table = tables.usage_days
    first, last = min(day for _, day in parts), max(day for _, day in parts)
    subjects = sorted({subject for subject, _ in parts})
    found: dict[tuple[int, int], Usage] = {}
    for some in batches(subjects):
        query = select(*(table.c[name] for name in ("subject_id", *_COLUMNS))).where(
            table.c.subject_id.in_(some), table.c.day.between(first, last)
        )
        for subject_id, day, *values in connection.execute(query):
            if (subject_id, day) in parts:
                found[subject_id, day] = _part(day, *values)
    return found


_COLUMNS = ("day", *MASKS, "counts", "replicas_hour", "replicas")


def _part(
    day: int, covered: int, live: int, used: int, answered: int, quiet: int, busy: int, counts: str | None,
    replicas_hour: int | None, replicas: float | None,
) -> Usage:  # fmt: skip
    start = day * HOURS
    return Usage(
        origin=start,
        covered=covered,
        live=live,
        used=used,
        answered=answered,
        quiet=quiet,
        busy=busy,
        counts=_counts_from(counts, start) if counts else NO_COUNTS,
        replicas=replicas,
        replicas_hour=start + replicas_hour if replicas_hour is not None else None,
    )


def _counts_from(text: str, start: int) -> dict[int, int]:
    pairs = (pair.split(":") for pair in text.split(" "))
    return {start + int(hour): int(count) for hour, count in pairs}


def _gather(rows: Iterable[Row[Any]], from_hour: int) -> dict[str, Usage]:
    """Join rows, which come by subject and day, into one record for each subject."""
    found: dict[str, Usage] = {}
    name: str | None = None
    collected: list[tuple[Any, ...]] = []
    for row in rows:
        if row[0] != name:
            if name is not None:
                found[name] = _join(collected, from_hour)
            name, collected = row[0], []
        collected.append(tuple(row[1:]))
    if name is not None:
        found[name] = _join(collected, from_hour)
    return found


def _join(days: Sequence[tuple[Any, ...]], from_hour: int) -> Usage:
    """Join the days of one subject. Whole masks are built from bytes (a day is three), which is linear in the days."""
    first_day, last_day = days[0][0], days[-1][0]
    origin = max(first_day * HOURS, from_hour)
    shift = origin - first_day * HOURS
    masks = []
    for position in range(1, 1 + len(MASKS)):
        packed = bytearray((last_day - first_day + 1) * 3)
        for day in days:
            at = (day[0] - first_day) * 3
            packed[at : at + 3] = day[position].to_bytes(3, "little")
        masks.append(int.from_bytes(packed, "little") >> shift)
    counts: dict[int, int] = {}
    replicas: float | None = None
    replicas_hour: int | None = None
    for day, *_, text, hour, mean in days:
        if text:
            counts |= _counts_from(text, day * HOURS)
        if hour is not None and day * HOURS + hour >= origin:
            replicas, replicas_hour = mean, day * HOURS + hour
    if shift and counts:
        counts = {hour: count for hour, count in counts.items() if hour >= origin}
    covered, live, used, answered, quiet, busy = masks
    return Usage(
        origin=origin,
        covered=covered,
        live=live,
        used=used,
        answered=answered,
        quiet=quiet,
        busy=busy,
        counts=counts or NO_COUNTS,
        replicas=replicas,
        replicas_hour=replicas_hour,
    )
