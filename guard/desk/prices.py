"""What is paid an hour, where each price comes from, how old it is, what is missing, what waits for a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from guard.core.billed import Billed, Metered
from guard.core.catalogue import Quote, matters
from guard.core.own_prices import BookOf
from guard.core.prices import PriceRow
from guard.core.rates import price_of
from guard.core.units import Known
from guard.desk.accounts import Accounting
from guard.desk.plain import iso
from guard.ports.errors import NotFoundByName
from guard.ports.ledger import Ledger, PriceRead


def prices(ledger: Ledger, accounting: Accounting, now: datetime) -> dict[str, Any]:
    """The price of every machine that was seen with its rows; what has none; quotes that wait or vanished."""
    things = [thing for thing in ledger.billed() if thing.gone_at is None]
    book_of = accounting.books(ledger, accounting.settings(), now)
    here = {(thing.machine, thing.location) for thing in things if thing.on_machines}
    quotes = [quote for quote in ledger.quotes() if matters(quote.row, here)]
    latest = ledger.latest_cycle()
    return {
        "now": iso(now),
        "taken_at": iso(latest.taken_at) if latest else None,
        "machines": [_line(same, book_of, now) for same in _by_machine(things)],
        "waiting": [_quote(quote) for quote in quotes if quote.waiting],
        "vanished": [_quote(quote) for quote in quotes if quote.in_force and quote.vanished_at is not None],
        "catalogue": _catalogue(ledger.price_reads(50)),
    }


def accept_price(ledger: Ledger, number: int, who: str, now: datetime) -> dict[str, Any]:
    """Put a price that jumped in force, from its own time on, in every region of its SKU."""
    accepted = ledger.accept_price(number, who)
    if not accepted:
        raise NotFoundByName(f"No price waits under number {number}.", hint="`tuneguard prices` lists those that wait.")
    return {"now": iso(now), "accepted": [_quote(quote) for quote in accepted], "by": accepted[0].accepted_by}


def title_of(thing: Billed) -> str:
    """What is priced: the machine, the storage class, the model and which of its tokens."""
    what = str(thing.machine)
    if thing.on_machines:
        return what
    return f"{what} {'storage' if thing.kind is Metered.BUCKET else thing.kind.value.replace('_', ' ')}"


def _by_machine(things: Sequence[Billed]) -> list[list[Billed]]:
    """Things on the same machine in the same place, under the same prices."""
    groups: dict[tuple[str, str, str], list[Billed]] = {}
    for thing in things:
        groups.setdefault((title_of(thing), thing.location, thing.project_id), []).append(thing)
    return [groups[key] for key in sorted(groups)]


def _line(same: Sequence[Billed], book_of: BookOf, now: datetime) -> dict[str, Any]:
    first = same[0]
    price = price_of(first, book_of(first.project_id), now)
    about = {
        "machine": title_of(first),
        "location": first.location,
        "project": first.project_id,
        "things": sorted(thing.name for thing in same),
    }
    if not isinstance(price, Known):
        return {**about, "rate": None, "lower_bound": False, "rows": [], "missing": price.reason}
    found = price.value
    return {
        **about,
        "rate": {"amount": f"{found.rate.per_hour.amount.normalize():f}", "currency": found.rate.per_hour.currency},
        "lower_bound": found.is_lower_bound,
        "rows": [_row(row) for row in found.rows],
        "missing": found.note if found.is_lower_bound else "",
    }


def _row(row: PriceRow) -> dict[str, Any]:
    return {
        "part": row.part.value,
        "item": row.item,
        "region": row.region,
        "provisioning": row.provisioning.value,
        "amount": f"{row.amount.normalize():f}",
        "currency": row.currency,
        "unit": row.unit,
        "basis": row.basis.value,
        "confidence": row.confidence.value,
        "source": row.source,
        "as_of": row.as_of.isoformat(),
        "valid_from": iso(row.valid_from),
        "text": str(row),
    }


def _quote(quote: Quote) -> dict[str, Any]:
    return {
        "number": quote.id,
        **_row(quote.row),
        "read_at": iso(quote.read_at),
        "vanished_at": iso(quote.vanished_at),
    }


def _catalogue(reads: Sequence[PriceRead]) -> dict[str, Any]:
    good = next((read for read in reads if read.succeeded), None)
    return {
        "read_at": iso(good.at) if good else None,
        "report": dict(good.report) if good else None,
        "failing": reads[0].detail if reads and not reads[0].succeeded else None,
    }
