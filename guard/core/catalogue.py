"""What a price catalogue said, compared with what is in force: new, changed, gone, or waiting for a person. Pure.

A price that moves by JUMP or more, or in another currency, moves nothing until a person has accepted it: a wrong figure
would change how long the guard waits before it removes things.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from guard.core.model import Machine, Provisioning
from guard.core.prices import Basis, Part, PriceBook, PriceRow
from guard.core.shapes import shape_of
from guard.core.units import Known

JUMP = Decimal(2)
"""A price that is this many times the one before it, or less than one such part of it, waits. List prices of machines moved by
a tenth at most in any public record we know (facts of 2026-11); an error in unit or tier moves them by a hundred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmapped:
    """A SKU of the prediction service that gives no price, and why."""

    sku: str
    description: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One complete reading of a catalogue. Each row's `valid_from` is the catalogue's own effective time."""

    rows: tuple[PriceRow, ...]
    unmapped: tuple[Unmapped, ...] = ()
    contract: str = ""  # about the billing account's own prices; empty: none was asked
    contract_failed: bool = False  # they could not be read: the rows are list prices


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A price as the ledger keeps it. `waiting`: it waits for a person and is not in force. `vanished_at`: since then the
    catalogue no longer names it; the last price stays in force.
    """

    row: PriceRow
    read_at: datetime
    waiting: bool = False
    vanished_at: datetime | None = None
    accepted_by: str | None = None
    id: int = 0

    @property
    def in_force(self) -> bool:
        return not self.waiting and self.row.valid_to is None


class ChangeKind(StrEnum):
    """What a reading changed."""

    NEW = "new"
    CHANGED = "changed"
    WAITING = "waiting"
    WITHDRAWN = "withdrawn"  # a price that waited is not the catalogue's any more
    VANISHED = "vanished"
    BACK = "back"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """One line of the report; `before` is None for a price that had none."""

    kind: ChangeKind
    row: PriceRow
    before: PriceRow | None = None

    def __str__(self) -> str:
        row, was = self.row, self.before
        what = f"{row.part.value} {row.item} in {row.region}"
        if row.provisioning is not Provisioning.ON_DEMAND:
            what += f" ({row.provisioning.value.replace('_', '-')})"
        now = f"{row.amount:f} {row.currency}/{row.unit}"
        match self.kind:
            case ChangeKind.NEW:
                return f"{what}: {now}"
            case ChangeKind.CHANGED | ChangeKind.WAITING:
                before = f"{was.amount:f} {was.currency}" if was else "unknown"
                return f"{what}: {before} -> {now}"
            case ChangeKind.WITHDRAWN:
                return f"{what}: {now} is not asked for any more"
            case ChangeKind.VANISHED:
                return f"{what}: not in the catalogue any more; {now} stays in force"
            case ChangeKind.BACK:
                return f"{what}: in the catalogue again at {now}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceUpdate:
    """What a reading does to the ledger, all of it or nothing."""

    added: tuple[Quote, ...] = ()
    ended: Mapping[int, datetime] = field(default_factory=dict)  # quote -> from when on another one is in force
    dropped: tuple[int, ...] = ()  # waiting quotes that are withdrawn
    vanished: tuple[int, ...] = ()
    back: tuple[int, ...] = ()
    changes: tuple[PriceChange, ...] = ()


Key = tuple[Part, str, str, Provisioning]


def key_of(row: PriceRow) -> Key:
    """What a row prices."""
    return (row.part, row.item, row.region, row.provisioning)


def compare(
    stored: Iterable[Quote], shipped: PriceBook, reading: Reading, last_read: datetime | None, now: datetime
) -> PriceUpdate:
    """Compare a reading with what is in force.

    Args:
        stored: The ledger's quotes, in force and waiting.
        shipped: The book that holds where the ledger has no price yet.
        reading: A complete reading.
        last_read: When the reading before was taken. A catalogue's effective time is believed between the two readings only:
            many rows carry the time of the question.
        now: When the reading was taken.
    """
    quotes = list(stored)
    in_force = {key_of(quote.row): quote for quote in quotes if quote.in_force}
    waiting = {key_of(quote.row): quote for quote in quotes if quote.waiting}
    added: list[Quote] = []
    ended: dict[int, datetime] = {}
    dropped: list[int] = []
    back: list[int] = []
    changes: list[PriceChange] = []
    for row in reading.rows:
        key = key_of(row)
        current, asked = in_force.get(key), waiting.get(key)
        if current is not None and current.vanished_at is not None:
            back.append(current.id)
            changes.append(PriceChange(kind=ChangeKind.BACK, row=row))
        if current is not None and _same(current.row, row):
            if asked is not None:
                dropped.append(asked.id)
                changes.append(PriceChange(kind=ChangeKind.WITHDRAWN, row=asked.row))
            continue
        if asked is not None and _same(asked.row, row):
            continue
        if asked is not None:
            dropped.append(asked.id)
        before = current.row if current is not None else _shipped(shipped, row, now)
        since = _since(row, last_read, now)
        if before is not None and _jumps(before, row):
            added.append(Quote(row=replace(row, valid_from=since), read_at=now, waiting=True))
            changes.append(PriceChange(kind=ChangeKind.WAITING, row=row, before=before))
            continue
        if current is not None:
            ended[current.id] = since
        # What has no price before it holds for the past as well: nothing better is known of it.
        added.append(Quote(row=replace(row, valid_from=since if current is not None else None), read_at=now))
        kind = ChangeKind.NEW if before is None or _same(before, row) else ChangeKind.CHANGED
        changes.append(PriceChange(kind=kind, row=row, before=before))
    there = {key_of(row) for row in reading.rows}
    gone = [quote for key, quote in in_force.items() if key not in there and quote.vanished_at is None]
    changes += [PriceChange(kind=ChangeKind.VANISHED, row=quote.row) for quote in gone]
    return PriceUpdate(
        added=tuple(added),
        ended=ended,
        dropped=tuple(dropped),
        vanished=tuple(quote.id for quote in gone),
        back=tuple(back),
        changes=tuple(changes),
    )


def keep_contracted(reading: Reading, quotes: Iterable[Quote]) -> Reading:
    """Where an account's own prices cannot be read, those that were read before stay: a failure is no change of price."""
    if not reading.contract_failed:
        return reading
    own = {key_of(one.row): one.row for one in quotes if one.in_force and one.row.basis is Basis.CONTRACTED}
    return replace(reading, rows=tuple(own.get(key_of(row), row) for row in reading.rows))


def layered(shipped: Iterable[PriceRow], quotes: Sequence[Quote], overrides: Iterable[PriceRow] = ()) -> PriceBook:
    """Make the book in force: a person's rows over the catalogue's over the shipped ones.

    A shipped row gives way where the catalogue prices the same thing, or every part of the same machine.
    """
    kept = [quote.row for quote in quotes if not quote.waiting]
    covered = {key_of(row) for row in kept}
    base = [row for row in shipped if key_of(row) not in covered and not _composed(row, covered)]
    return PriceBook([*base, *kept], overrides)


def matters(row: PriceRow, machines: Iterable[tuple[Machine, str]]) -> bool:
    """True where a row prices a part of one of these machines (each with its location)."""
    return any(
        location == row.region and machine.provisioning is row.provisioning and _is_part(row, machine)
        for machine, location in machines
    )


def _is_part(row: PriceRow, machine: Machine) -> bool:
    shape = shape_of(machine.machine_type)
    match row.part:
        case Part.MACHINE:
            return row.item == machine.machine_type
        case Part.ACCELERATOR:
            return row.item == (machine.accelerator_type or (shape.accelerator if shape else None))
        case Part.CORE | Part.RAM:
            return shape is not None and row.item == shape.family
        case _:
            return False


def _composed(row: PriceRow, covered: set[Key]) -> bool:
    """True where the catalogue has every part of a whole machine's row."""
    shape = shape_of(row.item) if row.part is Part.MACHINE else None
    if shape is None:
        return False
    parts = [(Part.CORE, shape.family), (Part.RAM, shape.family)]
    if shape.accelerator:
        parts.append((Part.ACCELERATOR, shape.accelerator))
    return all((part, item, row.region, row.provisioning) in covered for part, item in parts)


def _same(a: PriceRow, b: PriceRow) -> bool:
    return (a.amount, a.currency, a.unit) == (b.amount, b.currency, b.unit)


def _shipped(shipped: PriceBook, row: PriceRow, now: datetime) -> PriceRow | None:
    found = shipped.find(row.part, row.item, row.region, now, row.provisioning)
    return found.value if isinstance(found, Known) else None


def _jumps(before: PriceRow, row: PriceRow) -> bool:
    if before.currency != row.currency:
        return True
    return row.amount >= before.amount * JUMP or row.amount * JUMP <= before.amount


def _since(row: PriceRow, last_read: datetime | None, now: datetime) -> datetime:
    effective = row.valid_from
    believed = effective is not None and last_read is not None and last_read < effective <= now
    return effective if believed and effective is not None else now
