"""Hourly usage: a row for each thing and UTC day, the hours as bits, so that a year of a thing is 365 short rows.

Saving merges with what is there by the core's own rule (usage.merge): nothing stored ever falls.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Row, select

from guard.core.counts import NO_COUNTS
from guard.core.usage import Usage, merge
from guard.ledger import tables
from guard.ledger.engine import Writing
from guard.ledger.room import Room, batches

HOURS = 24
DAY_MASK = (1 << HOURS) - 1
NO_REQUESTS = ",".join(["0"] * HOURS)
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
            select(*(days.c[column] for column in ("subject_id", *_COLUMNS)))
            .where(days.c.day >= from_hour // HOURS)
            .order_by(days.c.subject_id, days.c.day)
        )
        with self._database.read() as connection:
            if subjects is None:
                called = {row.id: row.name for row in connection.execute(select(names))}
                return _gather(connection.execute(query).all(), called, from_hour)
            found: dict[str, Usage] = {}
            for part in batches(subjects):
                called = {row.id: row.name for row in connection.execute(select(names).where(names.c.name.in_(part)))}
                wanted = query.where(days.c.subject_id.in_(called))
                found |= _gather(connection.execute(wanted).all(), called, from_hour)
            return found

    def _ids(self, writing: Writing, names: Sequence[str]) -> dict[str, int]:
        """Return the numbers of names, giving new ones to those that have none yet."""
        table = tables.usage_subjects
        found = self._numbers(writing.connection, names)
        missing = [{"name": name} for name in names if name not in found]
        if missing:
            writing.connection.execute(self._insert(table), missing)
            found |= self._numbers(writing.connection, [row["name"] for row in missing])
        return found

    @staticmethod
    def _numbers(connection: Connection, names: Sequence[str]) -> dict[str, int]:
        table = tables.usage_subjects
        found: dict[str, int] = {}
        for part in batches(names):
            query = select(table.c.name, table.c.id).where(table.c.name.in_(part))
            found |= {row.name: row.id for row in connection.execute(query)}
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
        "counts": ",".join(str(part.counts.get(start + offset, 0)) for offset in range(HOURS)) if part.counts else None,
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
    return {start + offset: int(count) for offset, count in enumerate(text.split(",")) if count != "0"}


def _gather(rows: Sequence[Row[Any]], called: Mapping[int, str], from_hour: int) -> dict[str, Usage]:
    """Join rows, which come by subject and day, into one record for each subject."""
    return {
        called[subject_id]: _join(list(zip(*days, strict=True)), from_hour)
        for subject_id, days in groupby(rows, key=itemgetter(0))
    }


def _join(columns: Sequence[tuple[Any, ...]], from_hour: int) -> Usage:
    """Join the days of one subject, given column by column. Whole masks are built from bytes (a day is three), and counts from
    one list, so that 42 days of 1,000 things are read in a fraction of a second.
    """
    _, days, *masks, counts, hours, means = columns
    start = days[0] * HOURS
    origin = max(start, from_hour)
    whole = {name: _mask(days, parts) >> (origin - start) for name, parts in zip(MASKS, masks, strict=True)}
    replicas, replicas_hour = None, None
    for day, hour, mean in zip(days, hours, means, strict=True):
        if hour is not None and day * HOURS + hour >= origin:
            replicas, replicas_hour = mean, day * HOURS + hour
    return Usage(
        origin=origin,
        **whole,
        counts=_all_counts(days, counts, origin) if any(counts) else NO_COUNTS,
        replicas=replicas,
        replicas_hour=replicas_hour,
    )


def _mask(days: tuple[int, ...], parts: tuple[int, ...]) -> int:
    packed = [part.to_bytes(3, "little") for part in parts]
    first = days[0]
    if days[-1] - first + 1 == len(days):
        return int.from_bytes(b"".join(packed), "little")
    whole = bytearray(3 * (days[-1] - first + 1))
    for day, part in zip(days, packed, strict=True):
        whole[3 * (day - first) : 3 * (day - first) + 3] = part
    return int.from_bytes(whole, "little")


def _all_counts(days: tuple[int, ...], texts: tuple[str | None, ...], origin: int) -> dict[int, int]:
    by_day = dict(zip(days, texts, strict=True))
    first = next(day for day, text in by_day.items() if text)
    every = ",".join(by_day.get(day) or NO_REQUESTS for day in range(first, days[-1] + 1))
    counts = json.loads(f"[{every}]")
    return {hour: count for hour, count in enumerate(counts, first * HOURS) if count and hour >= origin}
