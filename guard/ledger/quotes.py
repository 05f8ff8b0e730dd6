"""Prices from a catalogue, what readings changed, and what bills by the hour with its replicas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, and_, delete, func, select, update

from guard.core.billed import Billed, Metered, machine_document, machine_from
from guard.core.catalogue import PriceUpdate, Quote
from guard.core.model import Kind, Provisioning
from guard.core.prices import Basis, Confidence, Part, PriceRow
from guard.ledger import money_tables
from guard.ledger.room import Room
from guard.ports.ledger import PriceRead


class Quotes(Room):
    """Prices in force, waiting, and past."""

    def quotes(self) -> Sequence[Quote]:
        table = money_tables.prices
        with self._database.read() as connection:
            return [_quote(row) for row in connection.execute(select(table).order_by(table.c.id))]

    def quotes_stamp(self) -> str:
        """See the port."""
        table = money_tables.prices
        query = select(
            func.count(), func.max(table.c.id), func.count(table.c.accepted_by), func.count(table.c.valid_to)
        )
        with self._database.read() as connection:
            return "/".join(str(part) for part in connection.execute(query).one())

    def save_price_update(self, update_: PriceUpdate, read: PriceRead) -> None:
        """See the port."""
        table = money_tables.prices
        with self._database.write() as writing:
            run = writing.connection.execute
            for quote, at in update_.ended.items():
                run(update(table).where(table.c.id == quote).values(valid_to=at))
            if update_.dropped:
                run(delete(table).where(table.c.id.in_(update_.dropped)))
            for ids, value in ((update_.vanished, read.at), (update_.back, None)):
                if ids:
                    run(update(table).where(table.c.id.in_(ids)).values(vanished_at=value))
            if update_.added:
                run(self._insert(table), [_columns(quote) for quote in update_.added])
            run(self._insert(money_tables.price_reads), [_read_row(read)])

    def save_price_read(self, read: PriceRead) -> None:
        """See the port."""
        with self._database.write() as writing:
            writing.connection.execute(self._insert(money_tables.price_reads), [_read_row(read)])

    def price_reads(self, limit: int) -> Sequence[PriceRead]:
        """See the port: newest first."""
        table = money_tables.price_reads
        with self._database.read() as connection:
            rows = connection.execute(select(table).order_by(table.c.id.desc()).limit(limit))
            return [PriceRead(at=row.at, succeeded=row.succeeded, detail=row.detail, report=row.report) for row in rows]

    def accept_price(self, quote_id: int, who: str) -> Sequence[Quote]:
        """See the port."""
        table = money_tables.prices
        waits = table.c.waiting.in_((True,))
        with self._database.write(firm=True) as writing:
            run = writing.connection.execute
            source = select(table.c.source).where(table.c.id == quote_id, waits).scalar_subquery()
            rows = run(select(table).where(table.c.source == source, waits)).all()
            for row in rows:
                key = and_(
                    *(table.c[name] == getattr(row, name) for name in ("part", "item", "region", "provisioning"))
                )
                in_force = and_(table.c.valid_to.is_(None), table.c.waiting.in_((False,)))
                run(update(table).where(key, in_force).values(valid_to=row.valid_from))
                run(update(table).where(table.c.id == row.id).values(waiting=False, accepted_by=who))
            return [replace(_quote(row), waiting=False, accepted_by=who) for row in rows]


class BilledThings(Room):
    """What bills by the hour."""

    def save_billed(self, things: Sequence[Billed]) -> None:
        if not things:
            return
        table = money_tables.billed_things
        statement = self._upsert(table, keep=("seen_at",))
        with self._database.write() as writing:
            writing.connection.execute(statement, [_billed_row(thing) for thing in things])

    def billed(self) -> Sequence[Billed]:
        with self._database.read() as connection:
            return [billed_from(row) for row in connection.execute(select(money_tables.billed_things))]


def _columns(quote: Quote) -> dict[str, Any]:
    row = quote.row
    return {
        "part": row.part.value,
        "item": row.item,
        "region": row.region,
        "provisioning": row.provisioning.value,
        "amount": f"{row.amount:f}",
        "currency": row.currency,
        "unit": row.unit,
        "basis": row.basis.value,
        "confidence": row.confidence.value,
        "source": row.source,
        "as_of": row.as_of.isoformat(),
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        "read_at": quote.read_at,
        "waiting": quote.waiting,
        "vanished_at": quote.vanished_at,
        "accepted_by": quote.accepted_by,
    }


def _quote(row: Row[Any]) -> Quote:
    return Quote(
        id=row.id,
        row=PriceRow(
            part=Part(row.part),
            item=row.item,
            region=row.region,
            provisioning=Provisioning(row.provisioning),
            amount=Decimal(row.amount),
            currency=row.currency,
            unit=row.unit,
            basis=Basis(row.basis),
            confidence=Confidence(row.confidence),
            source=row.source,
            as_of=date.fromisoformat(row.as_of),
            valid_from=row.valid_from,
            valid_to=row.valid_to,
        ),
        read_at=row.read_at,
        waiting=row.waiting,
        vanished_at=row.vanished_at,
        accepted_by=row.accepted_by,
    )


def _read_row(read: PriceRead) -> dict[str, Any]:
    return {"at": read.at, "succeeded": read.succeeded, "detail": read.detail, "report": dict(read.report)}


def _billed_row(thing: Billed) -> dict[str, Any]:
    return {
        "name": thing.name,
        "kind": thing.kind.value,
        "project_id": thing.project_id,
        "location": thing.location,
        "display_name": thing.display_name,
        "machine": machine_document(thing.machine),
        "labels": dict(thing.labels),
        "owner": thing.owner,
        "policy": thing.policy,
        "created_at": thing.created_at,
        "seen_at": thing.seen_at,
        "gone_at": thing.gone_at,
    }


def billed_from(row: Row[Any]) -> Billed:
    """Return the thing that a row remembers."""
    plain: Mapping[str, Any] = {
        name: getattr(row, name)
        for name in (
            "name", "project_id", "location", "display_name", "labels", "owner", "policy", "created_at", "seen_at", "gone_at",
        )
    }  # fmt: skip
    kind = Metered(row.kind) if row.kind in set(Metered) else Kind(row.kind)
    return Billed(kind=kind, machine=machine_from(row.machine), **plain)
